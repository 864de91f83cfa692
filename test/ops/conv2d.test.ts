// 2-D convolution: every rung of its three ladders against float64 loops and their central differences, and against
// vectors of another library.

import fs from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Shape, sizeOf } from "../../src/engine/core/shape.ts";
import {
  conv2d,
  forwardLadder,
  inputGradientLadder,
  weightGradientLadder,
} from "../../src/engine/ops/conv2d/conv2d.ts";
import {
  type Conv2dAttrs,
  type ConvGeometry,
  convGeometry,
} from "../../src/engine/ops/conv2d/problem.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import type { Ladder } from "../../src/engine/program/ladder.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { assertClose, f32 } from "../support/close.ts";
import { convReference } from "../support/conv-reference.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("conv2d");

const attrs = (given: Partial<Conv2dAttrs> = {}): Conv2dAttrs => ({
  strides: [1, 1],
  padding: "valid",
  activation: "linear",
  ...given,
});

interface Case {
  readonly x: readonly [number, number, number, number];
  /** Height and width of the window. */
  readonly k: readonly [number, number];
  readonly o: number;
  readonly attrs?: Partial<Conv2dAttrs>;
  /** On the tile that the tiled rung takes by itself, not on the smallest. */
  readonly hasOwnTile?: boolean;
}

/** Rows above and below, columns to the left and to the right. */
const AROUND = [
  [1, 0],
  [2, 3],
] as const;

const RUNGS = ["tiled", "subgroup", "sliding", "implicit", "gemm"] as const;
/** The tiled rung on its smallest tile, which compiles in a fraction of the time: every switch of its shader, on shapes to the point. */
const SMALL_TILE = "tiled 32x32/4x4/8";
const ON_SMALL_TILE = [SMALL_TILE, "subgroup", "sliding", "implicit", "gemm"] as const;

const CASES: readonly Case[] = [
  { x: [1, 1, 1, 1], k: [1, 1], o: 1 },
  { x: [2, 5, 7, 1], k: [3, 3], o: 2 },
  { x: [1, 7, 5, 3], k: [5, 5], o: 6, attrs: { activation: "tanh" } },
  { x: [3, 4, 6, 5], k: [1, 1], o: 3, attrs: { activation: "sigmoid" } },
  { x: [2, 5, 4, 6], k: [2, 4], o: 5, attrs: { padding: "same" } },
  { x: [2, 6, 9, 2], k: [3, 2], o: 4, attrs: { strides: [2, 2] } },
  { x: [2, 7, 6, 3], k: [3, 3], o: 4, attrs: { strides: [2, 2], padding: "same" } },
  { x: [1, 6, 8, 2], k: [5, 3], o: 3, attrs: { strides: [3, 1], padding: "same" } },
  { x: [1, 9, 7, 1], k: [1, 1], o: 2, attrs: { strides: [2, 3] } },
  { x: [1, 3, 2, 16], k: [2, 2], o: 33, attrs: { activation: "relu" } },
  { x: [9, 3, 3, 1], k: [3, 3], o: 1, attrs: { padding: "same", activation: "relu" } },
  { x: [2, 5, 3, 8], k: [3, 3], o: 4, attrs: { padding: "same", activation: "tanh" } },
  { x: [3, 4, 5, 4], k: [3, 2], o: 8, attrs: { strides: [2, 3], padding: "same" } },
  { x: [17, 2, 2, 4], k: [3, 3], o: 4, attrs: { padding: "same" } },
  { x: [2, 1, 1, 8], k: [3, 3], o: 12, attrs: { padding: "same", activation: "sigmoid" } },
  { x: [2, 3, 4, 8], k: [1, 1], o: 12, attrs: { activation: "sigmoid" } },
  // The subgroup rung of dx gives a lane the whole row, most of whose products are with padding.
  { x: [2, 5, 9, 16], k: [5, 5], o: 3 },
  { x: [2, 4, 5, 4], k: [3, 4], o: 4, attrs: { padding: AROUND, strides: [2, 1] } },
  { x: [2, 5, 6, 3], k: [3, 4], o: 2, attrs: { padding: AROUND } },
];

const LADDERS: readonly Ladder<{ readonly geometry: ConvGeometry }>[] = [
  forwardLadder,
  inputGradientLadder,
  weightGradientLadder,
];

/** The rung in each ladder that has it for this problem; elsewhere the naive one. */
async function rungsFor(rung: string, geometry: ConvGeometry): Promise<Record<string, string>> {
  const device = await gpu();
  const fits = (ladder: (typeof LADDERS)[number]) =>
    ladder.rungs.some((r) => r.name === rung.split(" ")[0] && r.fits({ geometry }, device))
      ? rung
      : "naive";
  return Object.fromEntries(LADDERS.map((ladder) => [ladder.name, fits(ladder)]));
}

