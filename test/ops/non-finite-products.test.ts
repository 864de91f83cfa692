// NaN, infinities, zeros, denormals and ±1e38 through every rung of the matrix product and of convolution, with every
// activation: what float64 loops make of them comes out. A place of the result meets one special value at most, so that
// the order of a sum does not matter.

import { suite } from "uvu";
import {
  conv2d,
  forwardLadder,
  inputGradientLadder,
  weightGradientLadder,
} from "../../src/engine/ops/conv2d/conv2d.ts";
import { type ConvGeometry, convGeometry } from "../../src/engine/ops/conv2d/problem.ts";
import { ACTIVATIONS, type Activation } from "../../src/engine/ops/gemm/bias-activation.ts";
import { recordGemm } from "../../src/engine/ops/gemm/gemm.ts";
import type { Ladder } from "../../src/engine/program/ladder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { gpu } from "../support/gpu.ts";
import {
  ACTIVATE,
  assertSame,
  NEGATIVE_NAN,
  plain,
  runCase,
  SPECIALS,
} from "../support/non-finite.ts";

const test = suite("non-finite products");

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly activation: Activation;
}

/** Which operand holds the special values: rows of a, columns of b, or the bias. */
type Holder = "a" | "b" | "bias";

function operandsOf({ m, n, k }: Product, holder: Holder) {
  const [a, b, bias] = [plain([m, k]), plain([k, n], 1), plain([n], 2)];
  for (const [index, value] of [...SPECIALS, NEGATIVE_NAN].entries()) {
    if (holder === "a") a[index * k + (index % k)] = value;
    // Not in the last row, which the tiles that reach beyond it repeat, with zeros as its partners.
    if (holder === "b") b[(index % (k - 1)) * n + index] = value;
    if (holder === "bias") bias[index] = value;
  }
  return { a, b, bias };
}

type Operands = ReturnType<typeof operandsOf>;

function productReference({ m, n, k, activation }: Product, { a, b, bias }: Operands) {
  return Float64Array.from({ length: m * n }, (_, at) => {
    const [i, j] = [Math.floor(at / n), at % n];
    let z = bias[j] ?? 0;
    for (let p = 0; p < k; p++) z += (a[i * k + p] ?? 0) * (b[p * n + j] ?? 0);
    return ACTIVATE[activation](z);
  });
}

function transposed(data: Float32Array, rows: number, columns: number): Float32Array {
  return data.map((_, i) => data[(i % rows) * columns + Math.floor(i / rows)] ?? 0);
}

for (const rung of ["naive", "tiled", "subgroup"]) {
  for (const activation of ACTIVATIONS) {
    test(`gemm, ${rung}, ${activation}`, async () => {
      if (rung === "subgroup" && (await gpu()).subgroupSize === null) return;
      for (const [m, n, k] of [
        [18, 21, 7],
        [12, 24, 8],
        [11, 12, 131],
      ] as const) {
        for (const holder of ["a", "b", "bias"] as const) {
          for (const [transA, transB, isSoftware] of [
            [false, false, true],
            [true, true, true],
            [false, false, false],
          ] as const) {
            const product = { m, n, k, activation };
            const operands = operandsOf(product, holder);
            const a = transA
              ? { shape: [k, m], data: transposed(operands.a, m, k) }
              : { shape: [m, k], data: operands.a };
            const b = transB
              ? { shape: [n, k], data: transposed(operands.b, k, n) }
              : { shape: [k, n], data: operands.b };
            const { y } = await runCase({
              inputs: { a, b, bias: { shape: [n], data: operands.bias } },
              build: (rec, inputs) =>
                recordGemm(rec, { op: "dense", ...inputs, transA, transB, activation, label: "c" }),
              rungs: { gemm: rung },
              isSoftware,
            });
            const label = `${m}×${n}×${k}, ${holder}${transA ? ", transposed" : ""}`;
            assertSame(label, y, productReference(product, operands));
          }
        }
      }
    });
  }
}

/** Calls back for every multiply-add: indices into x, w and y. */
function eachTap(g: ConvGeometry, visit: (x: number, w: number, y: number) => void): void {
  const { n, oh, ow, o, kh, kw, i } = g;
  for (let y = 0; y < n * oh * ow * o; y++) {
    const [channel, at] = [y % o, Math.floor(y / o)];
    const [column, row] = [at % ow, Math.floor(at / ow) % oh];
    const image = Math.floor(at / (ow * oh));
    for (let tap = 0; tap < kh * kw * i; tap++) {
      const down = row * g.sh + Math.floor(tap / (kw * i)) - g.top;
      const across = column * g.sw + (Math.floor(tap / i) % kw) - g.left;
      if (down < 0 || down >= g.h || across < 0 || across >= g.w) continue;
      visit(((image * g.h + down) * g.w + across) * i + (tap % i), tap * o + channel, y);
    }
  }
}

const LADDERS: readonly Ladder<{ readonly geometry: ConvGeometry }>[] = [
  forwardLadder,
  inputGradientLadder,
  weightGradientLadder,
];

/** The rung in each ladder that has it for this problem; elsewhere the naive one. */
async function rungsFor(rung: string, geometry: ConvGeometry): Promise<Record<string, string>> {
  const device = await gpu();
  const fits = (ladder: (typeof LADDERS)[number]) =>
    ladder.rungs.some((r) => r.name === rung && r.fits({ geometry }, device)) ? rung : "naive";
  return Object.fromEntries(LADDERS.map((ladder) => [ladder.name, fits(ladder)]));
}

