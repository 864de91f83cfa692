// `npm run train`: trains a model on Fashion-MNIST, scores it on held-out and test rows, and saves the run.

import type { CleanData } from "../../data/clean.ts";
import { dataDigest } from "../../data/data-digest.ts";
import { rowFacts } from "../../data/row-facts.ts";
import type { Device } from "../../engine/core/device.ts";
import type { JsonValue } from "../../io/files.ts";
import { forData } from "../../models/for-data.ts";
import { isTransfer, type ModelConfig } from "../../models/models.ts";
import { keras3Summary } from "../../report/text/summary-table.ts";
import { Checkpoints } from "../../runs/checkpoints.ts";
import { KERNELS_FILE, rungsIn } from "../../runs/kernel-table.ts";
import { claimTraining, openTraining } from "../../runs/training-folder.ts";
import type { Objective } from "../../tune/trial.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { isAbort } from "../frame/failure.ts";
import { COMMON_FLAGS } from "../frame/help.ts";
import { unlessAborted } from "../frame/signals.ts";
import { type Chosen, chooseModel, loadChosen } from "../inputs/chosen-model.ts";
import { loadData, titleOfFlag } from "../inputs/data-set.ts";
import { foundLines, keptBy } from "../inputs/hyperparameters.ts";
import {
  checkKernels,
  chooseKernels,
  KERNEL_FLAGS,
  programsOfPlan,
} from "../inputs/kernel-tables.ts";
import { LOOKING_FLAGS } from "../inputs/looking-flags.ts";
import { openBasis, type Pretrained, shortSummary } from "../inputs/model-basis.ts";
import { MODEL_FLAGS } from "../inputs/model-flags.ts";
import { openAdapter } from "../inputs/open-adapter.ts";
import { STEPS_BEFORE } from "../inputs/repeat-command.ts";
import { argumentsOf, RESUME_FLAGS, resumedFlags } from "../inputs/resume-flags.ts";
import { FUSE_FLAG } from "../inputs/rung-flag.ts";
import { ADAPTER_FLAG, DATA_FLAGS, defaultOut, SEED_FLAG } from "../inputs/shared-flags.ts";
import { type Rows, splitRows } from "../inputs/split-rows.ts";
import { checkSchedule, TRAINING_FLAGS } from "../inputs/training-flags.ts";
import { WATCH_FLAGS } from "../inputs/watch-flags.ts";
import { placeOf, runTraining } from "../outcomes/training-run.ts";
import { Watching } from "../outcomes/watching.ts";

/** Those that say what is trained. */
const DECIDING_FLAGS = {
  ...MODEL_FLAGS,
  epochs: { type: "integer", default: 20, min: 1, help: "passes over the training rows, at most" },
  hyperparameters: {
    type: "string",
    value: "folder",
    help: "a tuner's study, or one of its trials: its model, rate and batch size, how it was trained, and what its best epoch is by; --learning-rate, --batch-size and --optimizer change theirs",
  },
  "batch-size": { type: "integer", min: 1, help: "rows in a training step; default 50" },
  ...TRAINING_FLAGS,
  ...SEED_FLAG,
  validation: {
    type: "number",
    default: 0.05,
    min: 0,
    max: 0.9,
    help: "share of the training rows held out, stratified by class as scikit-learn does; 0 holds out none",
  },
  patience: {
    type: "integer",
    default: 5,
    min: 0,
    help: "epochs without a better val_loss before training stops; 0 never stops early",
  },
  limit: { type: "integer", min: 10, help: "use only the first so many training rows" },
  "test-limit": { type: "integer", min: 1, help: "score only the first so many test rows" },
  ...DATA_FLAGS,
  ...ADAPTER_FLAG,
} as const;

const FLAGS = {
  ...DECIDING_FLAGS,
  out: {
    type: "string",
    value: "folder",
    help: "where to save the run; default runs/<time>-<model>",
  },
  ...RESUME_FLAGS,
  ...KERNEL_FLAGS,
  ...FUSE_FLAG,
  ...LOOKING_FLAGS,
  ...WATCH_FLAGS,
} as const;

