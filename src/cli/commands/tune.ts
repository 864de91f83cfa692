// `npm run tune`: searches for a model's hyper-parameters on Fashion-MNIST, trial by trial, in a folder where a killed
// search goes on.

import { join } from "node:path";
import type { Device } from "../../engine/core/device.ts";
import { forData } from "../../models/for-data.ts";
import { DEFAULT_MODEL } from "../../models/models.ts";
import { findQueue } from "../../queue/find-queue.ts";
import type { QueueServer } from "../../queue/queue-server.ts";
import { studyId } from "../../queue/study-id.ts";
import { checkMerged, mergeTrials } from "../../runs/merge-trials.ts";
import { PartCheckpoints } from "../../runs/part-checkpoints.ts";
import { openStudy, type StudyFolder } from "../../runs/search-folder.ts";
import { TrialBoard } from "../../runs/tensorboard/trial-board.ts";
import { folderOfTrial } from "../../runs/trial-file.ts";
import { planOf, search } from "../../tune/tuner.ts";
import { axesOf } from "../../watch/parts-plan.ts";
import { EpochDisplays } from "../display/epoch-display.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { askedSearch } from "../inputs/asked-model.ts";
import { loadData, titleOfFlag } from "../inputs/data-set.ts";
import {
  checkKernels,
  chooseKernels,
  KERNEL_FLAGS,
  programsOfPlan,
} from "../inputs/kernel-tables.ts";
import { loadPretrained, openBasis, type Pretrained } from "../inputs/model-basis.ts";
import { openAdapter } from "../inputs/open-adapter.ts";
import { CHECKPOINT_FLAG } from "../inputs/resume-flags.ts";
import { ADAPTER_FLAG, DATA_FLAGS, defaultOut } from "../inputs/shared-flags.ts";
import { describeOptimisation } from "../inputs/training-flags.ts";
import {
  describeStudy,
  type Equipment,
  planSearch,
  TUNE_FLAGS,
  trialFacts,
  trialRunner,
} from "../inputs/tune-plan.ts";
import { WATCH_FLAGS } from "../inputs/watch-flags.ts";
import {
  parallelOf,
  QUEUE_FLAG,
  queueUrl,
  rowFlags,
  SHARD_FLAGS,
  searchArguments,
  shardOf,
  WORKER_FLAGS,
  withoutPaths,
  withTrialBatch,
} from "../inputs/worker-flags.ts";
import {
  localPlace,
  ownPlace,
  queuePlace,
  remoteTrials,
  type TrialPlace,
} from "../outcomes/trial-places.ts";
import {
  conclude,
  finishedText,
  rowsText,
  searchText,
  trialsOf,
  trialTexts,
} from "../outcomes/tune-outcome.ts";
import { type Ended, Watching } from "../outcomes/watching.ts";
import { TrialsWatch } from "../outcomes/watching-parts.ts";

const FLAGS = {
  ...TUNE_FLAGS,
  ...DATA_FLAGS,
  out: {
    type: "string",
    value: "folder",
    help: "the study: where trials are saved, and taken up again; default runs/<time>-<model>-tune",
  },
  overwrite: { type: "boolean", help: "delete the study that --out holds, and start anew" },
  tensorboard: {
    type: "string",
    value: "folder",
    help: "write each trial's values, score and curves for TensorBoard's HParams page, below this folder",
  },
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
  name: "npm run tune --",
  summary:
    "Searches for a model's hyper-parameters: trains it with many settings, scores each on rows held out, keeps the best.",
  examples: [
    { command: "npm run tune -- --trials 8 --epochs 3", does: "eight random trials of LeNet-5" },
    {
      command: "npm run tune -- --tuner hyperband --epochs 9 --out runs/bands",
      does: "23 trials, most of them short; typed again, goes on where it was stopped",
    },
    {
      command: "npm run tune -- --tuner bayesian --initial 6 --trials 20 --folds 3",
      does: "each trial scored by the mean over three folds",
    },
    { command: "npm run tune -- --space space.ts", does: "models that a program of yours builds" },
    {
      command: "npm run tune -- --tuner hyperband --epochs 9 --workers 4",
      does: "four processes at once; the same trials and the same best",
    },
  ],
  flags: FLAGS,
  savesWhenStopped: true,
  run: tune,
});

