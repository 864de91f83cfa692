// `npm run train`: trains a model on Fashion-MNIST, scores it on held-out and test rows, and saves the run.

import type { FashionMnist } from "../data/fashion-mnist.ts";
import { trainTestSplit } from "../data/split.ts";
import type { Device } from "../engine/core/device.ts";
import { DeviceError, UsageError } from "../engine/core/errors.ts";
import { describeModel, type Model } from "../engine/layers/model.ts";
import { adam } from "../engine/optim/adam.ts";
import { openDevice } from "../io/adapter.ts";
import { type JsonValue, prepareOut } from "../io/files.ts";
import { tensorDigest } from "../io/safetensors.ts";
import { createModel, type ModelConfig } from "../models/models.ts";
import { historyFile, namedTensors, runConfig, saveRun } from "../report/run-folder.ts";
import { keras3Summary, type ModelSummary } from "../report/summary-table.ts";
import { EarlyStopping } from "../train/callbacks/early-stopping.ts";
import {
  holdThenDecay,
  LearningRateScheduler,
} from "../train/callbacks/learning-rate-scheduler.ts";
import { TerminateOnNaN } from "../train/callbacks/terminate-on-nan.ts";
import { type DeviceData, uploadDataset } from "../train/device-data.ts";
import type { Evaluation } from "../train/evaluator.ts";
import { Trainer } from "../train/trainer.ts";
import { type CommandContext, defineCommand, runCommand } from "./command.ts";
import { loadData } from "./data-set.ts";
import { EpochDisplay } from "./epoch-display.ts";
import {
  ADAPTER_FLAG,
  DATA_FLAGS,
  defaultOut,
  MODEL_FLAGS,
  modelConfig,
  SEED_FLAG,
} from "./shared-flags.ts";

const FLAGS = {
  ...MODEL_FLAGS,
  epochs: { type: "integer", default: 20, min: 1, help: "passes over the training rows, at most" },
  "batch-size": { type: "integer", default: 50, min: 1, help: "rows in a training step" },
  "learning-rate": {
    type: "number",
    default: 1e-3,
    above: 0,
    help: "Adam's rate; it holds for 10 epochs and is then multiplied by exp(-0.1) each epoch",
  },
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
  ...DATA_FLAGS,
  out: {
    type: "string",
    value: "folder",
    help: "where to save the run; default runs/<time>-<model>",
  },
  ...ADAPTER_FLAG,
} as const;

type Context = CommandContext<typeof FLAGS, readonly []>;
type Flags = Context["flags"];

const command = defineCommand({
  name: "npm run train --",
  summary:
    "Trains a model on Fashion-MNIST with Adam, scores it, and saves weights, history and charts.",
  examples: [
    { command: "npm run train -- --model lenet5", does: "the study's LeNet-5: up to 20 epochs" },
    { command: "npm run train -- --epochs 1 --limit 5000", does: "a first look, in seconds" },
    {
      command: "npm run train -- --activation tanh --pooling average",
      does: "closer to the paper of 1998",
    },
  ],
  flags: FLAGS,
  run: train,
});

async function train(context: Context): Promise<void> {
  const { flags, say, style, terminal } = context;
  const model = modelConfig(flags);
  say(style.bold(`vitrine: training ${model.name} on Fashion-MNIST`));
  const out = flags.out ?? defaultOut(model.name);
  await prepareOut(out);
  const data = await loadData(terminal, flags.data, flags);
  const rows = splitRows(data, flags);
  const device = await openDevice({ ...(flags.adapter ? { adapter: flags.adapter } : {}) });
  say(`adapter    ${device.name}`);
  say(`data set   ${data.source}`);
  say(
    `rows       ${rows.train.length} to train on, ${rows.heldOut.length} held out, ${data.test.rows} to test`,
  );
  const session = await prepare(context, { device, data, rows, config: model, out });
  await run(context, session);
  device.destroy();
}

interface Plan {
  readonly device: Device;
  readonly data: FashionMnist;
  readonly rows: Rows;
  readonly config: ModelConfig;
  readonly out: string;
}

interface Session extends Plan {
  readonly trainer: Trainer;
  readonly trainData: DeviceData;
  readonly display: EpochDisplay;
  readonly stopping: EarlyStopping;
  readonly startedAt: number;
}

async function prepare(context: Context, plan: Plan): Promise<Session> {
  const { flags, say, terminal } = context;
  const { device, data } = plan;
  const model = createModel(plan.config);
  const { width: columns, colour } = terminal;
  say();
  say(keras3Summary(summaryOf(model), { columns, colour }));
  const display = new EpochDisplay(terminal, flags.epochs);
  const trainData = uploadDataset(device, data.train);
  const trainer = await Trainer.create({
    device,
    model,
    optimizer: adam(),
    data: trainData,
    batchSize: flags.batchSize,
    learningRate: flags.learningRate,
    seed: flags.seed,
    onCompile: (label, index, total) => display.compiling(label, index, total),
    onCompiled: (total) => display.compiled(total),
  });
  const patience = flags.patience > 0 ? flags.patience : Number.POSITIVE_INFINITY;
  const stopping = new EarlyStopping({ patience, restoreBestWeights: true });
  return { ...plan, trainer, trainData, display, stopping, startedAt: performance.now() };
}

