// Event files of a training for TensorBoard, laid out as Keras's callback lays them out: LOGDIR/train and LOGDIR/validation, an epoch a
// step (from 0), tags epoch_loss, epoch_accuracy, epoch_learning_rate; with statistics, histograms and scalars by training step; and
// the first convolution's filters as a picture.
// Source: keras/callbacks.py (TensorBoard), 2.8.

import { join } from "node:path";
import type { Weights } from "../../engine/layers/variables.ts";
import type { Callback, Logs, TrainingControl } from "../../train/callbacks/callback.ts";
import type { StepStatistics } from "../../train/step-statistics.ts";
import { EventFile } from "./event-file.ts";
import { filtersImage } from "./filters-image.ts";
import type { SummaryValue } from "./summary.ts";

export interface TensorBoardConfig {
  readonly logDir: string;
  /** A variable (height, width, in, out) to draw after each epoch; null draws none. */
  readonly filters?: { readonly name: string; readonly shape: readonly number[] } | null;
}

export class TensorBoard implements Callback {
  readonly train: EventFile;
  readonly #validation: EventFile;
  readonly #filters: TensorBoardConfig["filters"];

  constructor({ logDir, filters = null }: TensorBoardConfig) {
    this.train = new EventFile(join(logDir, "train"));
    this.#validation = new EventFile(join(logDir, "validation"));
    this.#filters = filters;
  }

  /** Those of a training step; written with the epoch's. */
  readonly onStatistics = (statistics: StepStatistics): void => {
    this.train.add(statistics.step, statisticsValues(statistics));
  };

  async onEpochEnd(epoch: number, logs: Logs, { weights }: TrainingControl): Promise<void> {
    const { lr, ...rest } = logs;
    const training: SummaryValue[] = lr === undefined ? [] : [scalar("epoch_learning_rate", lr)];
    const validation: SummaryValue[] = [];
    for (const [name, value] of Object.entries(rest)) {
      if (name.startsWith("val_")) validation.push(scalar(`epoch_${name.slice(4)}`, value));
      else training.push(scalar(`epoch_${name}`, value));
    }
    this.train.add(epoch, [...training, ...this.#picture(weights)]);
    await this.train.flush();
    if (validation.length === 0) return;
    this.#validation.add(epoch, validation);
    await this.#validation.flush();
  }

  /** What was measured in an epoch that did not come to its end. */
  async onTrainEnd(): Promise<void> {
    await this.train.flush();
  }

  #picture(weights: Weights): readonly SummaryValue[] {
    const values = this.#filters && weights.get(this.#filters.name);
    if (!this.#filters || !values) return [];
    const image = filtersImage(values, this.#filters.shape);
    return image ? [{ kind: "image", tag: this.#filters.name, image }] : [];
  }
}

function scalar(tag: string, value: number): SummaryValue {
  return { kind: "scalar", tag, value };
}

/** `weights/conv2d/kernel` and so on as histograms; the gradient's norm, update ratios and shares of zeros as scalars. */
export function statisticsValues(statistics: StepStatistics): readonly SummaryValue[] {
  const histograms = statistics.entries
    .filter(({ finite }) => finite > 0)
    .map(({ measured, name, min, max, finite, mean, deviation, histogram }): SummaryValue => {
      const bins = { min, max, count: finite, mean, deviation, bins: histogram };
      return { kind: "histogram", tag: `${measured}/${name}`, histogram: bins };
    });
  const zeros = statistics.entries
    .filter(({ measured }) => measured === "activations")
    .map(({ name, zeros, elements }) => scalar(`zeros/${name}`, zeros / elements));
  const ratios = Object.entries(statistics.updateRatios).map(([name, ratio]) =>
    scalar(`update_ratio/${name}`, ratio),
  );
  return [scalar("gradient_norm", statistics.gradientNorm), ...ratios, ...zeros, ...histograms];
}
