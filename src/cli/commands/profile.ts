// `npm run profile`: where the time and the memory of one step go, dispatch by dispatch; as tables, JSON, CSV, a trace and a
// roofline. And two such profiles side by side.

import type { CleanData } from "../../data/clean.ts";
import { limitRows } from "../../data/dataset.ts";
import type { Device } from "../../engine/core/device.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { compareProfiles } from "../../inspect/profile/compare-profiles.ts";
import { profileStep } from "../../inspect/profile/profile.ts";
import { profileCsv } from "../../inspect/profile/profile-csv.ts";
import type { Profile } from "../../inspect/profile/profile-schema.ts";
import { chromeTrace } from "../../inspect/profile/trace.ts";
import { type OpenStep, openStep, STEP_KINDS } from "../../inspect/step.ts";
import { type JsonValue, writeAtomically } from "../../io/files.ts";
import { DEFAULT_MODEL, isTransfer } from "../../models/models.ts";
import { rooflineSvg } from "../../report/charts/roofline-chart.ts";
import { comparisonLines } from "../../report/text/profile-comparison.ts";
import {
  busyWarning,
  ceilingLines,
  dispatchTable,
  memoryLines,
  PASS_LEGEND,
  stepLines,
  totalsTable,
} from "../../report/text/profile-text.ts";
import { placeDataset } from "../../train/device-data.ts";
import { inferenceBatch } from "../../train/inference-batch.ts";
import { EpochDisplay } from "../display/epoch-display.ts";
import { StageBars } from "../display/stage-bars.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { unlessAborted } from "../frame/signals.ts";
import { loadData } from "../inputs/data-set.ts";
import { type InspectedModel, inspectedFor, inspectedModel } from "../inputs/inspected-model.ts";
import { chooseForStep, STEP_KERNEL_FLAGS } from "../inputs/kernel-tables.ts";
import { MODEL_FLAGS } from "../inputs/model-flags.ts";
import { openAdapter } from "../inputs/open-adapter.ts";
import { checkOutputFile } from "../inputs/output-file.ts";
import { checkLadders, FUSE_FLAG, RUNG_FLAG, rungsOf, withRungs } from "../inputs/rung-flag.ts";
import { loadProfile } from "../inputs/saved-profile.ts";
import { ADAPTER_FLAG, DATA_FLAGS, SEED_FLAG } from "../inputs/shared-flags.ts";

const OUTPUT_FLAGS = {
  out: { type: "string", value: "file", help: "write all figures as JSON, for --compare" },
  csv: { type: "string", value: "file", help: "write a row for each dispatch" },
  trace: {
    type: "string",
    value: "file",
    help: "write a trace (.json) for ui.perfetto.dev or chrome://tracing",
  },
  roofline: { type: "string", value: "file", help: "draw the roofline (.svg)" },
} as const;

const FLAGS = {
  ...MODEL_FLAGS,
  weights: {
    ...MODEL_FLAGS.weights,
    help: "imagenet networks: a Keras .h5 or .keras file, imagenet, or none for random ones without a frozen base; default random ones, which take as long as any",
  },
  step: {
    type: "choice",
    choices: STEP_KINDS,
    default: "train",
    help: "which of the model's programs",
  },
  "batch-size": {
    type: "integer",
    min: 1,
    help: "rows in a step; default 50, or the run's; evaluate and predict: what they take at a time",
  },
  ...RUNG_FLAG,
  ...FUSE_FLAG,
  ...STEP_KERNEL_FLAGS,
  limit: { type: "integer", min: 1, help: "use only the first so many training rows" },
  ...DATA_FLAGS,
  ...SEED_FLAG,
  ...ADAPTER_FLAG,
  ...OUTPUT_FLAGS,
  compare: {
    type: "string",
    value: "file",
    help: "--compare A.json B.json: what is slower in B, and what is faster; profiles nothing",
  },
} as const;

const POSITIONALS = [
  {
    name: "RUN",
    optional: true,
    help: "folder of a saved run, a trial or a fold, or a model of Keras's, in place of --model",
  },
] as const;