type Given = CommandContext<typeof FLAGS, readonly []>;
/** With what --hyperparameters says in place of the flags that were not given. */
type Context = Given & { readonly flags: { readonly batchSize: number } };

const command = defineCommand({
  name: "npm run train --",
  summary:
    "Trains a model on Fashion-MNIST or on pictures of yours, scores it, and saves weights, history and charts.",
  examples: [
    { command: "npm run train -- --model lenet5", does: "the study's LeNet-5: up to 20 epochs" },
    { command: "npm run train -- --epochs 1 --limit 5000", does: "a first look, in seconds" },
    {
      command: "npm run train -- --stats 100 --tensorboard logs",
      does: "measures every layer now and then, and writes it for TensorBoard too",
    },
    {
      command: "npm run train -- --hyperparameters runs/study/trial_3",
      does: "a tuner's trial, trained to its end; without trial_3 the best one",
    },
    {
      command: "npm run train -- --resume runs/tanh",
      does: "goes on with a training that was ended, by Ctrl-C or by anything else",
    },
    {
      command: "npm run train -- --watch --stats 100",
      does: "prints the address of a page that shows it all while it goes on",
    },
    {
      command: "npm run train -- --activation tanh --pooling average",
      does: "closer to the paper of 1998",
    },
    {
      command: "npm run train -- --optimizer sgd --momentum 0.9 --nesterov --schedule cosine",
      does: "another optimiser, whose rate goes to 0 along a cosine",
    },
  ],
  flags: FLAGS,
  savesWhenStopped: true,
  run: (context) =>
    train(context).catch((error) => {
      if (isAbort(error)) {
        context.say("interrupted before the first epoch was finished; no run was saved");
      }
      throw error;
    }),
});

async function train(typed: Given): Promise<void> {
  const given = await resumed(typed);
  const { say, style, terminal, signal } = given;
  const chosen = await chooseModel(given.flags);
  const { batchSize, learningRate, found } = chosen;
  const flags = { ...given.flags, batchSize, learningRate };
  const context = { ...given, flags };
  checkSchedule(chosen.optimisation, flags.validation);
  const { name } = chosen.model;
  say(style.bold(`vitrine: training ${name} on ${titleOfFlag(flags.data)}`));
  const out = flags.out ?? (await defaultOut(name));
  await claimTraining(out);
  const loaded = await loadChosen(context, chosen);
  const data = await unlessAborted(loadData(terminal, flags.data, flags), signal);
  const pretrained = { ...loaded, config: forData(loaded.config, data.train) };
  const rows = splitRows(data, flags);
  const open = () => openAdapter(flags);
  const device = await open();
  signal.throwIfAborted();
  tellInputs(context, { chosen, pretrained, data, rows, device });
  const { config } = pretrained;
  const keepBest = found && keptBy(found);
  const { settings, training } = trainingOf(flags, chosen, keepBest);
  await checkKernels(device, flags);
  const { checkpoints, isResumed } = await openCheckpoints(context, {
    ...{ out, data, config, training, adapter: device.name },
  });
  const programs = programsOfPlan({ model: config, training: settings }, data.train);
  const kernels = await chooseKernels(device, { out, isResumed }, { flags, say, signal, programs });
  const reopen = async () => {
    const opened = await open();
    if (kernels) opened.rungTable.choose(rungsIn(kernels));
    return opened;
  };
  const watching = await Watching.open(context, {
    ...{
      command: "train",
      model: config.name,
      epochs: flags.epochs,
      hasRate: !settings.stepSchedule,
      parts: null,
    },
    classNames: data.train.classNames,
    facts: [
      ["adapter", device.name],
      ["rows", `${rows.train.length} to train on, ${rows.heldOut.length} held out`],
      ["batch", String(flags.batchSize)],
      ["saved in", out],
    ],
  });
  tellModel(context, config);
  const { seed, limit = data.train.rows } = flags;
  const basisOn = (on: Device) =>
    openBasis({ device: on, terminal, signal, pretrained, seed, rows: limit });
  const { optimizerState } = chosen;
  const ran = kernels ? { ...training, kernels: KERNELS_FILE } : training;
  const known = { data, rows, config, out, settings, training: ran, seed, keepBest };
  const plan = { ...known, checkpoints, optimizerState };
  const work = () =>
    runTraining(context, { ...plan, watching, device, openDevice: reopen, basisOn });
  await (watching ? watching.during(work) : work());
}

