// What the bench times: each kernel on the shapes that LeNet-5 at batch 50 gives it, and matrix products of one size.
// Every case builds a program from random inputs and says how its result is checked.

import type { Device } from "../src/engine/core/device.ts";
import { uniformAt } from "../src/engine/core/random.ts";
import { type Shape, sizeOf } from "../src/engine/core/shape.ts";
import type { Tensor } from "../src/engine/core/tensor.ts";
import { recordBiasActivationBackward } from "../src/engine/ops/bias-activation.ts";
import { conv2d } from "../src/engine/ops/conv2d.ts";
import { dense } from "../src/engine/ops/dense.ts";
import { recordGemm } from "../src/engine/ops/gemm.ts";
import { recordGradients } from "../src/engine/ops/gradients.ts";
import { averagePool2d, maxPool2d } from "../src/engine/ops/pool2d.ts";
import type { Recorder } from "../src/engine/program/recorder.ts";
import { apply } from "../src/engine/program/tape.ts";

export interface BenchCase {
  readonly name: string;
  readonly shape: string;
  /** Variants to time; the first is what the others are checked against. */
  readonly variants: readonly string[];
  /** The ladder that the variants are rungs of; null for a kernel with one variant. */
  readonly ladder: string | null;
  /** Floating-point operations of the whole, or bytes for what moves more than it computes. */
  readonly work: { readonly flops: number } | { readonly bytes: number };
  /** Shapes of the inputs, by name. */
  readonly inputs: Readonly<Record<string, Shape>>;
  /** Records what is timed, and returns the result that is checked. */
  build(rec: Recorder, inputs: Readonly<Record<string, Tensor>>): Tensor;
}

const RUNGS = ["naive", "tiled", "subgroup"] as const;

export function* benchCases(): Iterable<BenchCase> {
  yield gemmCase(512);
  yield gemmCase(1024);
  yield* convCases("conv1", { n: 50, h: 32, w: 32, i: 1, k: 5, o: 6, padding: "valid" });
  yield* convCases("conv2", { n: 50, h: 14, w: 14, i: 6, k: 5, o: 16, padding: "valid" });
  yield* convCases("vgg-block3", { n: 50, h: 8, w: 8, i: 256, k: 3, o: 256, padding: "same" });
  yield* denseCases("fc1", 50, 400, 120);
  yield* denseCases("fc2", 50, 120, 84);
  yield* denseCases("fc3", 50, 84, 10);
  yield* poolCases("pool1", [50, 28, 28, 6]);
  yield* poolCases("pool2", [50, 10, 10, 16]);
  yield biasActivationCase("conv1", [50, 28, 28, 6]);
  yield biasActivationCase("conv2", [50, 10, 10, 16]);
}

function gemmCase(size: number): BenchCase {
  return {
    name: `gemm ${size}`,
    shape: `${size}×${size}×${size}`,
    variants: RUNGS,
    ladder: "gemm",
    work: { flops: 2 * size ** 3 },
    inputs: { a: [size, size], b: [size, size] },
    build: (rec, { a, b }) => recordGemm(rec, { op: "bench", a: need(a), b: need(b), label: "c" }),
  };
}

interface ConvSize {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly i: number;
  readonly k: number;
  readonly o: number;
  readonly padding: "valid" | "same";
}

function* convCases(name: string, size: ConvSize): Iterable<BenchCase> {
  const { n, h, w, i, k, o, padding } = size;
  const [oh, ow] = padding === "same" ? [h, w] : [h - k + 1, w - k + 1];
  const attrs = { strides: [1, 1], padding, activation: "linear" } as const;
  const common = {
    shape: `${n}×${h}×${w}×${i} → ${oh}×${ow}×${o}, ${k}×${k}`,
    variants: RUNGS,
    work: { flops: 2 * n * oh * ow * o * i * k * k },
  };
  const [x, kernel, dy]: [Shape, Shape, Shape] = [
    [n, h, w, i],
    [k, k, i, o],
    [n, oh, ow, o],
  ];
  yield {
    ...common,
    name: `${name} forward`,
    ladder: "conv2d.forward",
    inputs: { x, w: kernel, b: [o] },
    build: (rec, t) =>
      apply(rec, conv2d, [need(t["x"]), need(t["w"]), need(t["b"])], {
        ...attrs,
        activation: "relu",
      }),
  };
  for (const [what, wanted] of [
    ["dx", "x"],
    ["dw", "w"],
  ] as const) {
    if (what === "dx" && i === 1) continue;
    yield {
      ...common,
      name: `${name} ${what}`,
      ladder: `conv2d.${what}`,
      inputs: { x, w: kernel, dy },
      build: (rec, t) =>
        gradientOf(rec, need(t[wanted]), need(t["dy"]), () =>
          apply(rec, conv2d, [need(t["x"]), need(t["w"])], attrs),
        ),
    };
  }
}

