// `npm run inspect`: one step of a model as a page to walk through, dispatch by dispatch: kernels, tensors, times, errors.

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { CleanData } from "../../data/clean.ts";
import { limitRows } from "../../data/dataset.ts";
import type { Device } from "../../engine/core/device.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { formatMemory } from "../../format/number-format.ts";
import { gatherDocument } from "../../inspect/inspector/gather-document.ts";
import type { InspectorDocument } from "../../inspect/inspector/inspector-document.ts";
import { openStep, STEP_KINDS, type StepSetup } from "../../inspect/step.ts";
import { writeAtomically } from "../../io/files.ts";
import { DEFAULT_MODEL } from "../../models/models.ts";
import { inspectorHtml } from "../../page/inspector/inspector-page.ts";
import { placeDataset } from "../../train/device-data.ts";
import { inferenceBatch } from "../../train/inference-batch.ts";
import { EpochDisplay } from "../display/epoch-display.ts";
import { StageBars } from "../display/stage-bars.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { unlessAborted } from "../frame/signals.ts";
import { loadData } from "../inputs/data-set.ts";
import {
  type InspectedModel,
  inspectedFor,
  inspectedModel,
  precisionOfStep,
  RUN_POSITIONAL,
} from "../inputs/inspected-model.ts";
import { chooseForStep, STEP_KERNEL_FLAGS } from "../inputs/kernel-tables.ts";
import { MODEL_FLAGS } from "../inputs/model-flags.ts";
import { openAdapter } from "../inputs/open-adapter.ts";
import { checkOutputFile } from "../inputs/output-file.ts";
import { checkLadders, FUSE_FLAG, RUNG_FLAG, rungsOf, withRungs } from "../inputs/rung-flag.ts";
import { ADAPTER_FLAG, DATA_FLAGS, SEED_FLAG } from "../inputs/shared-flags.ts";

const FLAGS = {
  ...MODEL_FLAGS,
  step: { type: "choice", choices: STEP_KINDS, default: "train", help: "which of the programs" },
  "batch-size": {
    type: "integer",
    min: 1,
    help: "rows in the step; default 50, or the run's; evaluate and predict: at most 50",
  },
  ...RUNG_FLAG,
  ...FUSE_FLAG,
  ...STEP_KERNEL_FLAGS,
  images: {
    type: "integer",
    value: "count",
    default: 8,
    min: 0,
    help: "test images whose way through the network is shown: of different classes, and of a saved run one that it mistakes",
  },
  row: {
    type: "list",
    value: "number",
    help: "a row of the test set in their place, from 0; may be given several times",
  },
  limit: { type: "integer", default: 1000, min: 1, help: "use only the first so many rows" },
  out: {
    type: "string",
    value: "file",
    help: "the page (.html); default inspect.html in the run's folder, or inspect-<model>.html here",
  },
  ...DATA_FLAGS,
  ...SEED_FLAG,
  ...ADAPTER_FLAG,
} as const;

type Context = CommandContext<typeof FLAGS, typeof RUN_POSITIONAL>;

const command = defineCommand({
  name: "npm run inspect --",
  summary:
    "Writes a page to walk through one step: each dispatch with its WGSL, tensors, time, place in the roofline, and error against the naive kernel.",
  examples: [
    { command: "npm run inspect -- runs/…-lenet5", does: "the training step of a saved run" },
    { command: "npm run inspect -- --model lenet5", does: "before training" },
    {
      command:
        "npm run inspect -- --model resnet152v2 --weights none --batch-size 2 --step predict",
      does: "a deep network, with random weights",
    },
  ],
  positionals: RUN_POSITIONAL,
  flags: FLAGS,
  run: inspect,
});

/** Rows of a step that is only looked at. */
const MOST_ROWS = 50;

