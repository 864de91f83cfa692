// Brings a trained model back onto a device, for the commands that use one: a saved run's, or that of a file of Keras's.

import { join } from "node:path";
import type { Dataset } from "../../data/dataset.ts";
import type { Device } from "../../engine/core/device.ts";
import { FormatError, UsageError } from "../../engine/core/errors.ts";
import { formatShape, type Shape, sameShape } from "../../engine/core/shape.ts";
import { labelsOf, type Model, variablesOf } from "../../engine/layers/model.ts";
import type { Variables, Weights } from "../../engine/layers/variables.ts";
import type { Compiled } from "../../keras/compiled/compiled.ts";
import type { ReadOptions } from "../../keras/read-model.ts";
import { checkTakes, fittedTo } from "../../models/for-data.ts";
import { createModel, isOwn, type OwnModelConfig } from "../../models/models.ts";
import { PREPROCESSINGS } from "../../models/own-model.ts";
import { loadRun } from "../../runs/run-folder.ts";
import { type RunConfig, runConfig } from "../../runs/run-record.ts";
import { type Evaluator, evaluatorOf } from "../../train/evaluator.ts";
import { modelsLoss } from "../../train/losses.ts";
import { isModelFile, readModelFile } from "./model-file.ts";

export interface SavedModel {
  readonly config: RunConfig;
  readonly model: Model;
  readonly weights: Weights;
  /** Of a file, which knows neither its classes' names nor the images that it learnt. */
  readonly isFile: boolean;
  /** Of a file: how it was trained, where it says. */
  readonly compiled: Compiled | null;
  /** Of a file: what reading it changes, in sentences. */
  readonly notes: readonly string[];
  readonly evaluatorOn: (device: Device) => Evaluator;
}

/** How a file's network takes its images, where that is not what it looks like. */
export const FILE_FLAGS = {
  preprocess: {
    type: "choice",
    choices: PREPROCESSINGS,
    help: "of a Keras file's network: its images divided by 255 (unit), 0 to 255 (bytes), -1 to 1 (tf) or normalised by ImageNet's means (caffe, torch); default unit, and bytes where it begins with Rescaling or Normalization",
  },
} as const;

type FileFlags = { readonly preprocess?: OwnModelConfig["preprocessing"] | undefined };

export const TRAINED_POSITIONAL = {
  name: "RUN",
  help: "folder of a saved run, a trial or a fold, such as runs/…-lenet5; or a model of Keras's, .keras or .h5",
} as const;

/** Reads the run first, so that a wrong folder is told before anything slow happens. */
export async function loadModel(
  run: string,
  flags: FileFlags = {},
  options: ReadOptions = {},
): Promise<SavedModel> {
  if (isModelFile(run)) return ofFile(run, flags, options);
  if (flags.preprocess !== undefined) {
    throw new UsageError(
      `--preprocess: a saved run says how it takes images, got ${flags.preprocess}`,
    );
  }
  const { config, weights, shapes } = await loadRun(run);
  checkShapes(join(run, "weights.safetensors"), variablesOf(createModel(config.model)), shapes);
  return trainedModel({ config, weights, isFile: false, compiled: null, notes: [] });
}

function trainedModel(given: Omit<SavedModel, "model" | "evaluatorOn">): SavedModel {
  const { config, weights } = given;
  const model = createModel(config.model);
  const loss = modelsLoss(config.model, config.training);
  return { ...given, model, evaluatorOn: (device) => evaluatorOf(device, model, weights, loss) };
}

/** As a run that says no more than the network: nobody has told the classes' names, or what the images were. */
async function ofFile(
  path: string,
  { preprocess }: FileFlags,
  options: ReadOptions,
): Promise<SavedModel> {
  const { config, weights, compiled, notes } = await readModelFile(path, options);
  if (!weights) {
    throw new UsageError(`run: must be a trained model, got the program ${path}`, {
      help: "a training saves a run",
      remedies: ["train"],
    });
  }
  const model = { ...config, ...(preprocess ? { preprocessing: preprocess } : {}) };
  const classes = labelsOf(createModel(model));
  const record = runConfig({
    ...{ model, training: {}, adapter: "" },
    classNames: Array.from({ length: classes }, (_, label) => `class ${label}`),
    data: { name: path, shape: createModel(model).inputShape },
  });
  return trainedModel({ config: record, weights, isFile: true, compiled, notes });
}

/** The same model for the images at hand. Throws UsageError, naming the flag, where it cannot be shown them. */
export function shownImages(trained: SavedModel, dataset: Dataset): SavedModel {
  const { config, isFile } = trained;
  if (!isFile || !isOwn(config.model)) {
    checkTakes(trained.model, dataset);
    return trained;
  }
  const { classNames } = dataset;
  const fitted = { ...config, model: fittedTo(config.model, dataset), classNames };
  const shown = trainedModel({ ...trained, config: fitted });
  checkTakes(shown.model, dataset);
  return shown;
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
