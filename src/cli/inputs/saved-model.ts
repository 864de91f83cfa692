// Brings a saved run back onto a device, for the commands that use a trained model.

import { join } from "node:path";
import type { Device } from "../../engine/core/device.ts";
import { FormatError } from "../../engine/core/errors.ts";
import { formatShape, type Shape, sameShape } from "../../engine/core/shape.ts";
import { type Model, variablesOf } from "../../engine/layers/model.ts";
import type { Variables, Weights } from "../../engine/layers/variables.ts";
import { createModel } from "../../models/models.ts";
import { loadRun, type RunConfig } from "../../runs/run-folder.ts";
import { type Evaluator, evaluatorOf } from "../../train/evaluator.ts";

export interface SavedModel {
  readonly config: RunConfig;
  readonly model: Model;
  readonly weights: Weights;
  readonly evaluatorOn: (device: Device) => Evaluator;
}

/** Reads the run first, so that a wrong folder is told before anything slow happens. */
export async function loadModel(run: string): Promise<SavedModel> {
  const { config, weights, shapes } = await loadRun(run);
  const model = createModel(config.model);
  checkShapes(join(run, "weights.safetensors"), variablesOf(model), shapes);
  return {
    config,
    model,
    weights,
    evaluatorOn: (device) => evaluatorOf(device, model, weights),
  };
}

/** Weights and model must be of one another: nothing missing, nothing else, every shape the same. */
function checkShapes(file: string, variables: Variables, shapes: ReadonlyMap<string, Shape>): void {
  const help = "config.json and weights.safetensors must come from the same run";
  const wanted = new Map([...variables].map(({ name, tensor }) => [name, tensor.shape]));
  for (const name of new Set([...wanted.keys(), ...shapes.keys()])) {
    const [want, got] = [wanted.get(name), shapes.get(name)];
    if (want && got && sameShape(want, got)) continue;
    const rule = want ? `must be of shape ${formatShape(want)}` : "is no variable of the model";
    const found = got ? formatShape(got) : "no such tensor";
    throw new FormatError(`${file}: ${name}: ${rule}, got ${found}`, { help });
  }
}
