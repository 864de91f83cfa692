// `npm run train`: trains a model on Fashion-MNIST, scores it on held-out and test rows, and saves the run.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { limitRows } from "../../data/dataset.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { openDevice } from "../../io/adapter.ts";
import { prepareOut } from "../../io/files.ts";
import { isTransfer } from "../../models/models.ts";
import { keras3Summary } from "../../report/text/summary-table.ts";
import { historyFile } from "../../runs/run-folder.ts";
import { allRows } from "../../train/device-data.ts";
import { DivergenceError } from "../../train/divergence-error.ts";
import type { Evaluation } from "../../train/evaluator.ts";
import { FitRun } from "../../train/fit.ts";
import { fitSettings } from "../../train/training.ts";
import { EpochDisplay } from "../display/epoch-display.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { isAbort } from "../frame/failure.ts";
import { unlessAborted } from "../frame/signals.ts";
import { loadData } from "../inputs/data-set.ts";
import { LOOKING_FLAGS } from "../inputs/looking-flags.ts";
import { loadPretrained, openBasis, shortSummary } from "../inputs/model-basis.ts";
import { MODEL_FLAGS, modelConfig } from "../inputs/model-flags.ts";
import { ADAPTER_FLAG, DATA_FLAGS, defaultOut, SEED_FLAG } from "../inputs/shared-flags.ts";
import { splitRows } from "../inputs/split-rows.ts";
import { firstRate, optimisationOf, TRAINING_FLAGS } from "../inputs/training-flags.ts";
import { huntDown } from "../outcomes/hunt-down.ts";
import { Looking } from "../outcomes/looking.ts";
import {
  bestEpoch,
  closingLines,
  type Ending,
  saveOutcome,
  type TrainedRun,
} from "../outcomes/train-outcome.ts";

const FLAGS = {
  ...MODEL_FLAGS,
  epochs: { type: "integer", default: 20, min: 1, help: "passes over the training rows, at most" },
  "batch-size": { type: "integer", default: 50, min: 1, help: "rows in a training step" },
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
  out: {
    type: "string",
    value: "folder",
    help: "where to save the run; default runs/<time>-<model>",
  },
  ...LOOKING_FLAGS,
  ...ADAPTER_FLAG,
} as const;

type Context = CommandContext<typeof FLAGS, readonly []>;

