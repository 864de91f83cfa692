// Winograd's convolutions, three rungs of all three ladders: against float64 loops and their central differences, its rounding
// error against the bound that docs/kernels.md states, maps that take several parts, and what is no number.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Shape, sizeOf } from "../../src/engine/core/shape.ts";
import { conv2d } from "../../src/engine/ops/conv2d/conv2d.ts";
import { type Conv2dAttrs, convGeometry } from "../../src/engine/ops/conv2d/problem.ts";
import {
  fitsWinograd,
  MAPS_OF_2,
  TILES_OF_2,
  TILES_OF_4,
} from "../../src/engine/ops/conv2d/winograd-tiles.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { exactChoices } from "../../src/engine/ops/ladders.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { assertClose, f32 } from "../support/close.ts";
import { convReference } from "../support/conv-reference.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("winograd");

const rungsOf = (rung: string) => ({
  "conv2d.forward": rung,
  "conv2d.dx": rung,
  "conv2d.dw": rung,
});
const WINOGRADS = ["winograd", "winograd4", "toeplitz"] as const;
type Winograd = (typeof WINOGRADS)[number];
const NAIVE = rungsOf("naive");

interface Case {
  readonly x: readonly [number, number, number, number];
  readonly o: number;
  readonly padding: Conv2dAttrs["padding"];
  readonly activation?: Conv2dAttrs["activation"];
}

const attrsOf = ({ padding, activation = "linear" }: Case): Conv2dAttrs => ({
  strides: [1, 1],
  padding,
  activation,
});

/** Maps of odd and of even extents, of one pixel, of one more than a tile, all kinds of padding, channels unlike filters. */
const CASES: readonly Case[] = [
  { x: [2, 5, 7, 4], o: 8, padding: "valid", activation: "relu" },
  { x: [1, 6, 4, 8], o: 4, padding: "same", activation: "tanh" },
  { x: [3, 1, 1, 4], o: 4, padding: "same", activation: "sigmoid" },
  { x: [2, 3, 5, 4], o: 12, padding: "same" },
  { x: [1, 9, 8, 4], o: 4, padding: "same" },
  {
    x: [2, 2, 3, 4],
    o: 4,
    padding: [
      [2, 0],
      [0, 2],
    ],
  },
];

/** All that `toeplitz` takes: maps of 2×2 with "same" edges. */
const MAPS: readonly Case[] = [
  { x: [1, 2, 2, 4], o: 4, padding: "same" },
  { x: [3, 2, 2, 4], o: 8, padding: "same", activation: "relu" },
  { x: [2, 2, 2, 12], o: 4, padding: "same", activation: "tanh" },
];

/** The case, as maps that the rung takes: for `toeplitz`, as many of 2×2 as make up its pixels. */
function fittedTo(rung: Winograd, one: Case): Case {
  const [n, h, w, i] = one.x;
  return rung === "toeplitz" ? { ...one, x: [Math.ceil((n * h * w) / 4), 2, 2, i] } : one;
}

const casesOf = (rung: Winograd) => (rung === "toeplitz" ? MAPS : CASES);

for (const [one, rung] of WINOGRADS.flatMap((rung) =>
  casesOf(rung).map((one) => [one, rung] as const),
)) {
  const { x, o } = one;
  const label = `${rung}: x ${x}, w 3,3,${x[3]},${o}, ${one.padding}`;
  test(label, async () => {
    const w = [3, 3, x[3], o];
    const attrs = attrsOf(one);
    await checkOp({
      label,
      inputs: { x: { shape: x }, w: { shape: w }, b: { shape: [o] } },
      build: (rec, inputs) => apply(rec, conv2d, [inputs.x, inputs.w, inputs.b], attrs),
      reference: convReference(convGeometry(x, w, attrs), attrs.activation),
      // A sum of transformed products: each is of up to 36 terms of x and 9 of w.
      sumLength: 36 * 9 * x[3],
      rungs: rungsOf(rung),
    });
  });
}

interface Operands {
  readonly x: ArrayLike<number>;
  readonly w: ArrayLike<number>;
  readonly b: ArrayLike<number>;
  readonly dy: ArrayLike<number>;
}