interface Convolution {
  readonly x: readonly [number, number, number, number];
  readonly k: readonly [number, number];
  readonly o: number;
  readonly strides: readonly [number, number];
  readonly padding: "same" | "valid";
}

const CONVOLUTIONS: readonly Convolution[] = [
  { x: [9, 4, 5, 12], k: [3, 2], o: 12, strides: [1, 1], padding: "valid" },
  { x: [9, 5, 5, 12], k: [3, 3], o: 12, strides: [1, 1], padding: "same" },
  { x: [9, 5, 6, 12], k: [2, 3], o: 12, strides: [2, 1], padding: "valid" },
  { x: [9, 3, 3, 12], k: [1, 1], o: 12, strides: [1, 1], padding: "valid" },
  { x: [9, 6, 6, 9], k: [3, 3], o: 9, strides: [1, 1], padding: "valid" },
];

const RUNGS = ["naive", "tiled", "subgroup", "sliding", "implicit", "gemm"] as const;

/** x, w and b, of which one holds the special values: one image, filter or bias a value. */
function convolutionData({ x, k, o }: Convolution, holder: "x" | "w" | "b" | "none") {
  const data = { x: plain(x), w: plain([...k, x[3], o], 1), b: plain([o], 2) };
  const image = x[1] * x[2] * x[3];
  for (const [index, value] of SPECIALS.entries()) {
    if (holder === "x") data.x[index * image + Math.floor(image / 2) + index] = value;
    if (holder === "w") data.w[index * o + index] = value;
    if (holder === "b") data.b[index] = value;
  }
  return data;
}

async function checkForward(
  convolution: Convolution,
  holder: "x" | "w" | "b",
  { activation, rung }: { readonly activation: Activation; readonly rung: string },
) {
  const { x, k, o, strides, padding } = convolution;
  const w = [...k, x[3], o] as const;
  const attrs = { strides, padding, activation };
  const geometry = convGeometry(x, w, attrs);
  const rungs = await rungsFor(rung, geometry);
  if (rungs["conv2d.forward"] !== rung) return;
  const data = convolutionData(convolution, holder);
  const { n, oh, ow } = geometry;
  const sums = Float64Array.from({ length: n * oh * ow * o }, (_, i) => data.b[i % o] ?? 0);
  eachTap(geometry, (from, tap, to) => {
    sums[to] = (sums[to] ?? 0) + (data.x[from] ?? 0) * (data.w[tap] ?? 0);
  });
  const { y } = await runCase({
    inputs: {
      x: { shape: x, data: data.x },
      w: { shape: w, data: data.w },
      b: { shape: [o], data: data.b },
    },
    build: (rec, inputs) => apply(rec, conv2d, [inputs.x, inputs.w, inputs.b], attrs),
    rungs,
  });
  assertSame(`x ${x}, w ${w}, ${padding}, ${holder}`, y, sums.map(ACTIVATE[activation]));
}

async function checkGradients(convolution: Convolution, holder: "x" | "dy", rung: string) {
  const { x, k, o, strides, padding } = convolution;
  const w = [...k, x[3], o] as const;
  const attrs = { strides, padding, activation: "linear" } as const;
  const geometry = convGeometry(x, w, attrs);
  const rungs = await rungsFor(rung, geometry);
  if (!Object.values(rungs).includes(rung)) return;
  const { n, oh, ow } = geometry;
  const data = { ...convolutionData(convolution, "none"), dy: plain([n, oh, ow, o], 2) };
  for (const [index, value] of SPECIALS.entries()) {
    // One channel a value for dw, and for dx one image a value as well.
    const at = Math.floor((oh * ow) / 2);
    if (holder === "x") data.x[(index * x[1] * x[2] + at) * x[3] + index] = value;
    if (holder === "dy") data.dy[(index * oh * ow + at) * o + index] = value;
  }
  const dx = new Float64Array(data.x.length);
  const dw = new Float64Array(data.w.length);
  eachTap(geometry, (from, tap, to) => {
    dx[from] = (dx[from] ?? 0) + (data.dy[to] ?? 0) * (data.w[tap] ?? 0);
    dw[tap] = (dw[tap] ?? 0) + (data.dy[to] ?? 0) * (data.x[from] ?? 0);
  });
  const results = await runCase({
    inputs: { x: { shape: x, data: data.x }, w: { shape: w, data: data.w } },
    build: (rec, inputs) => apply(rec, conv2d, [inputs.x, inputs.w], attrs),
    dy: data.dy,
    rungs,
  });
  const label = `x ${x}, w ${w}, ${holder}`;
  assertSame(`${label}: dx`, results["dx"], dx);
  // Lanes that only keep others company multiply what these read with zero.
  assertSame(`${label}: dw`, results["dw"], dw, {
    orNaN: rung === "subgroup" || rung === "sliding",
  });
}

// What is not finite meets padding on some rungs, where it is a zero, and not on others, which leave it out: there the
// special values are in x alone.
for (const rung of RUNGS) {
  for (const activation of ACTIVATIONS) {
    test(`convolution, ${rung}, ${activation}`, async () => {
      for (const convolution of CONVOLUTIONS) {
        for (const holder of ["x", "w", "b"] as const) {
          if (holder === "w" && convolution.padding === "same") continue;
          await checkForward(convolution, holder, { activation, rung });
        }
      }
    });
  }

  test(`gradients of a convolution, ${rung}`, async () => {
    for (const convolution of CONVOLUTIONS.filter(({ padding }) => padding === "valid")) {
      for (const holder of ["x", "dy"] as const) await checkGradients(convolution, holder, rung);
    }
  });
}

test.run();