const command = defineCommand({
  name: "npm run train --",
  summary: "Trains a model on Fashion-MNIST, scores it, and saves weights, history and charts.",
  examples: [
    { command: "npm run train -- --model lenet5", does: "the study's LeNet-5: up to 20 epochs" },
    { command: "npm run train -- --epochs 1 --limit 5000", does: "a first look, in seconds" },
    {
      command: "npm run train -- --stats 100 --tensorboard logs",
      does: "measures every layer now and then, and writes it for TensorBoard too",
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
  run: (context) =>
    train(context).catch((error) => {
      if (isAbort(error)) {
        context.say("interrupted before the first epoch was finished; no run was saved");
      }
      throw error;
    }),
});

async function train(context: Context): Promise<void> {
  const { flags, say, style, terminal, signal } = context;
  const asked = modelConfig(flags);
  checkTraining(flags);
  say(style.bold(`vitrine: training ${asked.name} on Fashion-MNIST`));
  const out = flags.out ?? defaultOut(asked.name);
  await prepareOut(out);
  const pretrained = await loadPretrained(context, asked, flags.weights);
  const data = await unlessAborted(loadData(terminal, flags.data, flags), signal);
  const rows = splitRows(data, flags);
  const device = await openDevice({ ...(flags.adapter ? { adapter: flags.adapter } : {}) });
  signal.throwIfAborted();
  say(`adapter    ${device.name}`);
  say(`data set   ${data.source}`);
  say(
    `rows       ${rows.train.length} to train on, ${rows.heldOut.length} held out, ${Math.min(data.test.rows, flags.testLimit ?? Infinity)} to test`,
  );
  if (pretrained.source) say(`weights    ${pretrained.source}`);
  const { config } = pretrained;
  say();
  const { width: columns, colour } = terminal;
  say(keras3Summary(shortSummary(config), { columns, colour }));
  if (isTransfer(config)) {
    say(
      style.dim(
        `npm run summary -- --model ${config.name} --no-top lists the base layer by layer\n`,
      ),
    );
  }
  const { seed, limit = data.train.rows } = flags;
  const basis = openBasis({ device, terminal, signal, pretrained, seed, rows: limit });
  await trainAndSave(context, await prepare(context, { device, basis, data, rows, config, out }));
  device.destroy();
}

/** Throws UsageError for flags that do not go together. */
function checkTraining(flags: Context["flags"]): void {
  optimisationOf(flags);
  if (flags.schedule !== "plateau" || flags.validation > 0) return;
  throw new UsageError("--schedule: plateau watches val_loss, got --validation 0", {
    help: "hold rows out, or choose another schedule",
  });
}

interface Session extends TrainedRun {
  readonly display: EpochDisplay;
  readonly looking: Looking;
}

type Plan = Pick<Session, "device" | "basis" | "data" | "rows" | "config" | "out">;

async function prepare(context: Context, plan: Plan): Promise<Session> {
  const { flags, terminal, signal } = context;
  const { device, basis, rows } = plan;
  const display = new EpochDisplay(terminal, flags.epochs);
  const data = await basis.place(limitRows(plan.data.train, flags.limit));
  display.preparing();
  const { epochs, batchSize, seed, validation, patience, limit = null } = flags;
  const { optimizer, schedule } = flags;
  const asked = optimisationOf(flags);
  const learningRate = firstRate(flags);
  const history = historyFile(plan.out);
  const settings = fitSettings({ epochs, batchSize, learningRate, patience, ...asked }, [history]);
  const model = basis.modelOf(plan.config);
  const { optimizer: rule } = settings;
  const setup = { model, data, batchSize, seed, optimizer: rule };
  const looking = new Looking(context, setup, plan.out);
  const run = await FitRun.create(device, model, {
    ...settings,
    ...display,
    ...looking.options(),
    callbacks: [...settings.callbacks, ...looking.callbacks],
    train: { data, rows: rows.train },
    validation: { data, rows: rows.heldOut },
    initialWeights: basis.pretrained,
    ...{ seed, signal },
  }).catch((error) => {
    display.interrupted();
    throw error;
  });
  return {
    ...plan,
    run,
    display,
    looking,
    startedAt: performance.now(),
    training: {
      ...{ epochs, batchSize, learningRate, seed, validation, patience, limit },
      ...{ optimizer, schedule, ...asked },
    },
  };
}

/** Whatever ends the run, the best of its finished epochs is saved before the error is told. */
async function trainAndSave(context: Context, session: Session): Promise<void> {
  const { signal, flags } = context;
  const { run, display, looking, out } = session;
  let test: Evaluation | null = null;
  let failure: unknown;
  try {
    await run.train();
    if (run.ended !== "interrupted") test = await scoreTest(session, flags.testLimit);
  } catch (error) {
    failure = error;
  }
  display.interrupted();
  if (failure instanceof DivergenceError && looking.ground) {
    const steps = Math.floor(session.rows.train.length / flags.batchSize);
    await huntDown(context, looking.ground, {
      device: session.device,
      steps,
      reason: failure.reason,
    });
  }
  const best = bestEpoch(session);
  if (best) {
    const ended = run.ended ?? "failed";
    const saving = context.finish(() => conclude(context, session, { best, test, ended }));
    await saving.catch((error) => {
      failure ??= error;
    });
  } else await rm(join(out, "history.csv"), { force: true });
  if (failure !== undefined) throw failure;
  if (!best) signal.throwIfAborted();
}

async function scoreTest({ run, basis, data }: Session, limit?: number): Promise<Evaluation> {
  return run.evaluate(allRows(await basis.place(limitRows(data.test, limit))));
}

const ENDINGS = {
  early: "stopped early",
  interrupted: "interrupted",
  failed: "ended by an error",
} as const;

async function conclude(context: Context, session: Session, ending: Ending): Promise<void> {
  const { say, style, json, setExitCode } = context;
  const metrics = await saveOutcome(session, ending);
  say();
  if (ending.ended !== "finished") {
    const count = metrics.epochs === 1 ? "1 epoch" : `${metrics.epochs} epochs`;
    say(
      `${ENDINGS[ending.ended]} after ${count}; the weights of epoch ${metrics.bestEpoch} are kept`,
    );
  }
  for (const line of closingLines(metrics, style)) say(line);
  const { verified } = session.looking;
  if (verified && verified.outOfBounds > 0) setExitCode(1);
  json(verified ? { ...metrics, verified } : metrics);
}

await runCommand(command);