type Context = CommandContext<typeof FLAGS, typeof POSITIONALS>;

const command = defineCommand({
  name: "npm run profile --",
  summary:
    "Times every dispatch of one step, and says what bounds it, what the host adds, and what memory holds.",
  examples: [
    { command: "npm run profile -- --model lenet5", does: "a training step at batch 50" },
    {
      command: "npm run profile -- --rung conv2d.dx=naive --out naive.json",
      does: "with another kernel, to compare",
    },
    {
      command: "npm run profile -- --compare before.json naive.json",
      does: "what that costs, beyond the spread of both",
    },
    {
      command: "npm run profile -- runs/…-lenet5 --step evaluate --trace step.json",
      does: "a saved run's evaluation, as a trace for ui.perfetto.dev",
    },
  ],
  positionals: POSITIONALS,
  flags: FLAGS,
  run: (context) =>
    context.flags.compare === undefined
      ? profile(context)
      : compare(context, context.flags.compare),
});

async function profile(context: Context): Promise<void> {
  const { flags, positionals, say, style, terminal, signal, json } = context;
  const [run] = positionals;
  const rungs = rungsOf(flags.rung);
  await checkOutputs(flags);
  say(
    style.bold(
      `vitrine: profiling the ${flags.step} step of ${run ?? flags.model ?? DEFAULT_MODEL}`,
    ),
  );
  const asked = await inspectedModel(context, { published: false });
  const loaded = await unlessAborted(loadData(terminal, flags.data, flags), signal);
  const looked = inspectedFor(asked, loaded.train);
  const device = await openAdapter(flags);
  signal.throwIfAborted();
  const batch = batchOf(flags, looked, Math.min(loaded.train.rows, flags.limit ?? Infinity));
  say(`adapter    ${device.name}`);
  say(`data set   ${loaded.source}`);
  say(`weights    ${looked.source ?? "random ones, which take as long as any"}`);
  say(`step       ${flags.step} on ${batch} rows`);
  if (flags.step === "train" && isTransfer(looked.config) && looked.config.freeze === "base") {
    say("base       is in the step; train runs a frozen base once, then its head alone");
  }
  await chooseForStep(device, looked.run, { flags, say });
  const step = await open(context, { device, looked, loaded, batch, rungs });
  const found = await measure(context, step, { looked, batch, rungs });
  step.close();
  printProfile(context, found);
  await writeOutputs(context, found);
  json(found as unknown as JsonValue);
  device.destroy();
}

/** No more than there are rows, unless somebody asks for more. */
function batchOf(
  { step, batchSize }: Context["flags"],
  looked: InspectedModel,
  rows: number,
): number {
  const own = step === "train" ? (looked.batchSize ?? 50) : inferenceBatch(looked.model);
  return batchSize ?? Math.min(own, rows);
}

interface Opening {
  readonly device: Device;
  readonly looked: InspectedModel;
  readonly loaded: CleanData;
  readonly batch: number;
  readonly rungs: Readonly<Record<string, string>>;
}

/** Uploads the rows, records the step, and runs it once, which compiles its kernels. */
async function open(context: Context, opening: Opening): Promise<OpenStep> {
  const { flags, terminal, signal } = context;
  const { device, looked, loaded, batch: batchSize, rungs } = opening;
  const rows = flags.limit ?? loaded.train.rows;
  if (rows > loaded.train.rows) {
    throw new UsageError(
      `--limit: must be at most the ${loaded.train.rows} training rows, got ${rows}`,
    );
  }
  const display = new EpochDisplay(terminal, 1);
  display.preparing();
  try {
    const data = await placeDataset(device, limitRows(loaded.train, rows));
    const { model, weights, optimizer, loss, precision } = looked;
    const step = await withRungs(rungs, () =>
      openStep(device, {
        ...{ model, data, kind: flags.step, batchSize, weights, rungs, optimizer, loss },
        ...{ seed: flags.seed, precision },
      }),
    );
    checkLadders(rungs, step.program);
    const { executable } = step;
    const total = executable.dispatches.length;
    await executable.runSlowly(({ kernel }, index) => {
      signal.throwIfAborted();
      display.onCompile(kernel.label, index, total);
      return true;
    });
    display.onCompiled(total);
    return step;
  } finally {
    display.interrupted();
  }
}

