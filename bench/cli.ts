// `npm run bench`: throughput of every kernel and variant, and of the whole training step, on the adapter at hand.

import { type CommandContext, defineCommand, runCommand } from "../src/cli/frame/command.ts";
import { unlessAborted } from "../src/cli/frame/signals.ts";
import { loadData } from "../src/cli/inputs/data-set.ts";
import type { FashionMnist } from "../src/data/fashion-mnist.ts";
import type { Device } from "../src/engine/core/device.ts";
import { UsageError } from "../src/engine/core/errors.ts";
import { bandwidthEnds, type Ceilings } from "../src/inspect/profile/bandwidths.ts";
import { measureCeilings } from "../src/inspect/profile/ceilings.ts";
import { openDevice } from "../src/io/adapter.ts";
import type { JsonValue } from "../src/io/files.ts";
import type { BackboneName } from "../src/models/backbones.ts";
import { kernelLines, kernelSummary } from "../src/report/text/kernels-text.ts";
import { type BackboneResult, timeBackbone } from "./backbone-forward.ts";
import type { BenchCase } from "./bench-case.ts";
import { benchCases } from "./cases.ts";
import { CHOICE, type ChoiceResult, timeChoice } from "./choice.ts";
import { type KernelResult, timeCase } from "./kernels.ts";
import { type TrainStepResult, timeTrainStep } from "./train-step.ts";

const FLAGS = {
  filter: {
    type: "string",
    value: "text",
    help: "only what has this in its name, e.g. conv2, vgg19, train",
  },
  data: { type: "string", value: "path", help: "data set of the training step, as for train" },
  adapter: { type: "string", value: "name", help: "part of the name of the GPU adapter to use" },
} as const;

type Context = CommandContext<typeof FLAGS, readonly []>;

const command = defineCommand({
  name: "npm run bench --",
  summary: "Times every kernel variant, whole passes and training steps on this machine's adapter.",
  examples: [
    { command: "npm run bench", does: "everything" },
    {
      command: "npm run bench -- --filter conv2",
      does: "the second convolution, forward and backward",
    },
    {
      command: "npm run bench -- --filter choice",
      does: "the rungs by measurement beside those of the built-in order",
    },
    { command: "npm run bench -- --filter train --json", does: "the training step, for a machine" },
  ],
  flags: FLAGS,
  run: bench,
});

const BATCHES = [50, 256];
const BACKBONES: readonly BackboneName[] = ["vgg19", "resnet152v2"];

async function bench(context: Context): Promise<void> {
  const { flags, say, style, json, signal, terminal } = context;
  const cases = [...benchCases()].filter(({ name }) => isWanted(flags.filter, name));
  const batches = BATCHES.filter((batch) => isWanted(flags.filter, stepName(batch)));
  const backbones = BACKBONES.filter((model) => isWanted(flags.filter, passName(model)));
  const isChoice = isWanted(flags.filter, CHOICE);
  if (cases.length + batches.length + backbones.length === 0 && !isChoice)
    throw nothingCalled(flags.filter ?? "");
  say(style.bold("vitrine: measuring kernels"));
  const loading =
    batches.length > 0 || isChoice ? loadData(terminal, flags.data) : Promise.resolve(null);
  const data = await unlessAborted(loading, signal);
  const open = () => openDevice(flags.adapter ? { adapter: flags.adapter } : {});
  const device = await open();
  const ceilings = await measureCeilings(device, { signal });
  const { cache, memory } = bandwidthEnds(ceilings);
  say(
    `adapter    ${device.name}${device.isSoftware ? " (software: never compare with hardware)" : ""}`,
  );
  say(
    `ceilings   ${ceilings.gflops.toFixed(1)} GFLOPS between registers, ${cache.toFixed(1)} GB/s in caches, ${memory.toFixed(1)} GB/s in memory`,
  );
  const kernels = await timeKernels(context, cases, { device, ceilings });
  const forward = await timeBackbones(context, backbones, device);
  const trainStep = data ? await timeSteps(context, batches, { device, data }) : [];
  const choice = data && isChoice ? await compareChoice(context, { device, data, open }) : null;
  json({
    adapter: device.name,
    software: device.isSoftware,
    ceilings: { ...ceilings, bandwidths: ceilings.bandwidths.map((one) => ({ ...one })) },
    kernels: kernels.map((result): JsonValue => ({ ...result })),
    forward: forward.map((result): JsonValue => ({ ...result })),
    trainStep: trainStep.map((result): JsonValue => ({ ...result })),
    choice: choice && {
      step: choice.step,
      problems: Object.fromEntries(choice.problems) as unknown as JsonValue,
    },
  });
  device.destroy();
}

function isWanted(filter: string | undefined, name: string): boolean {
  return filter === undefined || name.toLowerCase().includes(filter.toLowerCase());
}

function stepName(batch: number): string {
  return `train step lenet5 batch ${batch}`;
}

