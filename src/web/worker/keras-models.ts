// Models in files, Keras's or those of saved runs, as the worker has them: one that was dropped is trained on as `npm run train -- --model FILE` does it, and a
// trained one is written as `npm run export` does.

import { FormatError, UsageError } from "../../engine/core/errors.ts";
import { describeModel, labelsOf, type Model } from "../../engine/layers/model.ts";
import type { Weights } from "../../engine/layers/variables.ts";
import type { OptimizerValues } from "../../engine/optim/optimizer-values.ts";
import type { Compiled } from "../../keras/compiled/compiled.ts";
import { exportedModel } from "../../models/architecture/exported-model.ts";
import {
  createModel,
  isOwn,
  type ModelConfig,
  modelLoss,
  type OwnModelConfig,
  predictionOf,
} from "../../models/models.ts";
import { endOf, keptWeights, nameOfStem, ownNetwork } from "../../models/own-model.ts";
import type { HeadChoice } from "../../page/web/head-choice.ts";
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

export type BasisChoice = Pick<TrainingChoice, "model" | "settings" | "optimizer" | "head">;

const MOST_BYTES = 2 ** 30;

export class KerasModels {
  readonly #site: URL;
  readonly #stage: Stage;
  readonly #patience: number | undefined;
  #opened: OpenedModel | null = null;

  /** `patience`: seconds that the reading of a file may take; a default of its own. */
  constructor(site: URL, stage: Stage, patience?: number) {
    this.#site = site;
    this.#stage = stage;
    this.#patience = patience;
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
    const { architecture, weights, compiled } = await readKeras(
      this.#site,
      { name: path, bytes },
      this.#patience,
    );
    const pretrained = await sha256([bytes]);
    const stem = path.replace(/^.*\//, "").replace(/(?<=.)\.[^.]*$/, "");
    const plain: OwnModelConfig = { name: nameOfStem(stem), architecture, pretrained };
    return { config: withEnd(plain), weights, compiled };
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

/** The same network, which says what it gives. */
export function withEnd(config: OwnModelConfig): OwnModelConfig {
  const predicts = endOf(ownNetwork(config));
  return predicts === "classes" ? config : { ...config, predicts };
}

/** Throws FormatError for a model that does not end in classes or pictures, nor can be made to. */
function viewOf({ file, config, compiled }: OpenedModel): OpenedModelView {
  const { model, needsHead } = standing(config);
  const predicts = predictionOf(config);
  const { trainable, nonTrainable } = describeModel(model);
  const { learningRate, notes } = compiledTraining({}, compiled, config);
  return {
    ...{ file, parameters: trainable + nonTrainable, learningRate, notes },
    classes: needsHead === null && predicts === "classes" ? labelsOf(model) : null,
    predicts,
    ...{ needsHead, takesHead: isOwn(config), optimizer: compiled?.optimizer ?? null },
  };
}

/** The model as its file has it, and why that is none to be trained; null where it is one. */
function standing(config: ModelConfig): { model: Model; needsHead: string | null } {
  try {
    return { model: createModel(config), needsHead: null };
  } catch (error) {
    if (!isOwn(config) || !(error instanceof FormatError)) throw error;
    // One that cannot be built with another end either is refused for that.
    createModel(withHead(config, "new", 2));
    return { model: ownNetwork(config), needsHead: error.message };
  }
}

/** As `train --head N` and `--freeze base` do it. Throws UsageError for a network of ours. */
function withHead(config: ModelConfig, head: HeadChoice, classes: number): ModelConfig {
  if (head === "the file's") return config;
  if (!isOwn(config)) {
    throw new UsageError(`last layer: is its own of ${config.name}, got ${head}`, {
      help: "train it anew instead: its last layer has as many classes as the data",
    });
  }
  return { ...config, head: classes, freeze: head === "new" ? "none" : "base" };
}

/**
 * By the names of what was chosen: a file's own, or one of the table's; a new last layer is for so many classes. Throws UsageError for
 * settings that a model cannot have.
 */
export function basisOf(
  { model, settings, optimizer, head }: BasisChoice,
  opened: OpenedModel | null,
  classes: number,
): Basis {
  if (opened?.file !== model) {
    return { config: configOf(model, settings), optimisation: {} };
  }
  const { compiled } = opened;
  const config = withHead(opened.config, head, classes);
  const weights = isOwn(config) ? keptWeights(config, opened.weights) : opened.weights;
  // Where the page chose the optimiser of the file, that goes on; any other begins anew.
  const isSame = !compiled?.optimizer || compiled.optimizer === optimizer;
  const found = compiledTraining(isSame ? {} : { optimizer }, compiled, config);
  return {
    ...{ config, weights, optimizer: found.state ?? undefined },
    optimisation: { ...modelLoss(config), ...found.optimisation },
  };
}
