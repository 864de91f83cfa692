// A training as the folder that `npm run train` leaves, packed into one .zip: what `npm run evaluate` reads once it is unpacked.

import { zipSync } from "fflate";
import { backgroundOf } from "../../data/background.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { JsonValue } from "../../io/files.ts";
import { bytesOf, DIGEST_KEY, safetensorsPieces } from "../../io/safetensors-pieces.ts";
import type { ModelConfig } from "../../models/models.ts";
import type { TrainedView, TrainingChoice } from "../../page/web/protocol.ts";
import { historyCsv, historyRow } from "../../runs/history.ts";
import { OPTIMIZER_FILE, optimizerTensors } from "../../runs/optimizer-tensors.ts";
import { runConfig } from "../../runs/run-record.ts";
import type { FitRun } from "../../train/fit.ts";
import { type NamedWeights, namedTensors } from "../../train/named-tensors.ts";
import type { TrainingSettings } from "../../train/training.ts";
import { sha256 } from "./digest.ts";
import type { OpenedData } from "./open-data.ts";

export interface FinishedTraining {
  readonly choice: TrainingChoice;
  /** Also what follows from the model. */
  readonly training: TrainingSettings;
  readonly config: ModelConfig;
  readonly run: FitRun;
  readonly weights: NamedWeights;
  readonly rows: { readonly train: number; readonly heldOut: number };
  readonly data: OpenedData;
  readonly view: TrainedView;
}

/** Of the kept epoch, in the order of the model. */
export function weightsOf(run: FitRun): NamedWeights {
  return namedTensors(run.variables, run.weights);
}

/** By name, as they lie in the folder. */
export async function runFiles(trained: FinishedTraining): Promise<Record<string, Uint8Array>> {
  const { config, run, weights, view } = trained;
  const { weightsSha256 } = view;
  const pieces = safetensorsPieces(weights, { model: config.name, [DIGEST_KEY]: weightsSha256 });
  const joined = async (parts: readonly unknown[]) =>
    new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
  const values = run.kept?.optimizer;
  const optimizer = values && optimizerTensors(values, run.variables);
  const text = (value: JsonValue) =>
    new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  const rows = run.history.map(historyRow);
  return {
    "config.json": text((await recordOf(trained)) as unknown as JsonValue),
    "metrics.json": text(metricsOf(trained)),
    "history.csv": new TextEncoder().encode(historyCsv(rows)),
    "weights.safetensors": await joined(pieces),
    ...(optimizer && {
      [OPTIMIZER_FILE]: await joined(safetensorsPieces(optimizer.tensors, optimizer.metadata)),
    }),
  };
}

/** The files in a folder of their own. */
export function zipped(folder: string, files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const within = Object.entries(files).map(
    ([name, bytes]) => [`${folder}/${name}`, bytes] as const,
  );
  return zipSync(Object.fromEntries(within));
}

async function recordOf({ choice, training, config, rows, data, view }: FinishedTraining) {
  const { model: _model, settings: _settings, resume: _resume, head: _head, ...asked } = choice;
  const { train, test } = data;
  return runConfig({
    model: config,
    classNames: train.classNames,
    training: { ...asked, schedule: "study", ...training } as Readonly<Record<string, JsonValue>>,
    data: {
      ...{ name: data.title, shape: [train.height, train.width, train.channels] },
      ...{ source: "data in a browser", background: backgroundOf(train) },
      ...{ trainRows: rows.train, heldOutRows: rows.heldOut, testRows: test.rows },
      sha256: { train: await digestOf(train), test: await digestOf(test) },
    },
    adapter: view.adapter,
  });
}

function digestOf({ images, labels }: Dataset): Promise<string> {
  return sha256([images, bytesOf(labels)]);
}

function metricsOf({ config, run, view }: FinishedTraining): JsonValue {
  const { kept } = run;
  const { ended, testLoss, testAccuracy, testMae, weightsSha256, adapter, msPerStep } = view;
  return {
    ...{ model: config.name, epochs: run.history.length, bestEpoch: kept?.epoch ?? null },
    ...{ ended, steps: run.steps, msPerStep, adapter, weightsSha256 },
    valLoss: kept?.logs["val_loss"] ?? null,
    valAccuracy: kept?.logs["val_accuracy"] ?? null,
    ...{ testLoss, testAccuracy, ...(testMae === null ? {} : { testMae }) },
    ...{ parameters: run.variables.count() },
  };
}
