// `npm run evaluate`: scores a saved model on a data set, class by class.

import { firstRows } from "../../data/dataset.ts";
import { placeDataset } from "../../train/device-data.ts";
import {
  type ClassificationScores,
  classificationScores,
} from "../../train/metrics/classification.ts";
import { predictionsOf } from "../../train/metrics/predictions.ts";
import { areasUnderCurve, topKAccuracy } from "../../train/metrics/ranking.ts";
import { startProgress } from "../display/progress.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { unlessAborted } from "../frame/signals.ts";
import { loadData } from "../inputs/data-set.ts";
import { chooseLooking, LOOKING_KERNEL_FLAGS } from "../inputs/kernel-tables.ts";
import { openAdapter, streamingLine } from "../inputs/open-adapter.ts";
import { FILE_FLAGS, loadModel, shownImages, TRAINED_POSITIONAL } from "../inputs/saved-model.ts";
import { ADAPTER_FLAG, DATA_FLAGS } from "../inputs/shared-flags.ts";

const FLAGS = {
  ...FILE_FLAGS,
  ...DATA_FLAGS,
  set: { type: "choice", choices: ["test", "train"], default: "test", help: "rows to score" },
  ...LOOKING_KERNEL_FLAGS,
  ...ADAPTER_FLAG,
} as const;

const POSITIONALS = [TRAINED_POSITIONAL] as const;

const command = defineCommand({
  name: "npm run evaluate --",
  summary:
    "Scores a saved model on Fashion-MNIST or on pictures of yours: loss, accuracy, and what is taken for what.",
  examples: [
    {
      command: "npm run evaluate -- runs/2026-08-01-14-03-22-lenet5",
      does: "on the 10,000 test images",
    },
    { command: "npm run evaluate -- runs/search/trial_3", does: "the model of a tuner's trial" },
    { command: "npm run evaluate -- net.keras --data photos", does: "a model of Keras's" },
  ],
  positionals: POSITIONALS,
  flags: FLAGS,
  run: evaluate,
});

async function evaluate(context: CommandContext<typeof FLAGS, typeof POSITIONALS>): Promise<void> {
  const { flags, positionals, say, style, terminal, json, signal } = context;
  const [run] = positionals;
  const trained = await loadModel(run, flags);
  say(style.bold(`vitrine: evaluating ${trained.config.model.name} of ${run}`));
  const loaded = await unlessAborted(loadData(terminal, flags.data, flags), signal);
  const dataset = flags.set === "test" ? loaded.test : loaded.train;
  const saved = shownImages(trained, dataset);
  const device = await openAdapter(flags);
  say(`adapter    ${device.name}`);
  say(`data set   ${loaded.source}, ${dataset.rows} ${flags.set} rows`);
  await chooseLooking(device, saved.isFile ? null : run, { flags, say });
  const data = await placeDataset(device, dataset);
  const streamed = streamingLine(data);
  if (streamed) say(streamed);
  const evaluator = saved.evaluatorOn(device);
  const rows = firstRows(dataset.rows);
  const bar = startProgress(terminal, {
    label: "evaluating",
    total: 2 * rows.length,
    unit: "rows",
  });
  bar.update(0);
  const { loss, accuracy, confusion } = await evaluator.evaluate(data, rows, (done) => {
    signal.throwIfAborted();
    bar.update(done);
  });
  const shares = await evaluator.predict(data, rows, (done) => {
    signal.throwIfAborted();
    bar.update(rows.length + done);
  });
  bar.finish("");
  const predictions = predictionsOf(dataset.labels, shares);
  const top5 = topKAccuracy(predictions);
  const auc = areasUnderCurve(predictions, confusion.length);
  say();
  const scores = classificationScores(confusion);
  for (const line of classLines(confusion, scores, saved.config.classNames)) say(line);
  say();
  const share = style.bold(`${(100 * accuracy).toFixed(2)} %`);
  const f1 = scores.macro.f1.toFixed(4);
  say(`${flags.set.padEnd(10)} loss ${loss.toFixed(4)}  accuracy ${share}  macro F1 ${f1}`);
  const area = auc.macro === null ? "-" : auc.macro.toFixed(4);
  say(`${"".padEnd(10)} top-5 accuracy ${(100 * top5).toFixed(2)} %  macro AUC ${area}`);
  json({
    model: saved.config.model.name,
    run,
    set: flags.set,
    rows: rows.length,
    loss,
    accuracy,
    top5,
    auc: auc.macro,
    aucs: auc.classes,
    precisions: scores.classes.map(({ precision }) => precision),
    recalls: scores.classes.map(({ recall }) => recall),
    f1s: scores.classes.map(({ f1 }) => f1),
    macro: { ...scores.macro },
    weighted: { ...scores.weighted },
    confusion: confusion.map((counts) => [...counts]),
    adapter: device.name,
  });
  device.destroy();
}

/** `Coat   81.2 % right, 93 as Pullover, 41 as Shirt`, a line a class. */
function classLines(
  confusion: readonly (readonly number[])[],
  { classes }: ClassificationScores,
  names: readonly string[],
): readonly string[] {
  const width = Math.max(...names.map((name) => name.length));
  return confusion.map((counts, label) => {
    const share = classes[label]?.recall ?? null;
    const right = share === null ? "no rows" : `${(100 * share).toFixed(1).padStart(5)} % right`;
    const wrong = mistakes(counts, label, names);
    return [`${(names[label] ?? "").padEnd(width)}  ${right}`, ...wrong].join(", ");
  });
}

/** `93 as Shirt`, `21 as Pullover`: what a class is mistaken for most. */
function mistakes(counts: readonly number[], label: number, names: readonly string[]): string[] {
  return [...counts.entries()]
    .filter(([predicted, count]) => predicted !== label && count > 0)
    .sort(([, a], [, b]) => b - a)
    .slice(0, 2)
    .map(([predicted, count]) => `${count} as ${names[predicted]}`);
}

await runCommand(command);
