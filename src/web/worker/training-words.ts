// What a training of the page is made of, from what its form says; and what the page is told of it.

import { type Dataset, firstRows, limitRows } from "../../data/dataset.ts";
import { trainTestSplit } from "../../data/split.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { OPTIMIZER_NAMES, type OptimizerName } from "../../engine/optim/create-optimizer.ts";
import { forData } from "../../models/for-data.ts";
import type { ModelConfig } from "../../models/models.ts";
import type { RunEvent } from "../../page/live/live-events.ts";
import type { TrainedView, TrainingChoice } from "../../page/web/protocol.ts";
import type { Evaluation } from "../../train/evaluator.ts";
import type { TrainingSettings } from "../../train/training.ts";
import type { Basis } from "./keras-models.ts";

export interface Rows {
  readonly train: Uint32Array<ArrayBuffer>;
  readonly heldOut: Uint32Array<ArrayBuffer>;
}

/** Which rows are trained on, and by which model of them. */
export interface Plan {
  readonly dataset: Dataset;
  readonly config: ModelConfig;
  readonly rows: Rows;
}

/** Throws UsageError for a model that does not take such images, and for rows that cannot be held out. */
export function planOf(choice: TrainingChoice, basis: Basis, train: Dataset): Plan {
  const dataset = limitRows(train, choice.limit ?? undefined);
  const config = forData(basis.config, dataset);
  return { dataset, config, rows: splitOf(dataset, choice) };
}

/** As `npm run train` holds rows out. */
function splitOf(
  { rows, labels }: Dataset,
  { validation, seed }: Pick<TrainingChoice, "validation" | "seed">,
): Rows {
  if (validation === 0) return { train: firstRows(rows), heldOut: new Uint32Array() };
  const { train, test } = trainTestSplit({ rows, testSize: validation, seed, stratify: labels });
  return { train: Uint32Array.from(train), heldOut: Uint32Array.from(test) };
}

function optimizerName(name: string): OptimizerName {
  const known = OPTIMIZER_NAMES.find((one) => one === name);
  if (known) return known;
  throw new UsageError(`optimizer: must be one of ${OPTIMIZER_NAMES.join(", ")}, got ${name}`);
}

export function runEvent(of: {
  readonly choice: TrainingChoice;
  readonly config: ModelConfig;
  readonly dataset: Dataset;
  readonly adapter: string;
  readonly rows: Rows;
}): RunEvent {
  const { choice, config, dataset, adapter, rows } = of;
  return {
    ...{ type: "run", command: "train", model: config.name, epochs: choice.epochs },
    ...{ classNames: dataset.classNames, hasRate: true, parts: null },
    facts: [
      ["adapter", adapter],
      ["rows", `${rows.train.length} to train on, ${rows.heldOut.length} held out`],
      ["batch", String(choice.batchSize)],
      ["optimiser", `${choice.optimizer}, learning rate ${choice.learningRate}`],
      ["seed", String(choice.seed)],
    ],
  };
}

export function endingOf({ testAccuracy, testMae, epochs }: TrainedView): string {
  if (testMae !== null) return `test error ${(100 * testMae).toFixed(2)} % of a pixel's range`;
  if (testAccuracy === null) return `${epochs} epochs are kept`;
  return `test accuracy ${(100 * testAccuracy).toFixed(2)} %`;
}

/** Of the test rows; null for a figure that there is not. */
export function scoreView(
  test: Evaluation | null,
): Pick<TrainedView, "testLoss" | "testAccuracy" | "testMae"> {
  const [loss, accuracy, mae] = [test?.loss, test?.accuracy, test?.mae].map((figure) =>
    figure === undefined || Number.isNaN(figure) ? null : figure,
  );
  return { testLoss: loss ?? null, testAccuracy: accuracy ?? null, testMae: mae ?? null };
}

/** Throws UsageError for an optimiser that is none. */
export function settingsOfChoice(choice: TrainingChoice): TrainingSettings {
  const { optimizer, epochs, batchSize, learningRate, patience } = choice;
  return { optimizer: optimizerName(optimizer), epochs, batchSize, learningRate, patience };
}
