// What the bench times: each kernel on the shapes that LeNet-5 at batch 50 gives it, matrix products of one size, and the
// convolutions of conv-cases.ts.
// Every case builds a program from random inputs and says how its result is checked.

import { type Shape, sizeOf } from "../../engine/core/shape.ts";
import { dense } from "../../engine/ops/dense.ts";
import { recordBiasActivationBackward } from "../../engine/ops/gemm/bias-activation.ts";
import { recordGemm } from "../../engine/ops/gemm/gemm.ts";
import { averagePool2d, maxPool2d } from "../../engine/ops/pool/pool2d.ts";
import { apply } from "../../engine/program/tape.ts";
import { type BenchCase, gradientOf, need } from "./bench-case.ts";
import { lenetConvCases, resnet152v2ConvCases, vgg19ConvCases } from "./conv-cases.ts";

const RUNGS = ["naive", "tiled", "subgroup"] as const;

export function* benchCases(): Iterable<BenchCase> {
  yield gemmCase(512);
  yield gemmCase(1024);
  yield* lenetConvCases();
  yield* vgg19ConvCases();
  yield* resnet152v2ConvCases();
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
