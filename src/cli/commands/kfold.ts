// `npm run kfold`: cross-validates a model on Fashion-MNIST, fold by fold, in a folder where a killed run goes on.

import type { CleanData } from "../../data/clean.ts";
import { firstRows } from "../../data/dataset.ts";
import { foldFacts, rowFacts } from "../../data/row-facts.ts";
import type { Device } from "../../engine/core/device.ts";
import { formatCount } from "../../format/number-format.ts";
import type { NamedTensor } from "../../io/safetensors.ts";
import { forData } from "../../models/for-data.ts";
import { isOwn } from "../../models/models.ts";
import { findQueue } from "../../queue/find-queue.ts";
import type { QueueServer } from "../../queue/queue-server.ts";
import { studyId } from "../../queue/study-id.ts";
import { dataRecord } from "../../runs/images-record.ts";
import type { KernelTable } from "../../runs/kernel-table.ts";
import {
  type DivergedFold,
  foldName,
  loadFolds,
  openKfold,
  saveFold,
} from "../../runs/kfold-folder.ts";
import { checkMergedFolds, mergeFolds } from "../../runs/merge-folds.ts";
import { PartCheckpoints } from "../../runs/part-checkpoints.ts";
import type { FoldResult } from "../../train/cross-validation.ts";
import { foldLine } from "../display/kfold-display.ts";
import { formatSeconds } from "../display/progress.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { chooseModel, loadChosen } from "../inputs/chosen-model.ts";
import { loadData, titleOfFlag } from "../inputs/data-set.ts";
import { countFoldRows, foldSettings } from "../inputs/fold-settings.ts";
import { foldWork, splitsOf } from "../inputs/fold-work.ts";
import {
  checkKernels,
  chooseKernels,
  KERNEL_FLAGS,
  programsOfPlan,
} from "../inputs/kernel-tables.ts";
import { openBasis, type Pretrained } from "../inputs/model-basis.ts";
import { MODEL_FLAGS } from "../inputs/model-flags.ts";
import { openAdapter } from "../inputs/open-adapter.ts";
import { CHECKPOINT_FLAG } from "../inputs/resume-flags.ts";
import { ADAPTER_FLAG, DATA_FLAGS, defaultOut, SEED_FLAG } from "../inputs/shared-flags.ts";
import { describeOptimisation, TRAINING_FLAGS } from "../inputs/training-flags.ts";
import { WATCH_FLAGS } from "../inputs/watch-flags.ts";
import {
  foldShardOf,
  parallelOf,
  QUEUE_FLAG,
  queueUrl,
  rowFlags,
  SHARD_FLAGS,
  type Shard,
  WORKER_FLAGS,
} from "../inputs/worker-flags.ts";
import { foldArguments } from "../inputs/worker-folds.ts";
import { conclude, type FoldsWork, sayResumed } from "../outcomes/folds-outcome.ts";
import { numbers, type TrainedBy, trainHere, trainRemotely } from "../outcomes/train-folds.ts";
import { localPlace, queuePlace } from "../outcomes/trial-places.ts";
import { type Ended, Watching } from "../outcomes/watching.ts";
import { FoldsWatch } from "../outcomes/watching-parts.ts";

const FLAGS = {
  ...MODEL_FLAGS,
  folds: { type: "integer", default: 5, min: 2, help: "parts that are held out in turn" },
  stratified: { type: "boolean", help: "give every fold each class in equal share" },
  hyperparameters: {
    type: "string",
    value: "folder",
    help: "a tuner's study, or one of its trials: its model, rate and batch size, and how it was trained",
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
  ...WORKER_FLAGS,
  ...QUEUE_FLAG,
  ...SHARD_FLAGS,
  ...CHECKPOINT_FLAG,
  ...KERNEL_FLAGS,
  ...WATCH_FLAGS,
  ...ADAPTER_FLAG,
} as const;

type Context = CommandContext<typeof FLAGS, readonly []>;

const command = defineCommand({
  name: "npm run kfold --",
  summary:
    "Cross-validates a model on Fashion-MNIST or on pictures of yours: trains it once for each fold, scores it on the rows held out and on the test set.",
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
    {
      command: "npm run kfold -- --workers 2",
      does: "two processes at once; the same folds and figures",
    },
  ],
  flags: FLAGS,
  savesWhenStopped: true,
  run: kfold,
});