async function tune({ flags: given, ...rest }: Context): Promise<void> {
  const flags = withTrialBatch(given);
  const context = { ...rest, flags };
  const { say, style, terminal } = context;
  const { model: name = flags.space ?? DEFAULT_MODEL } = flags;
  say(style.bold(`vitrine: tuning ${name} on ${titleOfFlag(flags.data)}`));
  const asked = await askedSearch(flags);
  const data = await loadData(terminal, flags.data, flags);
  const loaded = await loadPretrained(context, asked.config, asked.weights);
  const pretrained = { ...loaded, config: forData(loaded.config, data.train) };
  const plan = planSearch(flags, { model: pretrained.config, own: asked.space }, data);
  shardOf(flags);
  const out = flags.out ?? (await defaultOut(`${asked.config.name}-tune`));
  // Device or queue first: without one, nothing should have been overwritten.
  const server = flags.queue === undefined ? null : await findQueue(queueUrl(flags.queue));
  const device = server ? null : await openAdapter(flags);
  const adapter = device?.name ?? "the workers' own";
  const description = describeStudy(flags, plan);
  const facts = trialFacts(data, plan, adapter);
  await checkMerged(flags.merge, description);
  await checkKernels(device, flags);
  let study = await openStudy(out, description, { overwrite: flags.overwrite, facts });
  const { isResumed } = study;
  if (flags.merge.length > 0) {
    const merged = await mergeTrials(study, flags.merge);
    say(`merged     ${finishedText(merged)} in ${flags.merge.join(", ")}`);
    study = await openStudy(out, description, { facts });
  }
  say(`adapter    ${adapter}`);
  if (server) say(`queue      ${server.name}`);
  say(`data set   ${data.source}`);
  say(`rows       ${rowsText(plan)}`);
  if (pretrained.source) say(`weights    ${pretrained.source}`);
  say(`search     ${searchText(plan)}${describeOptimisation(plan.optimisation)}`);
  const programs = programsOfPlan(planOf(plan.hyperModel, plan.space, {}), data.train);
  const { signal } = context;
  study.kernels = await chooseKernels(device, { out, isResumed }, { flags, say, signal, programs });
  const initial = Number(plan.oracle.settings["initialPoints"] ?? 0);
  if (plan.maxTrials !== null && initial >= plan.maxTrials) {
    say(`note       the first ${initial} trials are random, so all of these are; see --initial`);
  }
  const { length: kept } = study.trials;
  if (kept > 0) {
    say(`Reloading Tuner from ${join(out, "oracle.json")}`);
    say(`           ${finishedText(kept)}`);
  }
  const watching = await Watching.open(context, {
    ...{ command: "tune", model: name, epochs: flags.epochs, hasRate: false },
    classNames: data.train.classNames,
    facts: [
      ["adapter", adapter],
      ["search", searchText(plan)],
      ["rows", rowsText(plan)],
      ["saved in", out],
    ],
    parts: {
      ...{ name: "trial", total: trialsOf(plan), axes: axesOf(plan.space) },
      objective: plan.objective,
    },
  });
  const work = { device, server, adapter, pretrained, data, plan, study, watching };
  await (watching ? watching.during(() => searchAll(context, work)) : searchAll(context, work));
}

interface Work extends Pick<Equipment, "data" | "plan"> {
  /** Null where trials are other machines'. */
  readonly device: Device | null;
  readonly server: QueueServer | null;
  readonly adapter: string;
  readonly pretrained: Pretrained;
  readonly study: StudyFolder;
  readonly watching: Watching | null;
}

