// What a model with given weights predicts, on the device.

import type { Device } from "../../src/engine/core/device.ts";
import type { Model } from "../../src/engine/layers/model.ts";
import { Net } from "../../src/engine/layers/net.ts";
import { Variables, type Weights } from "../../src/engine/layers/variables.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";

export interface Prediction {
  readonly model: Model;
  readonly weights: Weights;
  /** As many images as fit into it. */
  readonly inputs: Float32Array<ArrayBuffer>;
}

export async function predict(
  device: Device,
  { model, weights, inputs }: Prediction,
): Promise<Float32Array> {
  const rec = new Recorder({ name: model.name, capabilities: device });
  const variables = new Variables(0);
  const net = new Net({ rec, variables, training: false, clock: null });
  const size = model.inputShape.reduce((product, extent) => product * extent, 1);
  const x = device.tensor([inputs.length / size, ...model.inputShape], "x", inputs);
  const y = model.build(net, x);
  rec.keep(y);
  variables.materialise(device, weights);
  const executable = await Executable.compile(device, rec.finish());
  executable.run();
  return executable.read(y);
}
