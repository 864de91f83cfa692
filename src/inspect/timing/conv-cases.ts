// Convolutions to time: LeNet-5's, and every distinct one of VGG19 and of ResNet152V2 for 32×32 images at batch 50.

import { type Conv2dAttrs, conv2d } from "../../engine/ops/conv2d/conv2d.ts";
import { convFlops, convGeometry } from "../../engine/ops/conv2d/problem.ts";
import { apply } from "../../engine/program/tape.ts";
import { type BenchCase, gradientOf, need } from "./bench-case.ts";

interface ConvSize {
  /** Rows and columns of the square map, and channels. */
  readonly size: number;
  readonly i: number;
  readonly k: number;
  readonly o: number;
  readonly stride?: number;
  readonly padding: Conv2dAttrs["padding"];
}

const BATCH = 50;
const RUNGS = [
  "naive",
  "tiled",
  "subgroup",
  "implicit",
  "gemm",
  "winograd",
  "winograd4",
  "toeplitz",
] as const;
/** The rungs worth waiting for where one run of the naive one takes seconds; the first is proved by the tests. */
const FAST = ["subgroup", "implicit", "gemm", "winograd", "winograd4", "toeplitz"] as const;
const PASSES = ["forward", "dx", "dw"] as const;

type Pass = (typeof PASSES)[number];

export function* lenetConvCases(): Iterable<BenchCase> {
  yield* convCases("conv1", { size: 32, i: 1, k: 5, o: 6, padding: "valid" }, ["forward", "dw"]);
  yield* convCases("conv2", { size: 14, i: 6, k: 5, o: 16, padding: "valid" }, PASSES);
}

/** Map, input channels and filters of VGG19's 3×3 convolutions. */
const VGG19 = [
  [32, 3, 64],
  [32, 64, 64],
  [16, 64, 128],
  [16, 128, 128],
  [8, 128, 256],
  [8, 256, 256],
  [4, 256, 512],
  [4, 512, 512],
  [2, 512, 512],
] as const;

export function* vgg19ConvCases(): Iterable<BenchCase> {
  for (const [size, i, o] of VGG19) {
    const passes = i === 3 ? (["forward", "dw"] as const) : PASSES;
    const conv = { size, i, k: 3, o, padding: "same" } as const;
    yield* convCases(`vgg19 ${size}² ${i}→${o}`, conv, passes, FAST);
  }
}

/** Map, window, input channels, filters and stride of ResNet152V2's convolutions. */
const RESNET152V2 = [
  [32, 7, 3, 64, 2],
  [8, 1, 64, 64, 1],
  [8, 3, 64, 64, 1],
  [8, 1, 64, 256, 1],
  [8, 1, 256, 64, 1],
  [8, 3, 64, 64, 2],
  [4, 1, 64, 256, 1],
  [4, 1, 256, 128, 1],
  [4, 3, 128, 128, 1],
  [4, 1, 128, 512, 1],
  [4, 1, 256, 512, 1],
  [4, 1, 512, 128, 1],
  [4, 3, 128, 128, 2],
  [2, 1, 128, 512, 1],
  [2, 1, 512, 256, 1],
  [2, 3, 256, 256, 1],
  [2, 1, 256, 1024, 1],
  [2, 1, 512, 1024, 1],
  [2, 1, 1024, 256, 1],
  [2, 3, 256, 256, 2],
  [1, 1, 256, 1024, 1],
  [1, 1, 1024, 512, 1],
  [1, 3, 512, 512, 1],
  [1, 1, 512, 2048, 1],
  [1, 1, 1024, 2048, 1],
  [1, 1, 2048, 512, 1],
] as const;

export function* resnet152v2ConvCases(): Iterable<BenchCase> {
  for (const [size, k, i, o, stride] of RESNET152V2) {
    const around = (k - 1) / 2;
    const padding = [
      [around, around],
      [around, around],
    ] as const;
    const name = `resnet152v2 ${size}² ${k}×${k}${stride > 1 ? `/${stride}` : ""} ${i}→${o}`;
    yield* convCases(name, { size, i, k, o, stride, padding }, ["forward"], FAST);
  }
}

function* convCases(
  name: string,
  size: ConvSize,
  passes: readonly Pass[],
  variants: readonly string[] = RUNGS,
): Iterable<BenchCase> {
  const { i, k, o, stride = 1, padding } = size;
  const x = [BATCH, size.size, size.size, i];
  const w = [k, k, i, o];
  const attrs = { strides: [stride, stride], padding, activation: "linear" } as const;
  const geometry = convGeometry(x, w, attrs);
  const dy = [BATCH, geometry.oh, geometry.ow, o];
  const common = {
    shape: `${x.join("×")} → ${dy.slice(1).join("×")}, ${k}×${k}`,
    variants,
    work: { flops: convFlops(geometry) },
  };
  for (const pass of passes) {
    yield {
      ...common,
      name: `${name} ${pass}`,
      ladder: `conv2d.${pass}`,
      inputs: pass === "forward" ? { x, w, b: [o] } : { x, w, dy },
      build: (rec, t) => {
        const [from, kernel] = [need(t["x"]), need(t["w"])];
        if (pass === "forward") {
          return apply(rec, conv2d, [from, kernel, need(t["b"])], { ...attrs, activation: "relu" });
        }
        const wanted = pass === "dx" ? from : kernel;
        return gradientOf(rec, wanted, need(t["dy"]), () =>
          apply(rec, conv2d, [from, kernel], attrs),
        );
      },
    };
  }
}
