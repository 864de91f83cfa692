// `npm run kfold`: cross-validates a model on Fashion-MNIST, fold by fold, in a folder where a killed run goes on.

import type { CleanData } from "../../data/clean.ts";
import { dataDigest } from "../../data/data-digest.ts";
import { firstRows, limitRows } from "../../data/dataset.ts";
import { foldFacts, rowFacts } from "../../data/row-facts.ts";
import type { Split } from "../../data/split.ts";
import type { Device } from "../../engine/core/device.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { formatCount } from "../../format/number-format.ts";
import { openDevice } from "../../io/adapter.ts";
import { drawFolds } from "../../report/charts/saved-charts.ts";
import {
  type DivergedFold,
  type KfoldSettings,
  loadFolds,
  openKfold,
  type SavedFold,
  saveFold,
  saveKfoldResults,
  summarise,
} from "../../runs/kfold-folder.ts";
import { PartCheckpoints } from "../../runs/part-checkpoints.ts";
import { type Basis, wholeTensors } from "../../train/basis.ts";
import { checkBatchSize, crossValidate, foldSplits } from "../../train/cross-validation.ts";
import { EpochDisplay } from "../display/epoch-display.ts";
import { foldLine, foldTable } from "../display/kfold-display.ts";
import { formatSeconds } from "../display/progress.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { type Chosen, chooseModel, loadChosen } from "../inputs/chosen-model.ts";
import { loadData } from "../inputs/data-set.ts";
import { openBasis } from "../inputs/model-basis.ts";
import { MODEL_FLAGS } from "../inputs/model-flags.ts";
import { CHECKPOINT_FLAG } from "../inputs/resume-flags.ts";
import { ADAPTER_FLAG, DATA_FLAGS, defaultOut, SEED_FLAG } from "../inputs/shared-flags.ts";
import { describeOptimisation, optimisationOf, TRAINING_FLAGS } from "../inputs/training-flags.ts";
import { WATCH_FLAGS } from "../inputs/watch-flags.ts";
import { type Ended, Watching } from "../outcomes/watching.ts";
import { FoldsWatch } from "../outcomes/watching-parts.ts";

const FLAGS = {
  ...MODEL_FLAGS,
  folds: { type: "integer", default: 5, min: 2, help: "parts that are held out in turn" },
  stratified: { type: "boolean", help: "give every fold each class in equal share" },
  hyperparameters: {
    type: "string",
    value: "folder",
    help: "a tuner's study, or one of its trials: its model, rate and batch size",
  },
  epochs: { type: "integer", default: 20, min: 1, help: "passes over a fold's rows, at most" },
  "batch-size": { type: "integer", min: 1, help: "rows in a training step; default 50" },
  ...TRAINING_FLAGS,
  patience: {
    type: "integer",
    default: 5,
    min: 0,
    help: "epochs without a better val_loss before a fold stops; 0 never stops early",
  },
  ...SEED_FLAG,
  leaked: {
    type: "boolean",
    help: "also score each fold on all training rows, as the study did: no measure of quality",
  },
  limit: { type: "integer", min: 10, help: "use only the first so many training rows" },
  ...DATA_FLAGS,
  out: {
    type: "string",
    value: "folder",
    help: "where folds are saved, and taken up again; default runs/<time>-<model>-kfold",
  },
  overwrite: { type: "boolean", help: "discard the folds that --out holds" },
  ...CHECKPOINT_FLAG,
  ...WATCH_FLAGS,
  ...ADAPTER_FLAG,
} as const;

type Context = CommandContext<typeof FLAGS, readonly []>;
type Flags = Context["flags"];

const command = defineCommand({
  name: "npm run kfold --",
  summary:
    "Cross-validates a model on Fashion-MNIST: trains it once for each fold, scores it on the rows held out and on the test set.",
  examples: [
    { command: "npm run kfold -- --folds 5", does: "the study's five folds of LeNet-5" },
    {
      command: "npm run kfold -- --stratified --out runs/folds",
      does: "typed again, goes on where it was stopped",
    },
    {
      command: "npm run kfold -- --hyperparameters runs/study",
      does: "of the best model that a tuner found",
    },
  ],
  flags: FLAGS,
  savesWhenStopped: true,
  run: kfold,
});