async function searchAll(context: Context, work: Work): Promise<Ended> {
  const { flags, say, signal } = context;
  const { device, adapter, plan, study, watching } = work;
  const { space } = plan;
  const watched = { space, total: trialsOf(plan), folds: plan.splits?.length ?? 1 };
  const watch = watching && new TrialsWatch(watching, watched, study.trials);
  const texts = trialTexts(context, plan);
  const board = flags.tensorboard === undefined ? null : new TrialBoard(flags.tensorboard, plan);
  const { checkpointMinutes: minutes } = flags;
  const shard = shardOf(flags);
  const tell = (line: string): void => say(context.style.dim(line));
  const checkpoints = new PartCheckpoints(study.path, { minutes, adapter, tell });
  const place = await openPlace(context, { ...work, checkpoints, watch });
  const result = await search({
    study,
    ...plan,
    epochs: flags.epochs,
    run: place.run,
    parallel: parallelOf(flags),
    isOwn: shard?.isOwn,
    signal,
    onTrialBegin: (trial, best) => {
      watch?.begin(trial);
      texts.onTrialBegin(trial, best);
      place.begin(trial.id);
    },
    onTrialEnd: (trial, finished) => {
      place.end(trial.id);
      checkpoints.end(folderOfTrial(trial.id));
      // The page follows the epochs of one training at a time: of those side by side it has them when they are over.
      watch?.end(trial, place.isRemote);
      board?.add(trial, folderOfTrial(trial.id));
      texts.onTrialEnd(trial, finished);
    },
  }).finally(() => place.close());
  device?.destroy();
  if (result.complete) checkpoints.endAll();
  await board?.close();
  await conclude(context, { plan, study, result, shard: flags.shard });
  const { length: count } = result.trials;
  const message = `${finishedText(count)}, saved in ${study.path}`;
  return { ended: result.complete ? "finished" : "interrupted", message };
}

interface PlaceWork extends Work {
  readonly checkpoints: PartCheckpoints;
  readonly watch: TrialsWatch | null;
}

/** This process, or workers. */
async function openPlace(context: Context, work: PlaceWork): Promise<TrialPlace> {
  const { flags, terminal, say } = context;
  const { device, server, plan, study, data, checkpoints, watch } = work;
  const { maxTrials: _, ...description } = describeStudy(flags, plan);
  const { checkpointMinutes, workers = 1 } = flags;
  const showing = { terminal, signal: context.signal, onProgress: watch?.progress };
  const { kernels } = study;
  const shared = { command: "tune", description, checkpointMinutes, kernels } as const;
  if (server) {
    const own = { study: await studyId(study.path), flags: searchArguments(withoutPaths(flags)) };
    return remoteTrials(await queuePlace({ ...showing, server, search: { ...own, ...shared } }));
  }
  if (!device || workers > 1) {
    const search = { study: "local", flags: searchArguments(flags), ...shared };
    const { data, adapter, deviceMemory } = flags;
    const rows = rowFlags(flags);
    const local = { out: study.path, workers, data, rows, adapter, deviceMemory };
    return remoteTrials(await localPlace({ ...showing, search, ...local }));
  }
  const { seed, limit: rows = data.train.rows } = flags;
  const { pretrained } = work;
  const basis = openBasis({ device, terminal, signal: context.signal, pretrained, seed, rows });
  const displays = new EpochDisplays(terminal);
  const run = await trialRunner(
    { device, basis, data, plan, flags, checkpoints },
    ({ epochs, plan: { training } }) => {
      const onFoldBegin = (fold: number) => say(`Fold ${fold + 1}/${flags.folds}`);
      const events = { ...displays.next(epochs), onFoldBegin };
      return watch ? watch.events(events, { epochs, batchSize: training.batchSize }) : events;
    },
  );
  return ownPlace(run, () => displays.interrupted());
}

await runCommand(command);