function* denseCases(name: string, n: number, i: number, o: number): Iterable<BenchCase> {
  const attrs = { activation: "linear" } as const;
  const common = { variants: RUNGS, ladder: "gemm", work: { flops: 2 * n * i * o } };
  yield {
    ...common,
    name: `${name} forward`,
    shape: `${n}×${i} → ${o}`,
    inputs: { x: [n, i], w: [i, o], b: [o] },
    build: (rec, t) =>
      apply(rec, dense, [need(t["x"]), need(t["w"]), need(t["b"])], { activation: "relu" }),
  };
  for (const [what, wanted] of [
    ["dx", "x"],
    ["dw", "w"],
  ] as const) {
    yield {
      ...common,
      name: `${name} ${what}`,
      shape: `${n}×${i} → ${o}`,
      inputs: { x: [n, i], w: [i, o], dy: [n, o] },
      build: (rec, t) =>
        gradientOf(rec, need(t[wanted]), need(t["dy"]), () =>
          apply(rec, dense, [need(t["x"]), need(t["w"])], attrs),
        ),
    };
  }
}

function* poolCases(
  name: string,
  shape: readonly [number, number, number, number],
): Iterable<BenchCase> {
  const [n, h, w, c] = shape;
  const attrs = { poolSize: [2, 2], strides: [2, 2], padding: "valid" } as const;
  const small = [n, h / 2, w / 2, c] as const;
  const text = `${shape.join("×")} → ${h / 2}×${w / 2}`;
  for (const [kind, op] of [
    ["max", maxPool2d],
    ["average", averagePool2d],
  ] as const) {
    const common = { shape: text, variants: ["only"], ladder: null };
    yield {
      ...common,
      name: `${name} ${kind} forward`,
      work: { bytes: 4 * (sizeOf(shape) + sizeOf(small)) },
      inputs: { x: shape },
      build: (rec, t) => apply(rec, op, [need(t["x"])], attrs),
    };
    yield {
      ...common,
      name: `${name} ${kind} dx`,
      work: { bytes: 4 * (2 * sizeOf(shape) + sizeOf(small)) },
      inputs: { x: shape, dy: small },
      build: (rec, t) =>
        gradientOf(rec, need(t["x"]), need(t["dy"]), () => apply(rec, op, [need(t["x"])], attrs)),
    };
  }
}

function biasActivationCase(name: string, shape: Shape): BenchCase {
  return {
    name: `${name} dz and db`,
    shape: shape.join("×"),
    variants: ["only"],
    ladder: null,
    work: { bytes: 12 * sizeOf(shape) },
    inputs: { y: shape, dy: shape },
    build: (rec, t) => {
      const request = {
        dy: need(t["dy"]),
        y: need(t["y"]),
        activation: "relu",
        hasBias: true,
      } as const;
      const { dz, db } = recordBiasActivationBackward(rec, request);
      rec.keep(dz);
      return need(db ?? undefined);
    },
  };
}

/** The gradient of one input; the planner drops the forward pass where the gradient does not need it. */
function gradientOf(rec: Recorder, input: Tensor, dy: Tensor, forward: () => Tensor): Tensor {
  rec.watch(input);
  const y = forward();
  return need(recordGradients(rec, new Map([[y, dy]])).get(input));
}

function need<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("bench: a case names an input that it does not have");
  return value;
}

/** Inputs of a case on the device: uniform in [-1, 1), the same on every machine. */
export function makeInputs(device: Device, inputs: BenchCase["inputs"]): Record<string, Tensor> {
  const tensors = Object.entries(inputs).map(([name, shape], stream) => {
    const draw = (index: number) => 2 * uniformAt({ seed: 1, stream, step: 0, index }) - 1;
    const data = Float32Array.from({ length: sizeOf(shape) }, (_, index) => draw(index));
    return [name, device.tensor(shape, name, data)] as const;
  });
  return Object.fromEntries(tensors);
}
