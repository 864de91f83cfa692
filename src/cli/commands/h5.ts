// `npm run h5`: what a file of Keras weights holds, and which of our models it fits.

import { setImmediate } from "node:timers/promises";
import { VitrineError } from "../../engine/core/errors.ts";
import { formatShape, sizeOf } from "../../engine/core/shape.ts";
import { formatCount, formatMemory, shortestFloat } from "../../format/number-format.ts";
import type { Compiled } from "../../keras/compiled/compiled.ts";
import { readCompiled } from "../../keras/compiled/read-compiled.ts";
import { fits, fittingModels } from "../../keras/weights/fitting-models.ts";
import { readingNotes } from "../../keras/weights/reading-notes.ts";
import {
  FORMAT_NAMES,
  type SavedLayer,
  type SavedWeight,
  type WeightFile,
} from "../../keras/weights/saved-weights.ts";
import { openWeightFile } from "../../keras/weights/weight-file.ts";
import { modelFromConfig } from "../../models/architecture/model-from-config.ts";
import { startProgress } from "../display/progress.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";

const FLAGS = {
  stats: { type: "boolean", help: "read every weight, and show least, mean and greatest" },
} as const;

const POSITIONALS = [
  { name: "FILE", help: "weights of Keras: .h5, .weights.h5 or .keras" },
] as const;

const command = defineCommand({
  name: "npm run h5 --",
  summary: "Shows what a Keras weight file holds, and which models of ours it fits.",
  examples: [
    { command: "npm run h5 -- model.weights.h5", does: "layers, weights, shapes" },
    { command: "npm run h5 -- --stats model.h5", does: "also looks into the weights" },
  ],
  positionals: POSITIONALS,
  flags: FLAGS,
  run: show,
});

const BYTES_PER_PARAMETER = 4;

type Context = CommandContext<typeof FLAGS, typeof POSITIONALS>;

async function show(context: Context): Promise<void> {
  const { flags, positionals, say, json } = context;
  const [path] = positionals;
  const file = await openWeightFile(path);
  try {
    const filled = file.layers.filter(({ weights }) => weights.length > 0);
    const weights = filled.flatMap((layer) => layer.weights);
    const parameters = weights.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
    const statistics: ReadonlyMap<SavedWeight, Statistics> = flags.stats
      ? await allStatistics(context, weights)
      : new Map();
    const models = fittingModels(file);
    const own = ownModel(file);
    sayHead(context, file);
    say(`layers     ${filled.length} with weights, of ${file.layers.length} that are listed`);
    say(
      `parameters ${formatCount(parameters)} (${formatMemory(parameters * BYTES_PER_PARAMETER)})`,
    );
    say();
    for (const line of tableOf(filled, statistics)) say(line);
    say();
    say(`fits       ${models.length > 0 ? models.join(", ") : "none of the models here"}`);
    if (own !== null) say(`its model  ${own}`);
    const compilation = file.compilation();
    const compiled = compilation && readCompiled(compilation, null);
    if (compiled) say(`compiled   ${describeSettings(compiled)}`);
    const notes = [...readingNotes(file), ...(compiled?.notes ?? [])];
    for (const note of notes) say(`note       ${note}`);
    json({
      ...result(file, statistics),
      parameters,
      models,
      ownModel: own,
      compiled: settingsOf(compiled),
      notes,
    });
  } finally {
    await file.close();
  }
}

function sayHead({ say, style }: Context, file: WeightFile): void {
  say(style.bold(`vitrine: ${file.path}`));
  say(`format     ${FORMAT_NAMES[file.format]}`);
  say(`keras      ${file.kerasVersion ?? "version not told"}`);
}

/** Whether the model that the file describes can be built here; null where it describes none. */
function ownModel(file: WeightFile): string | null {
  if (file.modelConfig === null) return null;
  try {
    const model = modelFromConfig(file.modelConfig, file.path);
    const verdict = fits(file, model) ? "can be built here" : "does not fit its own weights";
    return `${model.name}, ${verdict}`;
  } catch (error) {
    if (error instanceof VitrineError) return `cannot be built here: ${error.message}`;
    throw error;
  }
}

