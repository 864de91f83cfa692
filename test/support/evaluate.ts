// Records, compiles and runs a small program once, and reads back what it is asked for. For what check-op does not
// cover: several outputs, integers, other capabilities than the adapter's.

import type { Tensor } from "../../src/engine/core/tensor.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import type { Capabilities } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { gpu } from "./gpu.ts";

export type Arrays<Names extends string> = Readonly<
  Record<Names, Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>
>;

export interface Evaluation<Names extends string> {
  readonly outputs: Arrays<Names>;
  /** Labels of the kernels that ran. */
  readonly kernels: readonly string[];
}

/** `build` returns the tensors to read, by name. */
export async function evaluate<Names extends string>(
  build: (rec: Recorder) => Readonly<Record<Names, Tensor>>,
  capabilities?: Capabilities,
): Promise<Evaluation<Names>> {
  const device = await gpu();
  const rec = new Recorder({ name: "evaluate", capabilities: capabilities ?? device });
  const tensors = build(rec);
  const named = Object.entries(tensors) as [Names, Tensor][];
  for (const [, tensor] of named) rec.keep(tensor);
  const executable = await Executable.compile(device, rec.finish());
  executable.run();
  const outputs = {} as Record<Names, Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>;
  for (const [name, tensor] of named) {
    const data = await executable.read(tensor);
    outputs[name] = tensor.dtype === "u32" ? new Uint32Array(data.buffer, 0, data.length) : data;
  }
  device.check();
  return { outputs, kernels: executable.dispatches.map(({ kernel }) => kernel.label) };
}
