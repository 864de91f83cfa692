// What the models of a run are trained on: images, or what a frozen base makes of them. Training, folds and trials ask it
// for the model to train, for the data, and for the values to start from, and are the same in both cases.

import type { Dataset } from "../data/dataset.ts";
import type { Device } from "../engine/core/device.ts";
import { VitrineError } from "../engine/core/errors.ts";
import { type Model, variablesOf } from "../engine/layers/model.ts";
import type { Weights } from "../engine/layers/variables.ts";
import type { NamedTensor } from "../io/safetensors.ts";
import {
  createModel,
  createTransferModel,
  isTransfer,
  type ModelConfig,
  type TransferModelConfig,
} from "../models/models.ts";
import { type DeviceData, placeDataset } from "./device-data.ts";
import { type FeatureStore, type FrozenBaseOptions, frozenFeatures } from "./frozen/frozen-base.ts";
import { namedTensors } from "./named-tensors.ts";

export interface Basis {
  /** The model that is trained when `config` is asked for. */
  modelOf(config: ModelConfig): Model;
  /** A data set as that model takes it. */
  place(dataset: Dataset): Promise<DeviceData>;
  /** What that model starts from; variables that are not named are initialised. */
  readonly pretrained: Weights;
  /** The weights of the whole model, given those of the trained one. */
  complete(weights: Weights): Weights;
}

/** The weights of a whole model for a file, given those of the part that was trained. */
export function wholeTensors(
  basis: Basis,
  config: ModelConfig,
  weights: Weights,
): readonly NamedTensor[] {
  return namedTensors(variablesOf(createModel(config)), basis.complete(weights));
}

/** Whole models on images. */
export function imageBasis(device: Device, pretrained: Weights = new Map()): Basis {
  return {
    modelOf: createModel,
    place: (dataset) => placeDataset(device, dataset),
    pretrained,
    complete: (weights) => weights,
  };
}

export interface FeatureBasisOptions extends Omit<FrozenBaseOptions, "base" | "weights"> {
  readonly config: TransferModelConfig;
  /** Of the base; what it lacks is initialised by `seed`. */
  readonly pretrained: Weights;
  readonly seed: number;
  /** Where the features of a data set are kept between runs, if anywhere. */
  readonly storeFor?: (dataset: Dataset, base: Model) => Promise<FeatureStore>;
}

/** Heads on the features of one frozen base. */
export function featureBasis(options: FeatureBasisOptions): Basis {
  const { base } = createTransferModel(options.config);
  const weights = variablesOf(base, options.seed).initialWeights(options.pretrained);
  const expected = baseSettings(options.config);
  let isWarm = false;
  return {
    modelOf(config) {
      const settings = isTransfer(config) ? baseSettings(config) : config.name;
      if (isTransfer(config) && settings === expected) return createTransferModel(config).head;
      throw new VitrineError(`basis: all models have the base ${expected}, got ${settings}`);
    },
    async place(dataset) {
      const store = (await options.storeFor?.(dataset, base)) ?? null;
      const onCompiled = (total: number): void => {
        isWarm = true;
        options.onCompiled?.(total);
      };
      return frozenFeatures({ ...options, isWarm, onCompiled, base, weights }, dataset, store);
    },
    pretrained: new Map(),
    complete: (head) => new Map([...weights, ...head]),
  };
}

/** Everything that the features depend on, the weights apart. */
function baseSettings({ units, dropout, classes, ...base }: TransferModelConfig): string {
  return JSON.stringify(Object.entries(base).sort(([a], [b]) => (a < b ? -1 : 1)));
}
