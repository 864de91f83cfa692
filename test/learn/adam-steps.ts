// Adam for the chapters of docs/learn twice: as float64 loops, and four weights on the device. Rate 0.1, Keras's betas.

import { adam } from "../../src/engine/optim/adam.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { gpu } from "../support/gpu.ts";

export const RATE = 0.1;
export const BETA1 = 0.9;
export const BETA2 = 0.999;
const EPSILON = 1e-7;

export interface AdamState {
  readonly w: readonly number[];
  readonly m: readonly number[];
  readonly v: readonly number[];
}

/** The state after each step. */
export function adamLoops(
  start: readonly number[],
  gradients: readonly (readonly number[])[],
): readonly AdamState[] {
  const zeros = start.map(() => 0);
  let state: AdamState = { w: start, m: zeros, v: zeros };
  return gradients.map((g, index) => {
    state = stepped(state, g, index + 1);
    return state;
  });
}

function stepped({ w, m, v }: AdamState, g: readonly number[], t: number): AdamState {
  const alpha = (RATE * Math.sqrt(1 - BETA2 ** t)) / (1 - BETA1 ** t);
  const mean = m.map((old, i) => old + ((g[i] ?? 0) - old) * (1 - BETA1));
  const square = v.map((old, i) => old + ((g[i] ?? 0) ** 2 - old) * (1 - BETA2));
  const moved = w.map(
    (old, i) => old - (alpha * (mean[i] ?? 0)) / (Math.sqrt(square[i] ?? 0) + EPSILON),
  );
  return { w: moved, m: mean, v: square };
}

/** A function that takes a step with a gradient, and returns w, m, v and the corrections c. */
export async function adamOnDevice(start: readonly number[]) {
  const device = await gpu();
  const flat = (label: string, values: readonly number[] = [0, 0, 0, 0]) =>
    device.tensor([4], label, Float32Array.from(values));
  const [w, dw, m, v] = [flat("w", start), flat("dw"), flat("m"), flat("v")];
  const learningRate = device.tensor([1], "rate", Float32Array.of(RATE));
  const state = device.tensor([2], "state");
  const rec = new Recorder({ name: "adam", capabilities: device });
  const rule = adam();
  rule.recordStep(rec, state);
  rule.recordUpdate(rec, { w, dw, slots: [m, v], learningRate, state });
  const executable = await Executable.compile(device, rec.finish());
  return async (g: readonly number[]) => {
    device.write(dw, Float32Array.from(g));
    executable.run();
    const read = async (tensor: typeof w) => [...(await executable.read(tensor))];
    return { w: await read(w), m: await read(m), v: await read(v), c: await read(state) };
  };
}