for (const { x, k, o, attrs: given } of CASES) {
  const options = attrs(given);
  const w = [...k, x[3], o] as const;
  const label = `x ${x}, w ${w}, stride ${options.strides}, ${options.padding}, ${options.activation}`;
  const sumLength = k[0] * k[1] * x[3];
  for (const rung of ["naive", ...ON_SMALL_TILE]) {
    test(`${rung}: ${label}`, async () => {
      const rungs = await rungsFor(rung, convGeometry(x, w, options));
      if (!Object.values(rungs).includes(rung)) return;
      await checkOp({
        label,
        inputs: { x: { shape: x }, w: { shape: w }, b: { shape: [o] } },
        build: (rec, inputs) => apply(rec, conv2d, [inputs.x, inputs.w, inputs.b], options),
        reference: convReference(convGeometry(x, w, options), options.activation),
        sumLength,
        rungs,
      });
    });
  }
}

test("padded by more than the window, the input's gradient is left to rungs that can take it", async () => {
  const padding = [
    [3, 2],
    [2, 3],
  ] as const;
  const [x, w, options] = [[2, 3, 4, 4], [2, 2, 4, 4], attrs({ padding })] as const;
  const geometry = convGeometry(x, w, options);
  const rungs = await rungsFor("subgroup", geometry);
  assert.is(rungs["conv2d.dx"], "naive");
  await checkOp({
    label: "padded by more than the window",
    inputs: { x: { shape: x }, w: { shape: w }, b: { shape: [4] } },
    build: (rec, inputs) => apply(rec, conv2d, [inputs.x, inputs.w, inputs.b], options),
    reference: convReference(geometry, options.activation),
    sumLength: 16,
    rungs,
  });
});

// Larger than central differences can take: tiles that do not fill, several blocks of filters, several groups of lanes. Each of the
// three tiles that the tiled rung takes by itself is among them once: results of few columns, of some, and of many.
const LARGE: readonly Case[] = [
  { x: [50, 32, 32, 1], k: [5, 5], o: 6, attrs: { activation: "relu" } },
  { x: [3, 13, 17, 6], k: [5, 5], o: 16, attrs: { padding: "same" }, hasOwnTile: true },
  { x: [2, 19, 33, 3], k: [3, 3], o: 33, attrs: { padding: "same" } },
  { x: [2, 9, 21, 33], k: [3, 5], o: 20, hasOwnTile: true },
  { x: [1, 23, 37, 3], k: [7, 7], o: 17, attrs: { strides: [2, 2], padding: "same" } },
  { x: [2, 8, 30, 40], k: [1, 1], o: 36, hasOwnTile: true },
  { x: [2, 3, 40, 2], k: [2, 13], o: 3, attrs: { padding: "same" } },
  { x: [50, 2, 2, 64], k: [3, 3], o: 72, attrs: { padding: "same" } },
  { x: [50, 1, 1, 32], k: [3, 3], o: 68, attrs: { padding: "same" } },
  {
    x: [50, 2, 2, 36],
    k: [3, 3],
    o: 36,
    attrs: {
      padding: [
        [1, 1],
        [1, 1],
      ],
      strides: [2, 2],
    },
  },
  { x: [3, 19, 17, 36], k: [3, 5], o: 40, attrs: { padding: "same", strides: [2, 2] } },
  { x: [5, 16, 16, 64], k: [1, 1], o: 64, attrs: { strides: [2, 2] } },
  { x: [9, 33, 32, 8], k: [3, 3], o: 12, attrs: { padding: "same" } },
  { x: [1, 6, 6, 132], k: [3, 3], o: 4, attrs: { padding: "same" } },
  // The sliding rung: images in groups and in parts, and a workgroup that has all of them; rows that do not fill the last turn.
  { x: [21, 14, 9, 10], k: [5, 5], o: 24 },
  { x: [11, 15, 10, 17], k: [3, 3], o: 52, attrs: { padding: "same", strides: [2, 1] } },
];

for (const { x, k, o, attrs: given, hasOwnTile } of LARGE) {
  const options = attrs(given);
  const w = [...k, x[3], o] as const;
  for (const rung of hasOwnTile ? RUNGS : ON_SMALL_TILE) {
    test(`${rung} agrees with naive: x ${x}, w ${w}`, async () => {
      const rungs = await rungsFor(rung, convGeometry(x, w, options));
      if (!Object.values(rungs).includes(rung)) return;
      const [actual, expected] = [
        await results(x, w, options, rungs),
        await results(x, w, options, NAIVE),
      ];
      for (const [index, { label, shape, values }] of actual.entries()) {
        const length = Math.max(k[0] * k[1] * Math.max(x[3], o), x[0] * x[1] * x[2]);
        // What is left of a long sum may be small, its rounding is not.
        const absolute = Math.max(1e-5, 1e-6 * Math.sqrt(length));
        const tolerance = { ...f32(10 * length), absolute };
        assertClose({
          label,
          shape,
          actual: values,
          expected: expected[index]?.values ?? [],
          tolerance,
        });
      }
    });
  }
}

const NAIVE = { "conv2d.forward": "naive", "conv2d.dx": "naive", "conv2d.dw": "naive" };

