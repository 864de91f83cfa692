// The choice of kernels as a sitting shows it: problem by problem, then the step with both.

import { type Progress, startProgress } from "../../src/cli/display/progress.ts";
import type { FashionMnist } from "../../src/data/fashion-mnist.ts";
import type { Device } from "../../src/engine/core/device.ts";
import { kernelLines, kernelSummary } from "../../src/report/text/kernels-text.ts";
import { wrapped } from "../../src/report/text/profile-text.ts";
import type { BenchContext } from "../bench-context.ts";
import { CHOICE, type ChoiceResult, timeChoice } from "../choice.ts";

interface Opened {
  readonly device: Device;
  readonly data: FashionMnist;
}

export async function compareChoice(
  { say, style, terminal, signal }: BenchContext,
  { device, data }: Opened,
): Promise<ChoiceResult | null> {
  if (signal.aborted) return null;
  let bar: Progress | null = null;
  const onProblem = (done: number, total: number) => {
    bar ??= startProgress(terminal, { label: CHOICE, total, unit: "problems" });
    bar.update(done);
    if (done === total) bar.finish("");
  };
  const result = await timeChoice(device, { data, signal, onProblem });
  const [head = "", ...rows] = kernelLines(result.problems);
  say();
  say(style.bold(head));
  for (const line of [...rows, "", ...wrapped(kernelSummary(result.problems))]) say(line);
  const step = "lenet5 training step, batch 50";
  if (!result.step) say(`${step}: the same program by order and by measurement`);
  else {
    const { order, measured } = result.step;
    say(`${step}, in turns:`);
    say(`  by order ${order.toFixed(2)} ms, by measurement ${measured.toFixed(2)} ms`);
  }
  return result;
}
