// Models in files, Keras's or those of saved runs, as the worker has them: one that was dropped is trained on as `npm run train -- --model FILE` does it, and a
// trained one is written as `npm run export` does.

import { FormatError } from "../../engine/core/errors.ts";
import { describeModel } from "../../engine/layers/model.ts";
import type { Weights } from "../../engine/layers/variables.ts";
import type { OptimizerValues } from "../../engine/optim/optimizer-values.ts";
import type { Compiled } from "../../keras/compiled/compiled.ts";
import { exportedModel } from "../../models/architecture/exported-model.ts";
import {
  createModel,
  type ModelConfig,
  modelLoss,
  type OwnModelConfig,
} from "../../models/models.ts";
import { nameOfStem } from "../../models/own-model.ts";
import type {
  DroppedFile,
  FileView,
  OpenedModelView,
  TrainingChoice,
} from "../../page/web/protocol.ts";
import { compiledOf, compiledTraining } from "../../train/compiled-training.ts";
import type { Optimisation } from "../../train/training.ts";
import { sha256 } from "./digest.ts";
import { readKeras, writtenKeras } from "./keras-worker.ts";
import { configOf } from "./model-views.ts";
import type { Stage } from "./open-data.ts";
import { readRunZip } from "./opened-run.ts";

/** A model of a file. */
export interface OpenedModel {
  /** Its name without folders, by which a training is asked to go on with it. */
  readonly file: string;
  readonly config: ModelConfig;
  readonly weights: Weights;
  /** Null where the file does not say how it was trained. */
  readonly compiled: Compiled | null;
}

/** What a training starts from. */
export interface Basis {
  readonly config: ModelConfig;
  /** None of a model that begins with random ones. */
  readonly weights?: Weights | undefined;
  /** What of the training is not asked for by the page, but follows from the model. */
  readonly optimisation: Optimisation;
  readonly optimizer?: OptimizerValues | undefined;
}

/** What a file is made of. */
export interface TrainedModel {
  readonly config: ModelConfig;
  readonly weights: Weights;
  readonly training: Optimisation & { readonly learningRate: number };
  readonly optimizer: OptimizerValues | null;
}

const MOST_BYTES = 2 ** 30;

export class KerasModels {
  readonly #site: URL;
  readonly #stage: Stage;
  #opened: OpenedModel | null = null;

  constructor(site: URL, stage: Stage) {
    this.#site = site;
    this.#stage = stage;
  }

  get opened(): OpenedModel | null {
    return this.#opened;
  }

  /** Throws FormatError, naming the file, for one that is damaged, and for a model that cannot be trained here. */
  async open({ path, file }: DroppedFile): Promise<OpenedModelView> {
    if (file.size > MOST_BYTES) {
      throw new FormatError(`${path}: must be at most 1 GiB, got ${file.size} bytes`);
    }
    this.#stage(`reading ${path}`);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const name = path.replace(/^.*\//, "");
    const read = /\.zip$/i.test(name)
      ? { ...(await readRunZip(path, bytes)), compiled: null }
      : await this.#readKeras(path, bytes);
    const opened = { file: name, ...read };
    const view = viewOf(opened);
    this.#opened = opened;
    return view;
  }

  async #readKeras(path: string, bytes: Uint8Array): Promise<Omit<OpenedModel, "file">> {
    const { architecture, weights, compiled } = await readKeras(this.#site, { name: path, bytes });
    const pretrained = await sha256([bytes]);
    const stem = path.replace(/^.*\//, "").replace(/(?<=.)\.[^.]*$/, "");
    const config: OwnModelConfig = { name: nameOfStem(stem), architecture, pretrained };
    return { config, weights, compiled };
  }

  /** A `.keras` file with what the optimiser came to, for Keras 3. */
  async written({ config, weights, training, optimizer }: TrainedModel): Promise<FileView> {
    this.#stage("writing the model");
    const name = `${config.name}.keras`;
    const model = exportedModel(createModel(config));
    const compiled = compiledOf(training, optimizer);
    return { name, bytes: await writtenKeras(this.#site, { name, model, weights, compiled }) };
  }
}

/** Throws FormatError for a model that does not end in classes. */
function viewOf({ file, config, compiled }: OpenedModel): OpenedModelView {
  const { trainable, nonTrainable } = describeModel(createModel(config));
  const { learningRate, notes } = compiledTraining({}, compiled, config);
  const optimizer = compiled?.optimizer ?? null;
  return { file, parameters: trainable + nonTrainable, optimizer, learningRate, notes };
}

/** By the names of what was chosen: a file's own, or one of the table's. Throws UsageError for settings that a model cannot have. */
export function basisOf(
  { model, settings, optimizer }: Pick<TrainingChoice, "model" | "settings" | "optimizer">,
  opened: OpenedModel | null,
): Basis {
  if (opened?.file !== model) {
    return { config: configOf(model, settings), optimisation: {} };
  }
  const { config, weights, compiled } = opened;
  // Where the page chose the optimiser of the file, that goes on; any other begins anew.
  const isOwn = !compiled?.optimizer || compiled.optimizer === optimizer;
  const found = compiledTraining(isOwn ? {} : { optimizer }, compiled, config);
  return {
    ...{ config, weights, optimizer: found.state ?? undefined },
    optimisation: { ...modelLoss(config), ...found.optimisation },
  };
}