/** `sgd at a rate of 0.1, momentum 0.9; sparse_categorical_crossentropy, accuracy` */
function describeSettings({ optimizer, settings, learningRate, loss, metrics }: Compiled): string {
  const rate = learningRate === null ? "" : ` at a rate of ${shortestFloat(learningRate)}`;
  const own = Object.entries(settings).map(([name, value]) => `, ${name} ${value}`);
  const scored = [loss?.name ?? "no loss that is known", ...metrics].join(", ");
  return `${optimizer ?? "by an optimiser of its own"}${rate}${own.join("")}; ${scored}`;
}

/** For `--json`; null of a model that is not compiled. */
function settingsOf(compiled: Compiled | null) {
  if (!compiled) return null;
  const { optimizer, settings, learningRate, loss, metrics } = compiled;
  return {
    ...{ optimizer, learningRate, loss: loss?.name ?? null },
    ...{ settings: { ...settings }, metrics: [...metrics] },
  };
}

interface Statistics {
  /** Of the finite values; null where there are none. */
  readonly least: number | null;
  readonly mean: number | null;
  readonly greatest: number | null;
  /** NaN and infinities. */
  readonly notFinite: number;
}

function statisticsOf(values: Float32Array): Statistics {
  let [least, greatest, sum, notFinite] = [
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0,
    0,
  ];
  for (const value of values) {
    if (!Number.isFinite(value)) notFinite++;
    else {
      sum += value;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
    }
  }
  const count = values.length - notFinite;
  if (count === 0) return { least: null, mean: null, greatest: null, notFinite };
  return { least, mean: sum / count, greatest, notFinite };
}

async function allStatistics(
  { terminal, signal }: Context,
  weights: readonly SavedWeight[],
): Promise<ReadonlyMap<SavedWeight, Statistics>> {
  const total = weights.reduce((sum, { shape }) => sum + BYTES_PER_PARAMETER * sizeOf(shape), 0);
  const bar = startProgress(terminal, { label: "reading", total, unit: "bytes" });
  const statistics = new Map<SavedWeight, Statistics>();
  let done = 0;
  for (const weight of weights) {
    bar.update(done);
    // Reading is synchronous: only here is a Ctrl-C heard.
    await setImmediate();
    signal.throwIfAborted();
    statistics.set(weight, statisticsOf(weight.read()));
    done += BYTES_PER_PARAMETER * sizeOf(weight.shape);
  }
  bar.finish("");
  return statistics;
}

/** A line a weight, under a head, in columns. */
function tableOf(
  layers: readonly SavedLayer[],
  statistics: ReadonlyMap<SavedWeight, Statistics>,
): string[] {
  const head = ["layer", "weight", "shape", "type", "parameters"];
  if (statistics.size > 0) head.push("least", "mean", "greatest", "not finite");
  const rows = layers.flatMap(({ name, weights }) =>
    weights.map((weight, i) => [
      i === 0 ? name : "",
      weight.name,
      formatShape(weight.shape),
      weight.dtype,
      formatCount(sizeOf(weight.shape)),
      ...statisticCells(statistics.get(weight)),
    ]),
  );
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
  const isText = (column: number) => column < 4;
  return [head, ...rows].map((row) =>
    row
      .map((cell, i) => (isText(i) ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
}

function statisticCells(found: Statistics | undefined): string[] {
  if (!found) return [];
  const cell = (value: number | null) => (value === null ? "-" : value.toPrecision(4));
  const { least, mean, greatest, notFinite } = found;
  return [cell(least), cell(mean), cell(greatest), notFinite === 0 ? "" : formatCount(notFinite)];
}

function result(file: WeightFile, statistics: ReadonlyMap<SavedWeight, Statistics>) {
  const { path, format, kerasVersion, layers } = file;
  return {
    file: path,
    format,
    kerasVersion,
    layers: layers.map(({ name, weights }) => ({
      name,
      weights: weights.map((weight) => {
        const { path: place, shape, dtype } = weight;
        const found = statistics.get(weight);
        return { name: weight.name, path: place, shape, dtype, ...(found ? { ...found } : {}) };
      }),
    })),
  };
}

await runCommand(command);