/** y, dx and dw of a convolution, from each of several runs of one program. */
async function run(
  one: Case,
  operands: Operands,
  { rungs, runs = 1 }: { readonly rungs: Readonly<Record<string, string>>; readonly runs?: number },
): Promise<readonly Readonly<Record<"y" | "dx" | "dw", Float32Array>>[]> {
  const device = (await gpu()).scope();
  const put = (shape: Shape, label: string, data: ArrayLike<number>) =>
    device.tensor(shape, label, Float32Array.from(data));
  const x = put(one.x, "x", operands.x);
  const w = put([3, 3, one.x[3], one.o], "w", operands.w);
  const b = put([one.o], "b", operands.b);
  const rec = new Recorder({ name: "winograd", capabilities: device, rungs });
  for (const tensor of [x, w]) rec.watch(tensor);
  const y = apply(rec, conv2d, [x, w, b], attrsOf(one));
  const gradients = recordGradients(rec, new Map([[y, put(y.shape, "dy", operands.dy)]]));
  const [dx = y, dw = y] = [gradients.get(x), gradients.get(w)];
  for (const tensor of [y, dx, dw]) rec.keep(tensor);
  const executable = await Executable.compile(device, rec.finish());
  const results = [];
  for (let turn = 0; turn < runs; turn++) {
    executable.run();
    const [yValues, dxValues, dwValues] = [
      await executable.read(y),
      await executable.read(dx),
      await executable.read(dw),
    ];
    results.push({ y: yValues, dx: dxValues, dw: dwValues });
  }
  device.check();
  device.destroy();
  return results;
}

function operandsOf(one: Case, scale = 1): Operands {
  const { n, oh, ow, o } = convGeometry(one.x, [3, 3, one.x[3], one.o], attrsOf(one));
  return {
    x: randomArray(sizeOf(one.x), 1),
    w: randomArray(9 * one.x[3] * o, 2).map((value) => value * scale),
    b: randomArray(o, 3),
    dy: randomArray(n * oh * ow * o, 4),
  };
}

/** The same in float64; sums go over i, o or pixels in the order in which they lie in memory. */
function reference({ x: [n, h, w, i], o }: Case, { x, w: weights, b, dy }: Operands) {
  const y = Float64Array.from(dy, (_, index) => b[index % o] ?? 0);
  const dx = new Float64Array(x.length);
  const dw = new Float64Array(weights.length);
  for (let pixel = 0; pixel < n * h * w; pixel++) {
    const [row, column] = [Math.floor(pixel / w) % h, pixel % w];
    for (let tap = 0; tap < 9; tap++) {
      const [down, across] = [Math.floor(tap / 3) - 1, (tap % 3) - 1];
      if (row + down < 0 || row + down >= h || column + across < 0 || column + across >= w)
        continue;
      const from = (pixel + down * w + across) * i;
      for (let channel = 0; channel < i; channel++) {
        const [value, weight] = [x[from + channel] ?? 0, (tap * i + channel) * o];
        let sum = 0;
        for (let filter = 0; filter < o; filter++) {
          const [factor, slope] = [weights[weight + filter] ?? 0, dy[pixel * o + filter] ?? 0];
          y[pixel * o + filter] = (y[pixel * o + filter] ?? 0) + value * factor;
          dw[weight + filter] = (dw[weight + filter] ?? 0) + value * slope;
          sum += factor * slope;
        }
        dx[from + channel] = (dx[from + channel] ?? 0) + sum;
      }
    }
  }
  return { y, dx, dw };
}

/** The largest error, as a share of the largest value. */
function relativeError(actual: ArrayLike<number>, expected: Float64Array): number {
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const error = expected.reduce(
    (most, value, index) => Math.max(most, Math.abs(value - (actual[index] ?? Number.NaN))),
    0,
  );
  return error / largest;
}