/** Output and gradients on the given rungs. */
async function results(
  x: Shape,
  w: Shape,
  options: Conv2dAttrs,
  rungs: Readonly<Record<string, string>>,
) {
  const device = await gpu();
  const put = (shape: Shape, seed: number) =>
    device.tensor(shape, "t", Float32Array.from(randomArray(sizeOf(shape), seed)));
  const inputs = [put(x, 1), put(w, 2), put(w.slice(3), 3)] as const;
  const rec = new Recorder({ name: "results", capabilities: device, rungs });
  for (const tensor of inputs) rec.watch(tensor);
  const y = apply(rec, conv2d, inputs, options);
  const gradients = recordGradients(rec, new Map([[y, put(y.shape, 4)]]));
  const tensors = [y, ...inputs.map((input) => gradients.get(input) ?? input)];
  for (const tensor of tensors) rec.keep(tensor);
  const executable = await Executable.compile(device, rec.finish());
  executable.run();
  return Promise.all(
    tensors.map(async ({ label, shape }, i) => {
      const tensor = tensors[i] ?? y;
      return { label, shape, values: await executable.read(tensor) };
    }),
  );
}

test("without bias", () =>
  checkOp({
    label: "without bias",
    inputs: { x: { shape: [2, 4, 5, 3] }, w: { shape: [3, 3, 3, 2] } },
    build: (rec, { x, w }) => apply(rec, conv2d, [x, w], attrs({ activation: "relu" })),
    reference: convReference(convGeometry([2, 4, 5, 3], [3, 3, 3, 2], attrs()), "relu"),
    sumLength: 27,
  }));

interface Vector {
  readonly padding: "same" | "valid";
  readonly strides: number;
  readonly x: number[][][][];
  readonly kernel_hwio: number[][][][];
  readonly bias: number[];
  readonly y_nhwc: number[][][][];
  readonly dy: number[][][][];
  readonly dx: number[][][][];
  readonly dkernel: number[][][][];
  readonly dbias: number[];
}

const vectors: readonly Vector[] = JSON.parse(
  fs.readFileSync(new URL("../fixtures/conv2d.json", import.meta.url), "utf8"),
);

for (const [index, vector] of vectors.entries()) {
  test(`vector ${index}: ${vector.padding}, stride ${vector.strides}`, () => checkVector(vector));
}

async function checkVector(vector: Vector): Promise<void> {
  const device = await gpu();
  const put = (values: Nested, label: string) =>
    device.tensor(shapeOf(values), label, Float32Array.from(flat(values)));
  const [x, w, b] = [put(vector.x, "x"), put(vector.kernel_hwio, "w"), put(vector.bias, "b")];
  const rec = new Recorder({ name: "vector", capabilities: device });
  for (const tensor of [x, w, b]) rec.watch(tensor);
  const { strides, padding } = vector;
  const y = apply(rec, conv2d, [x, w, b], attrs({ strides: [strides, strides], padding }));
  const gradients = recordGradients(rec, new Map([[y, put(vector.dy, "dy")]]));
  const expected = new Map([
    [y, flat(vector.y_nhwc)],
    [gradients.get(x), flat(vector.dx)],
    [gradients.get(w), flat(vector.dkernel)],
    [gradients.get(b), flat(vector.dbias)],
  ]);
  for (const tensor of expected.keys()) if (tensor) rec.keep(tensor);
  const executable = await Executable.compile(device, rec.finish());
  executable.run();
  for (const [tensor, values] of expected) {
    if (!tensor) throw new Error("no gradient");
    const actual = await executable.read(tensor);
    assertClose({
      label: tensor.label,
      shape: tensor.shape,
      actual,
      expected: values,
      tolerance: f32(64),
    });
  }
}

type Nested = number | readonly Nested[];

function flat(values: Nested): number[] {
  return typeof values === "number" ? [values] : values.flatMap(flat);
}

function shapeOf(values: Nested): number[] {
  return typeof values === "number" ? [] : [values.length, ...shapeOf(values[0] ?? 0)];
}

test("channels must agree, windows must fit, the bias has one element a filter", async () => {
  const device = await gpu();
  const rec = new Recorder({ name: "shapes", capabilities: device });
  const x = rec.allocate([2, 5, 5, 3], "x");
  const w = (...shape: number[]) => rec.allocate(shape, "w");
  assert.throws(
    () => apply(rec, conv2d, [x, w(3, 3, 1, 6)], attrs()),
    "conv2d: input has 3 channels but the filter expects 1, got x (2, 5, 5, 3), w (3, 3, 1, 6)",
  );
  assert.throws(() => apply(rec, conv2d, [x, w(6, 3, 3, 6)], attrs()), "window of 6 over 5");
  assert.throws(() => apply(rec, conv2d, [x, w(3, 3, 3, 6), w(3)], attrs()), "(6,), got (3,)");
  assert.throws(() => apply(rec, conv2d, [w(5, 5), w(3, 3, 3, 6)], attrs()), "rank 4");
});

test.run();
