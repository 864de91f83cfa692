// `npm run tune-kernels`: measures which kernels are the fastest for a model on the adapter at hand, for `train` to use.

import { limitRows } from "../../data/dataset.ts";
import type { Device } from "../../engine/core/device.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { isComplete } from "../../inspect/rungs/fill-table.ts";
import {
  type MeasuredProblems,
  problemsOf,
  RungMeasurement,
} from "../../inspect/rungs/measure-rungs.ts";
import { programsOfModel } from "../../inspect/rungs/programs-of-model.ts";
import type { JsonValue } from "../../io/files.ts";
import { DEFAULT_MODEL } from "../../models/models.ts";
import { kernelLines, kernelSummary, refusedLines } from "../../report/text/kernels-text.ts";
import { addMeasured, settingOf } from "../../runs/kernel-table.ts";
import { PRECISIONS } from "../../train/precision.ts";
import { startProgress } from "../display/progress.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { isAbort } from "../frame/failure.ts";
import { unlessAborted } from "../frame/signals.ts";
import { loadData } from "../inputs/data-set.ts";
import { inspectedFor, inspectedModel, RUN_POSITIONAL } from "../inputs/inspected-model.ts";
import { measuredOn, tableFileOf } from "../inputs/kernel-tables.ts";
import { MODEL_FLAGS } from "../inputs/model-flags.ts";
import { openAdapter } from "../inputs/open-adapter.ts";
import { ADAPTER_FLAG, DATA_FLAGS } from "../inputs/shared-flags.ts";

const FLAGS = {
  ...MODEL_FLAGS,
  "batch-size": {
    type: "integer",
    min: 1,
    help: "rows in a training step; default 50, or the run's",
  },
  precision: {
    type: "choice",
    choices: PRECISIONS,
    help: "of the training step: float32, the default, or mixed, whose kernels load and store f16; a run has its own",
  },
  again: { type: "boolean", help: "measure also what was measured before" },
  ...DATA_FLAGS,
  ...ADAPTER_FLAG,
} as const;

type Context = CommandContext<typeof FLAGS, typeof RUN_POSITIONAL>;

const command = defineCommand({
  name: "npm run tune-kernels --",
  summary:
    "Measures which of a model's kernels are the fastest on this machine's adapter; train then uses them.",
  examples: [
    { command: "npm run tune-kernels -- --model lenet5", does: "for training at batch 50" },
    {
      command: "npm run tune-kernels -- --model vgg19 --batch-size 100",
      does: "for a larger network at another batch size",
    },
    { command: "npm run kernels", does: "shows what was measured so far" },
  ],
  positionals: RUN_POSITIONAL,
  flags: FLAGS,
  savesWhenStopped: true,
  run: tuneKernels,
});

async function tuneKernels(context: Context): Promise<void> {
  const { flags, positionals, say, style, terminal, signal, json } = context;
  const asked = await inspectedModel(context, { published: false });
  say(
    style.bold(
      `vitrine: measuring the kernels of ${positionals[0] ?? flags.model ?? DEFAULT_MODEL}`,
    ),
  );
  const data = await unlessAborted(loadData(terminal, flags.data, flags), signal);
  const { config, batchSize: own, optimizer, loss, ...run } = inspectedFor(asked, data.train);
  const { precision = run.precision } = flags;
  const device = await openAdapter({ ...flags, precision });
  const batchSize = flags.batchSize ?? Math.min(own ?? 50, data.train.rows);
  if (batchSize > data.train.rows) {
    throw new UsageError(
      `--batch-size: must be at most the ${data.train.rows} training rows, got ${batchSize}`,
    );
  }
  say(`adapter    ${device.name}`);
  say(`data set   ${data.source}`);
  say(`step       ${batchSize} rows, and evaluation and prediction`);
  const dataset = limitRows(data.train, 2000);
  const request = { config, dataset, batchSize, optimizer, loss, precision };
  const problems = problemsOf(programsOfModel(device, request));
  const found = flags.again ? [] : [...(await measuredOn(device, say))];
  const known = new Map(found.filter(([, problem]) => isComplete(problem)));
  const { all, added } = await measure(context, device, { problems, known });
  print(context, new Map([...all].filter(([key]) => problems.has(key) || added.has(key))));
  say();
  say(`written    ${tableFileOf(device)}`);
  json({
    ...{ adapter: device.name, file: tableFileOf(device), measured: added.size },
    problems: Object.fromEntries(all) as unknown as JsonValue,
  });
  device.destroy();
  signal.throwIfAborted();
}

/** Measures what is not known; what is measured when it is interrupted is kept. */
async function measure(
  { terminal, signal, finish }: Context,
  device: Device,
  {
    problems,
    known,
  }: { readonly problems: ReturnType<typeof problemsOf>; readonly known: MeasuredProblems },
) {
  const measurement = new RungMeasurement(device, known, signal);
  const bar = startProgress(terminal, {
    ...{ label: "measuring kernels", total: problems.size, unit: "problems" },
  });
  let done = 0;
  try {
    for (const solution of problems.values()) {
      bar.update(done++);
      await measurement.measure(solution);
    }
  } catch (error) {
    if (!isAbort(error)) throw error;
  }
  bar.finish("");
  const added = measurement.measured;
  let all = known;
  await finish(async () => {
    all = await addMeasured(tableFileOf(device), settingOf(device), added);
  });
  return { all, added };
}

function print({ say, style }: Context, measured: MeasuredProblems): void {
  const [head = "", ...rows] = kernelLines(measured);
  say();
  say(style.bold(head));
  for (const row of rows) say(row);
  say();
  say(kernelSummary(measured));
  for (const line of refusedLines(measured)) say(style.yellow(line));
}

await runCommand(command);