for (const rung of WINOGRADS) {
  test(`${rung}: rounding stays within the bound that is stated, and bits are the same twice`, async () => {
    // Activations as relu leaves them, weights of He's initialisation.
    const one = fittedTo(rung, { x: [2, 12, 12, 64], o: 64, padding: "same" });
    const drawn = operandsOf(one, Math.sqrt(6 / (9 * 64)));
    const operands = { ...drawn, x: Array.from(drawn.x, (value) => Math.max(0, value)) };
    const [first, second] = await run(one, operands, { rungs: rungsOf(rung), runs: 2 });
    const expected = reference(one, operands);
    for (const name of ["y", "dx", "dw"] as const) {
      const error = relativeError(first?.[name] ?? [], expected[name]);
      assert.ok(error > 0 && error <= 5e-6, `${name}: ${error}`);
      assert.equal(second?.[name], first?.[name], name);
    }
  });

  test(`${rung}: a map that takes several parts, the last one smaller, agrees with naive`, async () => {
    const one = fittedTo(rung, {
      x: [23, 64, 64, 4],
      ...{ o: 16, padding: "same", activation: "tanh" }, // of relu, a sum near 0 may take either slope
    });
    const operands = operandsOf(one);
    const [actual] = await run(one, operands, { rungs: rungsOf(rung) });
    const [expected] = await run(one, operands, { rungs: NAIVE });
    for (const [name, length] of [
      ["y", 9 * 4],
      ["dx", 9 * 16],
      ["dw", sizeOf(one.x) / 4],
    ] as const) {
      const [values, wanted] = [actual?.[name] ?? [], expected?.[name] ?? []];
      const shape = [wanted.length];
      // What is left of a long sum may be small, its rounding is not.
      const absolute = 1e-5 * Math.max(1, 0.3 * Math.sqrt(length));
      const tolerance = { ...f32(16 * length), absolute };
      assertClose({ label: name, shape, actual: values, expected: wanted, tolerance });
    }
  });

  test(`${rung}: its matrix products may be of any rung`, async () => {
    const one = fittedTo(rung, { x: [2, 3, 5, 4], o: 12, padding: "same" });
    const operands = operandsOf(one);
    const expected = reference(one, operands);
    for (const gemm of ["naive", "tiled"]) {
      const [actual] = await run(one, operands, { rungs: { ...rungsOf(rung), gemm } });
      for (const name of ["y", "dx", "dw"] as const) {
        const error = relativeError(actual?.[name] ?? [], expected[name]);
        assert.ok(error <= 2e-6, `${gemm}, ${name}: ${error}`);
      }
    }
  });

  test(`${rung}: what is no number never comes out as one`, async () => {
    const one = fittedTo(rung, { x: [2, 5, 6, 4], o: 8, padding: "same", activation: "relu" });
    for (const special of [Number.NaN, Number.POSITIVE_INFINITY]) {
      for (const holder of ["x", "w", "dy"] as const) {
        const operands = operandsOf(one);
        const held = { ...operands, [holder]: Array.from(operands[holder]) };
        (held[holder] as number[])[holder === "w" ? 40 : 57] = special;
        const [actual] = await run(one, held, { rungs: rungsOf(rung) });
        const [expected] = await run(one, held, { rungs: NAIVE });
        const finite = operandsOf(one);
        const untouched = (await run(one, finite, { rungs: rungsOf(rung) }))[0];
        for (const name of ["y", "dx", "dw"] as const) {
          const wanted = expected?.[name] ?? new Float32Array();
          const lost = wanted.findIndex(
            (value, at) => !Number.isFinite(value) && Number.isFinite(actual?.[name][at]),
          );
          assert.is(lost, -1, `${special} in ${holder}, ${name}`);
          assert.is(
            untouched?.[name].findIndex((value) => !Number.isFinite(value)),
            -1,
            name,
          );
        }
      }
    }
  });
}

test("takes what it computes, and what can be bound, and nothing else", () => {
  const fits = (change: object, limit?: number, tiling = TILES_OF_2) => {
    const geometry = convGeometry([50, 8, 8, 64], [3, 3, 64, 64], attrsOf(CASES[1] as Case));
    const limits = limit === undefined ? {} : { maxStorageBufferBindingSize: limit };
    return fitsWinograd({ ...geometry, ...change }, { isSoftware: true, ...limits }, tiling);
  };
  assert.is(fits({}), true);
  for (const change of [
    { kh: 1 },
    { kw: 5 },
    { sh: 2 },
    { sw: 2 },
    { i: 6 },
    { o: 3 },
    { top: 3 },
  ]) {
    assert.is(fits(change), false, JSON.stringify(change));
  }
  for (const tiling of [TILES_OF_2, TILES_OF_4]) {
    assert.is(fits({}, 4 * tiling.places * 64 * 64 - 1, tiling), false);
    assert.is(fits({}, 128 * 2 ** 20, tiling), true);
  }
  const map = { h: 2, w: 2, oh: 2, ow: 2 };
  const fitsMaps = (change: object) => fits({ ...map, ...change }, undefined, MAPS_OF_2);
  assert.is(fitsMaps({}), true);
  for (const change of [
    { h: 3 },
    { ow: 1 },
    { oh: 4, top: 2 },
    { left: 0 },
    { top: 2 },
    { i: 6 },
  ]) {
    assert.is(fitsMaps(change), false, JSON.stringify(change));
  }
});

test("--exact leaves them out of what was measured, and nothing else", () => {
  const words = "50 × 8 × 8 × 64 * 3 × 3 × 64 to 8 × 8";
  const rest = [
    [`conv2d.dx ${words}`, "implicit"],
    ["gemm 2 × 2 · 2 × 2", "tiled"],
  ] as const;
  for (const rung of WINOGRADS) {
    const choices = new Map<string, string>([[`conv2d.forward ${words}`, rung], ...rest]);
    assert.equal([...exactChoices(choices)], rest);
  }
});

test.run();