async function kfold(context: Context): Promise<void> {
  const { flags, say, style, terminal } = context;
  const asked = await chooseModel(flags);
  const { optimisation } = asked;
  const shard = foldShardOf(flags);
  say(
    style.bold(
      `vitrine: ${flags.folds}-fold cross-validation of ${asked.model.name} on ${titleOfFlag(flags.data)}`,
    ),
  );
  const loaded = await loadChosen(context, asked);
  const data = await loadData(terminal, flags.data, flags);
  const pretrained = { ...loaded, config: forData(loaded.config, data.train) };
  const chosen = { ...asked, model: pretrained.config };
  const { model } = chosen;
  const rows = countFoldRows(data, flags);
  const settings = foldSettings(flags, chosen, data);
  splitsOf(settings, data);
  await checkMergedFolds(flags.merge, settings);
  const out = flags.out ?? (await defaultOut(`${model.name}-kfold`));
  // A queue that does not answer, or a table of another adapter, should have overwritten nothing.
  const server = flags.queue === undefined ? null : await findQueue(queueUrl(flags.queue));
  const device = server ? null : await openAdapter(flags);
  await checkKernels(device, flags);
  const isResumed = (await openKfold(out, settings, flags.overwrite)) === "resumed";
  if (flags.merge.length > 0) {
    const merged = await mergeFolds(out, flags.folds, flags.merge);
    say(`merged     ${merged} folds of ${flags.merge.join(", ")}`);
  }
  const adapter = device?.name ?? "the workers' own";
  say(`adapter    ${adapter}`);
  if (server) say(`queue      ${server.name}`);
  say(`data set   ${data.source}`);
  const kind = flags.stratified ? "stratified folds" : "folds";
  const inFolds = `${formatCount(rows)} in ${flags.folds} ${kind}`;
  say(`rows       ${inFolds}, ${formatCount(data.test.rows)} to test`);
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
  for (const note of asked.notes) say(`note       ${note}`);
  const programs = programsOfPlan(settings, data.train);
  const { signal } = context;
  const kernels = await chooseKernels(device, { out, isResumed }, { flags, say, signal, programs });
  const watching = await Watching.open(context, {
    ...{ command: "kfold", model: model.name, epochs, hasRate: false },
    classNames: data.train.classNames,
    facts: [
      ["adapter", adapter],
      ["rows", inFolds],
      ["batch", String(batchSize)],
      ["saved in", out],
    ],
    parts: {
      ...{ name: "fold", total: flags.folds, axes: [] },
      objective: { name: "val_accuracy", direction: "max" },
    },
  });
  const known = { device, server, adapter, kernels, pretrained, data, settings };
  const work = { ...known, out, shard, watching };
  await (watching ? watching.during(() => runFolds(context, work)) : runFolds(context, work));
  device?.destroy();
}

interface Work extends FoldsWork {
  /** Null where folds are other machines'. */
  readonly device: Device | null;
  readonly server: QueueServer | null;
  readonly kernels: KernelTable | null;
  readonly pretrained: Pretrained;
  readonly data: CleanData;
  readonly shard: Shard | null;
  readonly watching: Watching | null;
}

async function runFolds(context: Context, work: Work): Promise<Ended> {
  const { flags, say, signal, terminal } = context;
  const { data, settings, out, shard, watching, adapter, kernels } = work;
  const saved = await loadFolds(out, flags.folds);
  sayResumed(context, work, saved);
  const watch =
    watching &&
    new FoldsWatch(watching, { folds: flags.folds, ...settings.training }, saved.values());
  const { checkpointMinutes: minutes } = flags;
  const tell = (line: string): void => say(context.style.dim(line));
  const checkpoints = new PartCheckpoints(out, { minutes, adapter, tell });
  const diverged: DivergedFold[] = [];
  const record = dataRecord(data);
  const { workers = 1, queue, limit: rows = data.train.rows, seed } = flags;
  const isElsewhere = queue !== undefined || workers > 1;
  const run = {
    folds: numbers(flags.folds).filter((fold) => !saved.has(fold) && (shard?.isFold(fold) ?? true)),
    ...{ watch, signal },
    keep: async (result: FoldResult, weights: readonly NamedTensor[], by: TrainedBy) => {
      const facts = { settings, classNames: data.train.classNames, data: record, kernels, ...by };
      const fold = await context.finish(() => saveFold(out, result, weights, facts));
      saved.set(fold.fold, fold);
      checkpoints.end(foldName(fold.fold));
      watch?.end(fold, isElsewhere);
      say(`${foldLine(fold)}   in ${formatSeconds(by.seconds)}`);
    },
    fail: (fold: number, reason: string) => {
      diverged.push({ fold: fold + 1, reason });
      watch?.diverge(fold, reason, isElsewhere);
      say(`fold ${fold + 1} failed: ${reason}`);
    },
  };
  if (isElsewhere) {
    await trainRemotely(await openPlace(context, work, watch), {
      ...run,
      parallel: parallelOf(flags),
    });
  } else if (work.device && run.folds.length > 0) {
    const { device, pretrained } = work;
    const basis = openBasis({ device, terminal, signal, pretrained, seed, rows });
    const equipment = await foldWork({ device, basis, data, settings, checkpoints });
    await trainHere({ ...equipment, adapter }, { ...run, terminal });
  }
  const folds = [...saved.values()].sort((a, b) => a.fold - b.fold);
  diverged.sort((a, b) => a.fold - b.fold);
  if (!signal.aborted) checkpoints.endAll();
  await conclude(context, work, { folds, diverged, shard: shard && flags.shard });
  const isOver = folds.length + diverged.length === flags.folds;
  const ended = isOver ? "finished" : "interrupted";
  return { ended, message: `${folds.length} of ${flags.folds} folds, saved in ${out}` };
}

async function openPlace(
  context: Context,
  { server, settings, out, pretrained, kernels }: Work,
  watch: FoldsWatch | null,
) {
  const { flags, terminal } = context;
  const { workers = 1, data, adapter, deviceMemory } = flags;
  const weights = isOwn(settings.model) ? (pretrained.source ?? "none") : flags.weights;
  const search = {
    command: "kfold",
    study: server ? await studyId(out) : "local",
    flags: foldArguments(weights, server === null),
    description: settings,
    ...{ checkpointMinutes: flags.checkpointMinutes, kernels },
  } as const;
  const shared = { terminal, signal: context.signal, search, onProgress: watch?.progress };
  if (server) return await queuePlace({ ...shared, server });
  const local = { out, workers, data, rows: rowFlags(flags), adapter, deviceMemory };
  return await localPlace({ ...shared, ...local });
}

await runCommand(command);