/** With the flags of the training that --resume names. */
async function resumed(given: Given): Promise<Given> {
  const { resume } = given.flags;
  if (resume === undefined) return given;
  const flags = await resumedFlags({ ...FLAGS, ...COMMON_FLAGS }, resume, given.args);
  return { ...given, flags: flags as Given["flags"] };
}

/** What `fit` is given, and what a run records of it. */
function trainingOf(
  flags: Context["flags"],
  { optimisation, batchSize, learningRate, optimizerState }: Chosen,
  keepBest: Objective | null,
) {
  const { epochs, seed, validation, patience, limit = null } = flags;
  const { optimizer = "adam", schedule = "study" } = optimisation;
  const settings = { epochs, batchSize, learningRate, patience, ...optimisation };
  const training = {
    ...{ ...settings, seed, validation, limit, optimizer, schedule },
    ...(keepBest ? { keepBest: keepBest.name } : {}),
    ...(optimizerState ? { [STEPS_BEFORE]: optimizerState.steps } : {}),
  };
  return { settings, training };
}

interface Begun {
  readonly out: string;
  readonly data: CleanData;
  readonly config: ModelConfig;
  readonly training: Readonly<Record<string, JsonValue>>;
  readonly adapter: string;
}

/** Begins the training in its folder, or finds it there and says where it goes on. */
async function openCheckpoints(
  { flags, say, style }: Context,
  { out, data, config, training, adapter }: Begun,
) {
  const { checkpointMinutes: minutes, overwrite } = flags;
  const rows = { train: dataDigest(data.train), test: dataDigest(data.test) };
  const state = await openTraining({
    ...{ path: out, overwrite },
    settings: { ...training, adapter, model: config as unknown as JsonValue, rows },
    command: argumentsOf(DECIDING_FLAGS, flags),
    // Along a cosine, every rate depends on the number of epochs.
    mayGrow: training["schedule"] !== "cosine",
  });
  const tell = (line: string): void => say(style.dim(line));
  const checkpoints = await Checkpoints.open(out, { minutes, adapter, tell });
  for (const line of checkpoints.found?.damaged ?? []) say(`damaged    ${line}`);
  if (state === "resumed") {
    say(`resumed    ${checkpoints.latest ? placeOf(checkpoints) : "from the beginning"}`);
  }
  return { checkpoints, isResumed: state === "resumed" };
}

interface Inputs {
  readonly chosen: Chosen;
  readonly pretrained: Pretrained;
  readonly data: CleanData;
  readonly rows: Rows;
  readonly device: Device;
}

function tellInputs(
  { flags, say }: Context,
  { chosen, pretrained, data, rows, device }: Inputs,
): void {
  const tested = Math.min(data.test.rows, flags.testLimit ?? Infinity);
  say(`adapter    ${device.name}`);
  say(`data set   ${data.source}`);
  say(
    `rows       ${rows.train.length} to train on, ${rows.heldOut.length} held out, ${tested} to test`,
  );
  for (const fact of rowFacts({ ...data, rows: rows.train })) say(`note       ${fact}`);
  if (pretrained.source) say(`weights    ${pretrained.source}`);
  for (const note of chosen.notes) say(`note       ${note}`);
  const { optimizerState, learningRate } = chosen;
  if (optimizerState) {
    const { name, steps } = optimizerState;
    say(`optimiser  ${name}, which goes on after its ${steps} steps, at rate ${learningRate}`);
  }
  const { found } = chosen;
  if (found) for (const line of foundLines(chosen, found, flags)) say(line);
}

function tellModel({ say, style, terminal }: Context, config: ModelConfig): void {
  const { width: columns, colour } = terminal;
  say();
  say(keras3Summary(shortSummary(config), { columns, colour }));
  if (!isTransfer(config)) return;
  const line = `npm run summary -- --model ${config.name} --no-top lists the base layer by layer`;
  say(style.dim(`${line}\n`));
}

await runCommand(command);
