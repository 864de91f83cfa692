// Runs a model once on given inputs, with given weights: what round-trip.ts compares with Keras.

import type { Device } from "../../src/engine/core/device.ts";
import type { Model } from "../../src/engine/layers/model.ts";
import { Net } from "../../src/engine/layers/net.ts";
import { type NamedValues, Variables, type Weights } from "../../src/engine/layers/variables.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";

/** The model's output for the rows of x (rows, H, W, C), at inference. Every variable must have a weight. */
export async function runModel(
  device: Device,
  model: Model,
  weights: Iterable<NamedValues>,
  x: Float32Array<ArrayBuffer>,
): Promise<Float32Array> {
  const given: Weights = new Map(weights);
  const variables = new Variables(0);
  const rec = new Recorder({ name: `${model.name}.run`, capabilities: device });
  const [height = 0, width = 0, channels = 0] = model.inputShape;
  const rows = x.length / (height * width * channels);
  const images = device.tensor([rows, height, width, channels], "x", x);
  const net = new Net({ rec, variables, training: false, clock: null });
  const y = model.build(net, images);
  for (const { name } of variables) {
    if (!given.has(name)) throw new Error(`run-model: no weight for ${name}`);
  }
  variables.materialise(device, given);
  rec.keep(y);
  const executable = await Executable.compile(device, rec.finish());
  executable.run();
  const output = await executable.read(y);
  device.check();
  return output;
}
