// What a training run came to, in whatever way it ended: its best weights, the record that is saved of it, and the lines
// that close it on screen. It does not train.

import type { CleanData } from "../../data/clean.ts";
import { dataDigest } from "../../data/data-digest.ts";
import type { Device } from "../../engine/core/device.ts";
import { variablesOf } from "../../engine/layers/model.ts";
import type { Variables } from "../../engine/layers/variables.ts";
import { type Environment, environmentNow } from "../../io/environment.ts";
import type { JsonValue } from "../../io/files.ts";
import { tensorDigest } from "../../io/safetensors.ts";
import { createModel, type ModelConfig } from "../../models/models.ts";
import { drawRun } from "../../report/charts/saved-charts.ts";
import { isOfFiles } from "../../runs/best-effort.ts";
import { dataRecord } from "../../runs/images-record.ts";
import { settingOf, tableOf, writeTable } from "../../runs/kernel-table.ts";
import { removeOptimizer, writeOptimizer } from "../../runs/optimizer-file.ts";
import { saveRun } from "../../runs/run-folder.ts";
import { runConfig } from "../../runs/run-record.ts";
import type { Basis } from "../../train/basis.ts";
import type { KeptEpoch } from "../../train/best-epoch.ts";
import type { Evaluation } from "../../train/evaluator.ts";
import type { FitRun } from "../../train/fit.ts";
import { namedTensors } from "../../train/named-tensors.ts";
import type { Style } from "../frame/terminal.ts";
import type { Rows } from "../inputs/split-rows.ts";

export interface TrainedRun {
  readonly device: Device;
  readonly basis: Basis;
  readonly data: CleanData;
  readonly rows: Rows;
  readonly config: ModelConfig;
  readonly out: string;
  readonly run: FitRun;
  /** Tells how long it took, earlier runs of it included. */
  readonly checkpoints: { readonly seconds: number; makeRoom(): Promise<void> };
  /** The flags that training depends on. */
  readonly training: Readonly<Record<string, JsonValue>>;
}

/** The epoch whose weights are saved: the best by val_loss, else the last; null where none is worth keeping. */
export function bestEpoch({ run }: TrainedRun): KeptEpoch | null {
  const { kept } = run;
  return kept && Number.isFinite(kept.logs["val_loss"] ?? kept.logs["loss"]) ? kept : null;
}

export interface Ending {
  readonly best: KeptEpoch;
  /** Null where the run ended before it came to that. */
  readonly test: Evaluation | null;
  readonly ended: "finished" | "early" | "interrupted" | "failed";
}

/** Saves the run and returns what --json prints. */
export async function saveOutcome(trained: TrainedRun, ending: Ending): Promise<TrainMetrics> {
  const { run, basis, data, rows, config, out, device, training } = trained;
  const variables = variablesOf(createModel(config));
  const tensors = namedTensors(variables, basis.complete(ending.best.weights));
  const parameters = variables.count();
  const metrics = {
    ...metricsOf(trained, ending),
    parameters,
    weightsSha256: tensorDigest(tensors),
    environment: await environmentNow(),
  };
  const results = {
    config: runConfig({
      model: config,
      classNames: data.train.classNames,
      training,
      data: {
        ...dataRecord(data),
        trainRows: rows.train.length,
        heldOutRows: rows.heldOut.length,
        testRows: data.test.rows,
        sha256: { train: dataDigest(data.train), test: dataDigest(data.test) },
      },
      adapter: device.name,
    }),
    metrics,
    history: run.history,
    weights: tensors,
  };
  const save = async () => {
    await saveRun(out, results);
    await writeTable(out, tableOf(settingOf(device), device.rungTable.taken));
  };
  await save().catch(async (error: unknown) => {
    if (!isOfFiles(error)) throw error;
    await trained.checkpoints.makeRoom();
    await save();
  });
  await saveOptimizer(trained, ending, variables);
  await drawRun(out, {
    history: run.history,
    confusion: ending.test?.confusion ?? null,
    classNames: data.train.classNames,
  });
  return metrics;
}

/** Of a full disk, the run is worth more: it goes without. */
async function saveOptimizer(
  { out }: TrainedRun,
  { best }: Ending,
  variables: Variables,
): Promise<void> {
  await removeOptimizer(out);
  if (!best.optimizer) return;
  await writeOptimizer(out, best.optimizer, variables).catch((error: unknown) => {
    if (!isOfFiles(error)) throw error;
  });
}

export type TrainMetrics = ReturnType<typeof metricsOf> & {
  readonly parameters: number;
  readonly weightsSha256: string;
  readonly environment: Environment;
};

function metricsOf(trained: TrainedRun, { best, test, ended }: Ending) {
  const { run, config, out, device, checkpoints } = trained;
  return {
    model: config.name,
    epochs: run.history.length,
    bestEpoch: best.epoch,
    ended,
    steps: run.steps,
    msPerStep: run.msPerStep,
    seconds: checkpoints.seconds,
    valLoss: best.logs["val_loss"] ?? null,
    valAccuracy: best.logs["val_accuracy"] ?? null,
    testLoss: test?.loss ?? null,
    testAccuracy: test?.accuracy ?? null,
    adapter: device.name,
    out,
  };
}

/**
 * A sentence where the kept epoch is no better than a guess: an accuracy that always answering one class has. Null where it
 * is, and where nothing tells.
 */
export function nothingLearnt({ data, rows }: TrainedRun, { best }: Ending): string | null {
  const { accuracy } = best.logs;
  const reached = best.logs["val_accuracy"] ?? accuracy;
  const { labels } = data.train;
  const scored = best.logs["val_accuracy"] === undefined ? rows.train : rows.heldOut;
  const counts = new Map<number, number>();
  for (const row of scored) counts.set(labels[row] ?? 0, (counts.get(labels[row] ?? 0) ?? 0) + 1);
  const share = Math.max(...counts.values()) / scored.length;
  if (reached === undefined || counts.size < 2 || reached > share) return null;
  const [got, guess] = [reached, share].map((value) => `${(100 * value).toFixed(2)} %`);
  return `nothing was learnt: an accuracy of ${got} is no more than the ${guess} of always naming the most frequent class; try another --learning-rate`;
}

/** The figures that close a run, aligned with the lines that opened it. */
export function closingLines(metrics: TrainMetrics, style: Style): string[] {
  const { valLoss, valAccuracy, testLoss, testAccuracy, out } = metrics;
  const scores = (name: string, loss: number | null, accuracy: number | null): string[] => {
    if (loss === null || accuracy === null) return [];
    const share = style.bold(`${(100 * accuracy).toFixed(2)} %`);
    return [`${name}loss ${loss.toFixed(4)}  accuracy ${share}`];
  };
  return [
    ...scores("held-out   ", valLoss, valAccuracy),
    ...scores("test       ", testLoss, testAccuracy),
    `saved in   ${out}`,
  ];
}