async function inspect(context: Context): Promise<void> {
  const { flags, positionals, say, style, terminal, signal, json, finish } = context;
  const [run] = positionals;
  const rungs = rungsOf(flags.rung);
  await checkOutputFile("out", flags.out, ".html");
  const name = run ?? flags.model ?? DEFAULT_MODEL;
  say(style.bold(`vitrine: looking into the ${flags.step} step of ${name}`));
  const asked = await inspectedModel(context, { published: false });
  const loaded = await unlessAborted(loadData(terminal, flags.data, flags), signal);
  const looked = inspectedFor(asked, loaded.train);
  checkRows(flags.row, loaded);
  const batchSize = batchOf(context, looked, loaded);
  const device = await openAdapter(flags);
  signal.throwIfAborted();
  say(`adapter    ${device.name}`);
  say(`data set   ${loaded.source}`);
  say(`weights    ${looked.source ?? `random ones, of seed ${flags.seed}`}`);
  say(`step       ${flags.step} on ${batchSize} rows`);
  await chooseForStep(device, looked.run, { flags, say });
  const { model, weights, optimizer, loss } = looked;
  const setup: StepSetup = {
    ...{ model, weights, optimizer, loss, rungs, batchSize, kind: flags.step, seed: flags.seed },
    precision: precisionOfStep(device, looked, { kind: flags.step, say }),
    data: await placeDataset(device, limitRows(loaded.train, flags.limit)),
  };
  const found = await gather(context, { device, setup, looked, loaded });
  const html = await inspectorHtml(found);
  const out =
    flags.out ??
    (looked.run === null ? `inspect-${looked.config.name}.html` : join(looked.run, "inspect.html"));
  await finish(() => writeAtomically(out, html));
  const { size } = await stat(out);
  say();
  say(`written    ${out}, ${formatMemory(size)}: open it in a browser, it needs no network`);
  json({
    ...{ out, bytes: size, program: found.title, adapter: device.name },
    dispatches: found.dispatches.length,
    kernels: found.kernels.length,
    tensors: found.tensors.length,
    images: found.journeys.length,
    outOfBounds: found.dispatches.filter(({ errors }) => errors.some((e) => !e.isWithin)).length,
    stepMs: found.profile.stepMs.median,
  });
  device.destroy();
}

/** As large as the step would be in training, and no larger than the rows at hand. */
function batchOf({ flags }: Context, looked: InspectedModel, { train }: CleanData): number {
  const rows = Math.min(flags.limit, train.rows);
  const own = flags.step === "train" ? (looked.batchSize ?? 50) : inferenceBatch(looked.model);
  const batch = flags.batchSize ?? Math.min(own, MOST_ROWS, rows);
  if (batch > rows) {
    throw new UsageError(`--batch-size: must be at most the ${rows} rows, got ${batch}`);
  }
  return batch;
}

interface Gathering {
  readonly device: Device;
  readonly setup: StepSetup;
  readonly looked: InspectedModel;
  readonly loaded: CleanData;
}

async function gather(context: Context, gathering: Gathering): Promise<InspectorDocument> {
  const { terminal, signal, flags } = context;
  const { device, setup, looked, loaded } = gathering;
  const { rungs = {} } = setup;
  const display = new EpochDisplay(terminal, 1);
  const bars = new StageBars(terminal);
  display.preparing();
  try {
    return await gatherDocument({
      ...{ device, setup, signal, model: looked.config.name, test: loaded.test },
      open: async () => {
        const step = await withRungs(rungs, () => openStep(device, setup));
        checkLadders(rungs, step.program);
        return step;
      },
      images: flags.row.length > 0 ? flags.row.map(Number) : flags.images,
      isTrained: looked.source !== null,
      source: looked.source ?? `random weights of seed ${flags.seed}`,
      readLines: (file) =>
        readFile(file, "utf8").then(
          (text) => text.split("\n"),
          () => null,
        ),
      ...display,
      onStage: (words, share) => bars.show(words, share),
    });
  } finally {
    display.interrupted();
    bars.close();
  }
}

function checkRows(rows: readonly string[], { test }: CleanData): void {
  const wrong = rows.find((row) => !/^\d+$/.test(row) || Number(row) >= test.rows);
  if (wrong === undefined) return;
  throw new UsageError(`--row: must be a test row, from 0 to ${test.rows - 1}, got ${wrong}`);
}

await runCommand(command);
