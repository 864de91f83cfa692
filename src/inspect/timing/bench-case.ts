// What a case of the bench is, and what cases share. The cases themselves are in cases.ts and conv-cases.ts.

import type { Device } from "../../engine/core/device.ts";
import { uniformAt } from "../../engine/core/random.ts";
import { type Shape, sizeOf } from "../../engine/core/shape.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import { recordGradients } from "../../engine/ops/gradients.ts";
import type { Recorder } from "../../engine/program/recorder.ts";

export interface BenchCase {
  readonly name: string;
  readonly shape: string;
  /** Variants to time, where the adapter has them; the first that it has is what the others are checked against. */
  readonly variants: readonly string[];
  /** The ladder that the variants are rungs of; null for a kernel with one variant. */
  readonly ladder: string | null;
  /** Floating-point operations of the whole, padding included, or bytes for what moves more than it computes. */
  readonly work: { readonly flops: number } | { readonly bytes: number };
  /** Shapes of the inputs, by name. */
  readonly inputs: Readonly<Record<string, Shape>>;
  /** Records what is timed, and returns the result that is checked. */
  build(rec: Recorder, inputs: Readonly<Record<string, Tensor>>): Tensor;
}

/** The gradient of one input; the planner drops the forward pass where the gradient does not need it. */
export function gradientOf(
  rec: Recorder,
  input: Tensor,
  dy: Tensor,
  forward: () => Tensor,
): Tensor {
  rec.watch(input);
  const y = forward();
  return need(recordGradients(rec, new Map([[y, dy]])).get(input));
}

export function need<T>(value: T | undefined): T {
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