async function kfold(context: Context): Promise<void> {
  const { flags, say, style, terminal } = context;
  const asked = await chooseModel(flags);
  const optimisation = optimisationOf(flags);
  say(
    style.bold(
      `vitrine: ${flags.folds}-fold cross-validation of ${asked.model.name} on Fashion-MNIST`,
    ),
  );
  const pretrained = await loadChosen(context, asked);
  const chosen = { ...asked, model: pretrained.config };
  const { model } = chosen;
  const data = await loadData(terminal, flags.data, flags);
  const rows = countRows(data, flags);
  const labels = data.train.labels.subarray(0, rows);
  const splits = foldSplits(rows, {
    folds: flags.folds,
    seed: flags.seed,
    stratify: flags.stratified ? labels : undefined,
  });
  checkBatchSize(splits, chosen.batchSize);
  const settings = settingsOf(flags, chosen, data);
  const out = flags.out ?? (await defaultOut(`${model.name}-kfold`));
  await openKfold(out, settings, flags.overwrite);
  const device = await openDevice(flags.adapter ? { adapter: flags.adapter } : {});
  say(`adapter    ${device.name}`);
  say(`data set   ${data.source}`);
  const kind = flags.stratified ? "stratified folds" : "folds";
  say(
    `rows       ${formatCount(rows)} in ${flags.folds} ${kind}, ${formatCount(data.test.rows)} to test`,
  );
  const facts = [
    ...rowFacts({ ...data, rows: firstRows(rows) }),
    ...foldFacts(data.train, { folds: flags.folds, rows }),
  ];
  for (const fact of facts) say(`note       ${fact}`);
  const { batchSize, learningRate, epochs } = settings.training;
  say(
    `training   batch ${batchSize}, rate ${learningRate}, at most ${epochs} epochs${describeOptimisation(optimisation)}${chosen.from}`,
  );
  if (pretrained.source) say(`weights    ${pretrained.source}`);
  const { seed } = flags;
  const basis = openBasis({ device, terminal, signal: context.signal, pretrained, seed, rows });
  const watching = await Watching.open(context, {
    ...{ command: "kfold", model: model.name, epochs, hasRate: false },
    classNames: data.train.classNames,
    facts: [
      ["adapter", device.name],
      ["rows", `${formatCount(rows)} in ${flags.folds} ${kind}`],
      ["batch", String(batchSize)],
      ["saved in", out],
    ],
    parts: {
      ...{ name: "fold", total: flags.folds, axes: [] },
      objective: { name: "val_accuracy", direction: "max" },
    },
  });
  const work = { device, basis, data, rows, splits, settings, out, watching };
  await (watching ? watching.during(() => runFolds(context, work)) : runFolds(context, work));
  device.destroy();
}

interface Work {
  readonly device: Device;
  readonly basis: Basis;
  readonly data: CleanData;
  readonly rows: number;
  readonly splits: readonly Split[];
  readonly settings: KfoldSettings;
  readonly out: string;
  readonly watching: Watching | null;
}

async function runFolds(context: Context, work: Work): Promise<Ended> {
  const { flags, say, signal, terminal } = context;
  const { device, basis, data, rows, splits, settings, out, watching } = work;
  const saved = await loadFolds(out, flags.folds);
  sayResumed(context, work, saved);
  const display = new EpochDisplay(terminal, flags.epochs);
  const watch =
    watching &&
    new FoldsWatch(watching, { folds: flags.folds, ...settings.training }, saved.values());
  const { checkpointMinutes: minutes } = flags;
  const tell = (line: string): void => say(context.style.dim(line));
  const checkpoints = new PartCheckpoints(out, { minutes, adapter: device.name, tell });
  const diverged: DivergedFold[] = [];
  let start = 0;
  const folds = await crossValidate({
    device,
    model: settings.model,
    basis,
    data: await basis.place(limitRows(data.train, rows)),
    test: await basis.place(data.test),
    splits,
    training: settings.training,
    seed: flags.seed,
    leakedRows: flags.leaked ? firstRows(rows) : undefined,
    finished: (fold) => saved.get(fold),
    checkpointsOf: (fold) => checkpoints.open(`fold-${fold + 1}`),
    onFoldDiverged: (fold, { reason }) => {
      display.interrupted();
      diverged.push({ fold: fold + 1, reason });
      watch?.diverge(fold, reason);
      say(`fold ${fold + 1} failed: ${reason}`);
    },
    signal,
    onFoldBegin: (fold, split) => {
      watch?.begin(fold);
      start = performance.now();
      const counts = `${formatCount(split.train.length)} rows to train on, ${formatCount(split.test.length)} held out`;
      say();
      say(`${context.style.bold(`Fold ${fold + 1}/${flags.folds}`)}: ${counts}`);
    },
    ...(watch ? watch.events(display) : display),
    onFold: async (result, trained) => {
      const seconds = (performance.now() - start) / 1000;
      const { source, train } = data;
      const { classNames } = train;
      const facts = { settings, classNames, source, seconds, adapter: device.name };
      const weights = wholeTensors(basis, settings.model, trained.weights);
      const fold = await context.finish(() => saveFold(out, result, weights, facts));
      saved.set(fold.fold, fold);
      checkpoints.end(`fold-${fold.fold + 1}`);
      watch?.end(fold);
      say(`${foldLine(fold)}   in ${formatSeconds(seconds)}`);
    },
  });
  display.interrupted();
  const finished = folds.flatMap(({ fold }) => saved.get(fold) ?? []);
  if (!signal.aborted) checkpoints.endAll();
  await conclude(context, work, { folds: finished, diverged });
  const isOver = finished.length + diverged.length === flags.folds;
  const ended = isOver ? "finished" : "interrupted";
  return { ended, message: `${finished.length} of ${flags.folds} folds, saved in ${out}` };
}

