// One optimiser over a flat tensor, update by update: what it leaves in the weights, slots and state.

import type { Tensor } from "../../src/engine/core/tensor.ts";
import type { Optimizer } from "../../src/engine/optim/optimizer.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { gpu } from "./gpu.ts";

export interface Run {
  readonly optimizer: Optimizer;
  readonly learningRate: number;
  readonly start: ArrayLike<number>;
  /** One an update. */
  readonly gradients: readonly ArrayLike<number>[];
  readonly isSoftware?: boolean;
}

export type Snapshot = Readonly<Record<string, Float32Array>>;

/** The weights (`w`), slots and `state` after every update. */
export async function train(run: Run): Promise<readonly Snapshot[]> {
  const device = await gpu();
  const { optimizer, start, gradients, isSoftware = true } = run;
  const tensor = (label: string, data: ArrayLike<number> = new Float64Array(start.length)) =>
    device.tensor([data.length], label, Float32Array.from(data));
  const [w, dw] = [tensor("w", start), tensor("dw")];
  const slots = optimizer.slots.map((slot) => tensor(slot));
  const state = optimizer.stateSize > 0 ? device.tensor([optimizer.stateSize], "state") : null;
  const rec = new Recorder({ name: "update", capabilities: { isSoftware, subgroupSize: null } });
  optimizer.recordStep(rec, state);
  const learningRate = tensor("learningRate", [run.learningRate]);
  optimizer.recordUpdate(rec, { w, dw, slots, learningRate, state });
  const executable = await Executable.compile(device, rec.finish());
  const watched: readonly Tensor[] = [w, ...slots, ...(state ? [state] : [])];
  const snapshots: Snapshot[] = [];
  for (const gradient of gradients) {
    device.write(dw, Float32Array.from(gradient));
    executable.run();
    const snapshot: Record<string, Float32Array> = {};
    for (const tensor of watched) snapshot[tensor.label] = await executable.read(tensor);
    snapshots.push(snapshot);
  }
  device.check();
  return snapshots;
}