function passName(model: string): string {
  return `${model} whole forward pass`;
}

function nothingCalled(filter: string): UsageError {
  const kernels = new Set([...benchCases()].map(({ name }) => name));
  const names = [...kernels, ...BACKBONES.map(passName), ...BATCHES.map(stepName), CHOICE];
  return new UsageError(`--filter: must be part of a name of what is timed, got ${filter}`, {
    help: `the names are: ${names.join(", ")}`,
  });
}

async function timeKernels(
  context: Context,
  cases: readonly BenchCase[],
  { device, ceilings }: { readonly device: Device; readonly ceilings: Ceilings },
): Promise<KernelResult[]> {
  const { say, style, terminal, signal } = context;
  const results: KernelResult[] = [];
  if (cases.length > 0) {
    say();
    say(
      style.bold(
        row(["kernel", "variant", "shape", "ms", "p90", "best", "GFLOPS", "GB/s", "of ceiling"]),
      ),
    );
  }
  const live = terminal.live();
  for (const benchCase of cases) {
    if (signal.aborted) break;
    live.update(() => `${benchCase.name} …`);
    for await (const result of timeCase(device, benchCase, ceilings)) {
      results.push(result);
      const { name, variant, shape, ms, p90, best, gflops, gbs, share } = result;
      const rates = [gflops, gbs].map((rate) => rate?.toFixed(1) ?? "");
      say(
        row([
          name,
          variant,
          shape,
          ms.toFixed(3),
          p90.toFixed(3),
          best.toFixed(3),
          ...rates,
          `${(100 * share).toFixed(0)} %`,
        ]),
      );
    }
  }
  live.finish();
  return results;
}

async function timeBackbones(
  context: Context,
  backbones: readonly BackboneName[],
  device: Device,
): Promise<BackboneResult[]> {
  const { say, style, signal, terminal } = context;
  const results: BackboneResult[] = [];
  if (backbones.length > 0) say();
  const live = terminal.live();
  for (const model of backbones) {
    if (signal.aborted) break;
    live.update(() => `${passName(model)} …`);
    const result = await timeBackbone(device, { model, size: 32, batch: 50 });
    results.push(result);
    const { ms, p90, gflops, imagesPerSecond, dispatches, pipelines, first } = result;
    say(
      `${model} forward at 32×32, batch 50: ${style.bold(`${ms.toFixed(0)} ms`)} (p90 ${p90.toFixed(0)}), ` +
        `${imagesPerSecond.toFixed(1)} images/s, ${gflops.toFixed(1)} GFLOPS, ${dispatches} dispatches, ` +
        `${pipelines} pipelines, first pass ${(first / 1000).toFixed(1)} s`,
    );
  }
  live.finish();
  return results;
}

async function timeSteps(
  context: Context,
  batches: readonly number[],
  { device, data }: { readonly device: Device; readonly data: FashionMnist },
): Promise<TrainStepResult[]> {
  const { say, style, signal } = context;
  const results: TrainStepResult[] = [];
  say();
  for (const batch of batches) {
    if (signal.aborted) break;
    const result = await timeTrainStep(device, data, batch);
    results.push(result);
    const { model, ms, p90, steps, dispatches, loss } = result;
    say(
      `${model} training step, batch ${batch}: ${style.bold(`${ms.toFixed(2)} ms`)} (p90 ${p90.toFixed(2)}), ` +
        `${((1000 * batch) / ms).toFixed(0)} images/s, ${dispatches} dispatches, ${steps} steps, mean loss ${loss.toFixed(4)}`,
    );
  }
  return results;
}

async function compareChoice(
  { say, style, terminal, signal }: Context,
  {
    device,
    data,
    open,
  }: { readonly device: Device; readonly data: FashionMnist; readonly open: () => Promise<Device> },
): Promise<ChoiceResult | null> {
  if (signal.aborted) return null;
  const live = terminal.live();
  const onProblem = (done: number, total: number) =>
    live.update(() => `${CHOICE} ${done}/${total} …`);
  const result = await timeChoice(device, { open, data, signal, onProblem });
  live.finish();
  const [head = "", ...rows] = kernelLines(result.problems);
  say();
  say(style.bold(head));
  for (const line of [...rows, "", kernelSummary(result.problems)]) say(line);
  const step = "lenet5 training step, batch 50";
  if (!result.step) say(`${step}: the same program by order and by measurement`);
  else {
    const { order, measured } = result.step;
    const best = style.bold(`${measured.toFixed(2)} ms`);
    say(`${step}, in turns: by order ${order.toFixed(2)} ms, by measurement ${best}`);
  }
  return result;
}

function row(cells: readonly string[]): string {
  const widths = [34, 9, 36, 9, 9, 9, 8, 7, 10];
  return cells
    .map((cell, i) => (i < 3 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
    .join(" ")
    .trimEnd();
}

await runCommand(command);