function sayResumed(
  { say }: Context,
  { device, out }: Work,
  saved: ReadonlyMap<number, SavedFold>,
): void {
  if (saved.size === 0) return;
  const folds = [...saved.keys()].map((fold) => fold + 1).join(", ");
  const finished = saved.size === 1 ? `fold ${folds} is` : `folds ${folds} are`;
  say(`resuming   ${out}, where ${finished} finished`);
  for (const fold of saved.values()) say(foldLine(fold));
  const other = [...saved.values()].find((fold) => fold.adapter !== device.name);
  if (other)
    say(`note       fold ${other.fold + 1} was trained on another adapter, ${other.adapter}`);
}

interface FoldsOutcome {
  readonly folds: readonly SavedFold[];
  readonly diverged: readonly DivergedFold[];
}

async function conclude(
  context: Context,
  { splits, settings, out, device }: Work,
  { folds, diverged }: FoldsOutcome,
): Promise<void> {
  const { say, json, style } = context;
  say();
  if (folds.length + diverged.length < splits.length) {
    say(`interrupted: ${folds.length} of ${splits.length} folds are finished`);
    say(`to go on, repeat the command with --out ${out}`);
    json({ out, finished: folds.length, folds: splits.length });
    return;
  }
  await context.finish(async () => {
    await saveKfoldResults(out, settings, folds, diverged);
    if (folds.length > 0) await drawFolds(out, folds);
  });
  for (const { fold, reason } of diverged) say(`fold ${fold} failed: ${reason}`);
  if (diverged.length > 0) context.setExitCode(2);
  if (folds.length === 0) {
    json({
      model: settings.model.name,
      out,
      adapter: device.name,
      summary: null,
      failed: diverged,
    });
    return;
  }
  const [header = "", ...lines] = foldTable(folds);
  say(style.bold(header));
  for (const line of lines) say(line);
  say();
  say("± is the standard deviation of a sample (n - 1). The held-out rows also chose the epoch.");
  if (settings.leaked) {
    say("leaked is scored on all training rows, most of which the fold was trained on.");
  }
  say(`saved in   ${out}`);
  const summary = summarise(folds);
  const failed = diverged.length > 0 ? { failed: diverged } : {};
  json({ model: settings.model.name, out, adapter: device.name, summary, folds, ...failed });
}

function countRows(data: CleanData, { limit, folds }: Flags): number {
  const available = data.train.rows;
  if (limit !== undefined && limit > available) {
    throw new UsageError(`--limit: must be at most the ${available} training rows, got ${limit}`);
  }
  const rows = limit ?? available;
  if (folds > rows) throw new UsageError(`--folds: must be at most the ${rows} rows, got ${folds}`);
  return rows;
}

function settingsOf(flags: Flags, chosen: Chosen, data: CleanData): KfoldSettings {
  const { folds, stratified, seed, epochs, patience, leaked, limit = null } = flags;
  const { model, batchSize, learningRate } = chosen;
  return {
    model,
    folds,
    stratified,
    seed,
    training: { epochs, batchSize, learningRate, patience, ...optimisationOf(flags) },
    limit,
    leaked,
    data: { train: dataDigest(data.train), test: dataDigest(data.test) },
  };
}

await runCommand(command);
