// `npm run verify`: holds every kernel of a step against the naive rung and float64, on the inputs that it really has.

import { limitRows } from "../../data/dataset.ts";
import type { Device } from "../../engine/core/device.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { type OpenStep, openStep, STEP_KINDS } from "../../inspect/step.ts";
import { startingWeights } from "../../inspect/verify/starting-weights.ts";
import {
  type Check,
  isWithin,
  type Verification,
  verifyStep,
} from "../../inspect/verify/verify.ts";
import { coordinatesOf } from "../../inspect/walk.ts";
import {
  VERIFY_LEGEND,
  verifyFaults,
  verifySummary,
  verifyTable,
} from "../../report/text/verify-table.ts";
import { placeDataset } from "../../train/device-data.ts";
import { startProgress } from "../display/progress.ts";
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
import { checkLadders, FUSE_FLAG, RUNG_FLAG, rungsOf, withRungs } from "../inputs/rung-flag.ts";
import { ADAPTER_FLAG, DATA_FLAGS } from "../inputs/shared-flags.ts";

const FLAGS = {
  ...MODEL_FLAGS,
  step: { type: "choice", choices: STEP_KINDS, default: "train", help: "which step" },
  "batch-size": { type: "integer", default: 50, min: 1, help: "rows in the step" },
  ...RUNG_FLAG,
  ...FUSE_FLAG,
  ...STEP_KERNEL_FLAGS,
  "every-rung": { type: "boolean", help: "check every rung that fits, not only those in use" },
  all: { type: "boolean", help: "a row for every unit, however many there are" },
  seed: { type: "integer", default: 42, min: 0, max: 2 ** 32 - 1, help: "of weights not given" },
  limit: { type: "integer", min: 1, help: "use only the first so many training rows" },
  ...DATA_FLAGS,
  ...ADAPTER_FLAG,
} as const;

type Context = CommandContext<typeof FLAGS, typeof RUN_POSITIONAL>;

const command = defineCommand({
  name: "npm run verify --",
  summary:
    "Checks every kernel of a step against the naive one and against float64, on the inputs that it has there; exits with 1 when one is out of bounds.",
  examples: [
    { command: "npm run verify -- --model lenet5", does: "LeNet-5's training step" },
    {
      command: "npm run verify -- --model lenet5 --rung gemm=tiled --rung conv2d.dx=tiled",
      does: "with other kernels than the measured ones",
    },
    {
      command: "npm run verify -- --model resnet50v2 --weights none --batch-size 4",
      does: "528 units, put together by kind",
    },
  ],
  positionals: RUN_POSITIONAL,
  flags: FLAGS,
  run: verify,
});

async function verify(context: Context): Promise<void> {
  const { flags, say, style, signal, terminal, json, setExitCode } = context;
  const rungs = rungsOf(flags.rung);
  const asked = await inspectedModel(context, { published: true });
  say(style.bold(`vitrine: verifying the ${flags.step} step of ${asked.model.name}`));
  const data = await unlessAborted(loadData(terminal, flags.data, flags), signal);
  const inspected = inspectedFor(asked, data.train);
  checkRows(flags, data.train.rows);
  const device = await openAdapter(flags);
  say(`adapter    ${device.name}`);
  say(`weights    ${inspected.source ?? `random ones, of seed ${flags.seed}`}`);
  await chooseForStep(device, inspected.run, { flags, say });
  const step = await open(context, { device, inspected, rungs, train: data.train });
  say(`program    ${step.program.name}, ${step.executable.dispatches.length} dispatches`);
  const verification = await check(context, step);
  say();
  for (const line of verifyTable(verification, { everyUnit: flags.all })) say(line);
  say();
  for (const line of VERIFY_LEGEND) say(style.dim(line));
  for (const line of verifySummary(verification)) say(line);
  for (const line of verifyFaults(verification, process.cwd())) say(line);
  json(record(verification, device));
  if (!verification.checks.every(isWithin)) setExitCode(1);
  device.destroy();
}

function checkRows({ limit, batchSize }: Context["flags"], available: number): void {
  if (limit !== undefined && limit > available) {
    throw new UsageError(`--limit: must be at most the ${available} training rows, got ${limit}`);
  }
  const rows = limit ?? available;
  if (batchSize > rows) {
    throw new UsageError(`--batch-size: must be at most the ${rows} rows, got ${batchSize}`);
  }
}

interface Opening {
  readonly device: Device;
  readonly inspected: InspectedModel;
  readonly rungs: Readonly<Record<string, string>>;
  readonly train: Parameters<typeof limitRows>[0];
}

/** Opens the step and runs it once, kernel by kernel: that compiles, and moments of the optimiser are no longer 0. */
async function open(context: Context, opening: Opening): Promise<OpenStep> {
  const { flags, say, signal, terminal } = context;
  const { device, inspected, rungs, train } = opening;
  const { model, weights, optimizer, loss } = inspected;
  const setup = {
    ...{ model, optimizer, loss, kind: flags.step, batchSize: flags.batchSize, rungs },
    seed: flags.seed,
    data: await placeDataset(device, limitRows(train, flags.limit)),
    weights: startingWeights(model, flags.seed, weights),
    precision: precisionOfStep(device, inspected, { kind: flags.step, say }),
    plan: { sharesSlots: false },
  };
  const step = await withRungs(rungs, () => openStep(device, setup));
  checkLadders(rungs, step.program);
  const { length } = step.executable.dispatches;
  const line = terminal.live();
  await step.executable.runSlowly(({ kernel }, index) => {
    line.update(() => `compiling kernels ${index + 1}/${length}  ${kernel.label}`);
    return !signal.aborted;
  });
  line.finish();
  signal.throwIfAborted();
  step.rewind();
  return step;
}

const QUIET_MS = 2000;

async function check({ flags, signal, terminal }: Context, step: OpenStep): Promise<Verification> {
  const start = performance.now();
  let bar: ReturnType<typeof startProgress> | null = null;
  const verification = await verifyStep(step.device, step.executable, {
    everyRung: flags.everyRung,
    signal,
    onUnit(done, total) {
      if (bar === null && performance.now() - start < QUIET_MS) return;
      bar ??= startProgress(terminal, { label: "verifying", total, unit: "steps" });
      bar.update(done);
    },
  });
  (bar as ReturnType<typeof startProgress> | null)?.finish("");
  return verification;
}

function record({ program, units, checks, uncovered }: Verification, device: Device) {
  return {
    ...{ program, units, adapter: device.name, isRight: checks.every(isWithin) },
    uncovered: uncovered.map(({ id, layers, kernels }) => ({
      ...{ id, layers: [...layers], kernels: [...kernels] },
    })),
    checks: checks.map(checkRecord),
  };
}

function checkRecord(check: Check) {
  const { worst, layers, kernels, shape, variable, ...rest } = check;
  return {
    ...rest,
    ...{ layers: [...layers], kernels: [...kernels], shape: [...shape] },
    isWithin: isWithin(check),
    variable: variable && { ...variable, coordinates: [...variable.coordinates] },
    worst: worst && { ...worst, coordinates: [...coordinatesOf(worst.index, shape)] },
  };
}

await runCommand(command);
