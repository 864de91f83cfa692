// What the tests of NaN, infinities and the ends of float32's range share: the values, a way to run an op on them, and a
// comparison that tells NaN, +∞, −∞ and numbers apart.

import { type Shape, sizeOf } from "../../src/engine/core/shape.ts";
import type { Tensor } from "../../src/engine/core/tensor.ts";
import type { Activation } from "../../src/engine/ops/gemm/bias-activation.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { gpu } from "./gpu.ts";

const INF = Number.POSITIVE_INFINITY;

/** The one NaN that processors make has its sign set, unlike JavaScript's. */
export const NEGATIVE_NAN = new Float32Array(Uint32Array.of(0xffc00000).buffer)[0] ?? Number.NaN;

/** Those next to zero are denormal: an adapter may keep them or flush them to zero. */
export const SPECIALS: readonly number[] = [
  ...[Number.NaN, INF, -INF, 0, -0],
  ...[1e-40, -1e-40, 1e38, -1e38],
];

export const ACTIVATE: Readonly<Record<Activation, (z: number) => number>> = {
  linear: (z) => z,
  relu: (z) => Math.max(z, 0),
  tanh: Math.tanh,
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
};

/** What kind of number it is, as far as float32 goes. */
function kindOf(value: number): string {
  const single = Math.fround(value);
  return Number.isFinite(single) ? "a number" : String(single);
}

/**
 * Throws unless NaN is NaN, ±∞ is ±∞, and numbers agree to some digits: how many is for other tests to say. `orNaN` lets a NaN stand
 * for an infinity: where zeros that fill a tile are multiplied with it.
 */
export function assertSame(
  label: string,
  actual: ArrayLike<number> | undefined,
  expected: ArrayLike<number>,
  { orNaN = false } = {},
): void {
  const wrong: string[] = [];
  for (let i = 0; i < Math.max(actual?.length ?? 0, expected.length); i++) {
    const [a, e] = [actual?.[i] ?? 0, expected[i] ?? 0];
    const isSame =
      kindOf(e) === "a number"
        ? kindOf(a) === "a number" && Math.abs(a - e) <= 1e-4 + 1e-5 * Math.abs(e)
        : kindOf(a) === kindOf(e) || (orNaN && Number.isNaN(a));
    if (!isSame || actual?.length !== expected.length) wrong.push(`[${i}] ${a}, expected ${e}`);
  }
  if (wrong.length > 0) {
    throw new Error(
      `${label}: ${wrong.length} of ${expected.length}: ${wrong.slice(0, 6).join("; ")}`,
    );
  }
}

export interface Input {
  readonly shape: Shape;
  readonly data: ArrayLike<number>;
}

export interface Case<Names extends string> {
  readonly inputs: Readonly<Record<Names, Input>>;
  readonly build: (rec: Recorder, inputs: Readonly<Record<Names, Tensor>>) => Tensor;
  /** Gradient of the output; none: forward only. */
  readonly dy?: ArrayLike<number>;
  readonly rungs?: Readonly<Record<string, string>>;
  readonly isSoftware?: boolean;
}

/** The output as `y`, and gradients as `d<input>`. */
export async function runCase<Names extends string>(
  testCase: Case<Names>,
): Promise<Readonly<Record<string, Float32Array>>> {
  const device = await gpu();
  const { subgroupSize, isSoftware } = device;
  const rec = new Recorder({
    name: "non-finite",
    capabilities: { subgroupSize, isSoftware: testCase.isSoftware ?? isSoftware },
    rungs: testCase.rungs ?? {},
  });
  const tensors = {} as Record<Names, Tensor>;
  for (const [name, { shape, data }] of Object.entries(testCase.inputs) as [Names, Input][]) {
    tensors[name] = device.tensor(shape, name, Float32Array.from(data));
    if (testCase.dy) rec.watch(tensors[name]);
  }
  const y = testCase.build(rec, tensors);
  const wanted = new Map<string, Tensor>([["y", y]]);
  if (testCase.dy) {
    const dy = device.tensor(y.shape, "dy", Float32Array.from(testCase.dy));
    const gradients = recordGradients(rec, new Map([[y, dy]]));
    for (const [name, tensor] of Object.entries(tensors) as [Names, Tensor][]) {
      const gradient = gradients.get(tensor);
      if (gradient) wanted.set(`d${name}`, gradient);
    }
  }
  for (const tensor of wanted.values()) rec.keep(tensor);
  const executable = await Executable.compile(device, rec.finish());
  executable.run();
  const results: Record<string, Float32Array> = {};
  for (const [name, tensor] of wanted) results[name] = await executable.read(tensor);
  device.check();
  return results;
}

/** Numbers of which none is zero, and none alike: 0.5 to 1, of either sign. */
export function plain(shape: Shape, seed = 0): Float32Array {
  return Float32Array.from({ length: sizeOf(shape) }, (_, i) => {
    const share = ((i + seed) * 0.618_033_988_7) % 1;
    return (0.5 + share / 2) * (Math.floor((i + seed) * 1.37) % 3 === 0 ? -1 : 1);
  });
}
