// Runs an op forward and backward on given numbers and hands back what comes out, for tests against recorded vectors.

import type { Shape } from "../../src/engine/core/shape.ts";
import type { Tensor } from "../../src/engine/core/tensor.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import type { Capabilities } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { gpu } from "./gpu.ts";

type Nested = number | readonly Nested[];

/** Nested arrays, as JSON holds tensors, with their shape. */
export function nested(values: Nested): { shape: Shape; data: Float64Array } {
  const shape: number[] = [];
  for (let at: Nested | undefined = values; Array.isArray(at); at = at[0]) shape.push(at.length);
  const data = Float64Array.from(flatten(values));
  return { shape, data };
}

function flatten(values: Nested): readonly number[] {
  return typeof values === "number" ? [values] : values.flatMap(flatten);
}

export interface OpRun {
  readonly inputs: Readonly<
    Record<string, { readonly shape: Shape; readonly data: ArrayLike<number> }>
  >;
  readonly build: (rec: Recorder, input: (name: string) => Tensor) => Tensor;
  /** Gradient of the output; none: forward only. */
  readonly dy?: ArrayLike<number>;
  /** What the recording supposes of the device; the device's own by default. */
  readonly capabilities?: Capabilities;
  /** Inputs to read back after the run, because the program changes them. */
  readonly readBack?: readonly string[];
}

/** The output as `y`, gradients as `d<input>`, and inputs that were asked for under their names. */
export async function runOp(run: OpRun): Promise<Readonly<Record<string, Float32Array>>> {
  const device = await gpu();
  const rec = new Recorder({ name: "run-op", capabilities: run.capabilities ?? device });
  const tensors: Record<string, Tensor> = {};
  for (const [name, { shape, data }] of Object.entries(run.inputs)) {
    tensors[name] = device.tensor(shape, name, Float32Array.from(data));
  }
  if (run.dy) for (const tensor of Object.values(tensors)) rec.watch(tensor);
  const y = run.build(rec, (name) => {
    const tensor = tensors[name];
    if (!tensor) throw new Error(`run-op: no input ${name}`);
    return tensor;
  });
  const wanted: Record<string, Tensor> = { y };
  if (run.dy) {
    const dy = device.tensor(y.shape, "dy", Float32Array.from(run.dy));
    const gradients = recordGradients(rec, new Map([[y, dy]]));
    for (const [name, tensor] of Object.entries(tensors)) {
      const gradient = gradients.get(tensor);
      if (gradient) wanted[`d${name}`] = gradient;
    }
  }
  for (const name of run.readBack ?? []) if (tensors[name]) wanted[name] = tensors[name];
  for (const tensor of Object.values(wanted)) rec.keep(tensor);
  const executable = await Executable.compile(device, rec.finish());
  executable.run();
  const results: Record<string, Float32Array> = {};
  for (const [name, tensor] of Object.entries(wanted))
    results[name] = await executable.read(tensor);
  device.check();
  return results;
}