async function run(context: Context, session: Session): Promise<void> {
  const { flags, say, signal } = context;
  const { trainer, display, stopping, rows, device, data } = session;
  const notANumber = new TerminateOnNaN();
  try {
    await trainer.fit({
      rows: rows.train,
      validationRows: rows.heldOut,
      epochs: flags.epochs,
      callbacks: [
        new LearningRateScheduler(holdThenDecay),
        stopping,
        notANumber,
        historyFile(session.out),
      ],
      signal,
      onEpochBegin: (epoch, steps) => display.epochBegin(epoch, steps),
      onProgress: (step, values) => display.progress(step, values),
      onEpochEnd: (_epoch, logs) => display.epochEnd(logs),
    });
    if (signal.aborted) display.interrupted();
    const heldOut =
      rows.heldOut.length > 0 ? await trainer.evaluate(session.trainData, rows.heldOut) : null;
    const test = signal.aborted
      ? null
      : await trainer.evaluate(uploadDataset(device, data.test), firstRows(data.test.rows));
    await finish(context, session, { heldOut, test });
  } catch (error) {
    display.interrupted();
    if (!(error instanceof DeviceError)) throw error;
    if (trainer.history.length > 0) {
      await save(
        context,
        session,
        { heldOut: null, test: null },
        stopping.bestWeights ?? trainer.lastWeights,
      );
      say(`the best weights of ${trainer.history.length} finished epochs are in ${session.out}`);
    }
    throw error;
  }
  if (notANumber.stoppedEpoch !== null) {
    throw new UsageError(
      `--learning-rate: the loss became NaN or infinite in epoch ${notANumber.stoppedEpoch + 1}`,
      {
        help: `try a lower rate than ${flags.learningRate}`,
      },
    );
  }
}

interface Scores {
  readonly heldOut: Evaluation | null;
  readonly test: Evaluation | null;
}

async function finish(context: Context, session: Session, scores: Scores): Promise<void> {
  const { say, style, json, signal } = context;
  const { trainer, stopping, out } = session;
  const { heldOut, test } = scores;
  if (stopping.stoppedEpoch !== null) {
    say(
      `stopped early: val_loss was best in epoch ${stopping.bestEpoch + 1}, whose weights are kept`,
    );
  }
  const result = await save(context, session, scores, trainer.lastWeights);
  say();
  if (heldOut)
    say(
      `held-out   loss ${heldOut.loss.toFixed(4)}  accuracy ${style.bold(percent(heldOut.accuracy))}`,
    );
  if (test)
    say(`test       loss ${test.loss.toFixed(4)}  accuracy ${style.bold(percent(test.accuracy))}`);
  if (signal.aborted)
    say(`interrupted after ${trainer.history.length} epochs; the best weights so far are kept`);
  say(`saved in   ${out}`);
  json(result);
}

/** Saves the run and returns what --json prints. */
async function save(
  context: Context,
  session: Session,
  scores: Scores,
  weights: Trainer["lastWeights"],
): Promise<Record<string, JsonValue>> {
  const { flags } = context;
  const { trainer, stopping, data, rows, config, out, device } = session;
  const tensors = namedTensors(trainer.variables, weights);
  const metrics = {
    model: config.name,
    parameters: trainer.variables.count(),
    epochs: trainer.history.length,
    bestEpoch: stopping.bestEpoch + 1,
    steps: trainer.steps,
    msPerStep: median(trainer.stepTimes),
    seconds: (performance.now() - session.startedAt) / 1000,
    valLoss: scores.heldOut?.loss ?? null,
    valAccuracy: scores.heldOut?.accuracy ?? null,
    testLoss: scores.test?.loss ?? null,
    testAccuracy: scores.test?.accuracy ?? null,
    weightsSha256: tensorDigest(tensors),
    adapter: device.name,
    out,
  };
  const { epochs, batchSize, learningRate, seed, validation, patience, limit = null } = flags;
  await saveRun(out, {
    config: runConfig({
      model: config,
      classNames: data.train.classNames,
      training: { epochs, batchSize, learningRate, seed, validation, patience, limit },
      data: {
        source: data.source,
        trainRows: rows.train.length,
        heldOutRows: rows.heldOut.length,
        testRows: data.test.rows,
      },
      adapter: device.name,
    }),
    metrics,
    history: trainer.history,
    weights: tensors,
    confusion: scores.test?.confusion ?? null,
  });
  return metrics;
}

interface Rows {
  readonly train: Uint32Array<ArrayBuffer>;
  readonly heldOut: Uint32Array<ArrayBuffer>;
}

function splitRows(data: FashionMnist, flags: Flags): Rows {
  const { limit, validation, seed, batchSize } = flags;
  const available = data.train.rows;
  if (limit !== undefined && limit > available) {
    throw new UsageError(`--limit: must be at most the ${available} training rows, got ${limit}`);
  }
  const rows = limit ?? available;
  const stratify = data.train.labels.subarray(0, rows);
  const split =
    validation > 0
      ? trainTestSplit({ rows, testSize: validation, seed, stratify })
      : { train: firstRows(rows), test: new Uint32Array() };
  if (batchSize > split.train.length) {
    throw new UsageError(
      `--batch-size: must be at most the ${split.train.length} rows to train on, got ${batchSize}`,
    );
  }
  return { train: Uint32Array.from(split.train), heldOut: Uint32Array.from(split.test) };
}

function firstRows(count: number): Uint32Array<ArrayBuffer> {
  return Uint32Array.from({ length: count }, (_, row) => row);
}

function summaryOf(model: Model): ModelSummary {
  const { name, layers, trainable, nonTrainable } = describeModel(model);
  const rows = layers.map((layer) => ({ ...layer, outputShape: [null, ...layer.outputShape] }));
  return { name, layers: rows, trainable, nonTrainable };
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

await runCommand(command);