const STAGES = { ceilings: "ceilings", dispatches: "dispatches", "ceilings again": "ceilings" };

async function measure(
  { flags, terminal, signal }: Context,
  step: OpenStep,
  { looked, batch, rungs }: Pick<Opening, "looked" | "batch" | "rungs">,
): Promise<Profile> {
  const request = {
    ...{ step, batch, rungs, signal },
    model: looked.config.name,
    kind: flags.step,
  };
  const bars = new StageBars(terminal);
  try {
    return await profileStep(request, {
      onStage: (stage, done, total) => bars.show(`measuring ${STAGES[stage]}`, done / total),
    });
  } finally {
    bars.close();
  }
}

function printProfile({ say, style, terminal }: Context, found: Profile): void {
  const table = ([head = "", ...rows]: readonly string[]): void => {
    say();
    say(style.bold(head));
    for (const row of rows) say(row);
  };
  for (const line of ceilingLines(found)) say(line);
  table(dispatchTable(found));
  say(style.dim(PASS_LEGEND));
  table(totalsTable("by layer", found.byLayer));
  table(totalsTable("by kernel", found.byKernel));
  table(totalsTable("by pass", found.byPass));
  say();
  for (const line of stepLines(found)) say(line);
  say();
  for (const line of memoryLines(found)) say(line);
  const warning = busyWarning(found);
  if (warning.length > 0) say();
  for (const line of warning) terminal.print(style.yellow(line));
}

async function checkOutputs({ out, csv, trace, roofline }: Context["flags"]): Promise<void> {
  await checkOutputFile("out", out, ".json");
  await checkOutputFile("csv", csv, ".csv");
  await checkOutputFile("trace", trace, ".json");
  await checkOutputFile("roofline", roofline, ".svg");
  const given = [out, csv, trace, roofline].filter((path) => path !== undefined);
  const twice = given.find((path, index) => given.indexOf(path) !== index);
  if (twice !== undefined) {
    throw new UsageError(`--trace: must be another file than --out, got ${twice} twice`);
  }
}

async function writeOutputs({ flags, say, finish }: Context, found: Profile): Promise<void> {
  const { out, csv, trace, roofline } = flags;
  const contents: readonly (readonly [string | undefined, () => string | Promise<string>])[] = [
    [out, () => `${JSON.stringify(found)}\n`],
    [csv, () => profileCsv(found)],
    [trace, () => `${JSON.stringify(chromeTrace(found))}\n`],
    [roofline, () => rooflineSvg(found)],
  ];
  for (const [path, content] of contents) {
    if (path === undefined) continue;
    const text = await content();
    await finish(() => writeAtomically(path, text));
    say(`written    ${path}`);
  }
}

async function compare({ flags, positionals, say, style, json }: Context, path: string) {
  const [second] = positionals;
  if (second === undefined) {
    throw new UsageError(`--compare: needs two files, A.json B.json, got ${path} alone`);
  }
  const alone = ["model", "batchSize", "limit", "out", "csv", "trace", "roofline"] as const;
  const given = alone.find((name) => flags[name] !== undefined);
  if (given !== undefined || flags.rung.length > 0) {
    throw new UsageError(
      `--compare: profiles nothing, so that --${given ?? "rung"} is without effect`,
    );
  }
  const [before, after] = [await loadProfile(path), await loadProfile(second)];
  say(style.bold(`vitrine: ${before.program} in ${path} → ${after.program} in ${second}`));
  const found = compareProfiles(before, after);
  for (const line of comparisonLines(found)) say(line);
  json({ before: path, after: second, ...(found as unknown as Record<string, JsonValue>) });
}

await runCommand(command);
