// Chapter 3 on the reader's machine: one weight's gradient in the last convolution of a training step, summed in float64 over
// images, rows and columns, beside what the device computed; and one element of dx likewise.

import { defineCommand, runCommand } from "../../../src/cli/frame/command.ts";
import type {
  InputGradientProblem,
  WeightGradientProblem,
} from "../../../src/engine/ops/conv2d/problem.ts";
import type { OpenStep } from "../../../src/inspect/step.ts";
import { LOOK_FLAGS, openLook, RUN } from "./open-step.ts";

const command = defineCommand({
  name: "node bench/learn/look.mjs gradient",
  summary: "Sums one element of dw and of dx by hand, and compares them with the device's.",
  positionals: RUN,
  flags: LOOK_FLAGS,
  async run(context) {
    const { say } = context;
    const step = await openLook(context, "train");
    const { executable } = step;
    // Up to the update: after it, w is no longer the w of these gradients.
    const to = executable.dispatches.find(({ pass }) => pass === "update")?.id;
    executable.runRange(to === undefined ? {} : { to });
    say();
    for (const { what, products, value, device } of [await sumDw(step), await sumDx(step)]) {
      say(`${what}, ${products} products`);
      say(`  by hand, float64       ${value}`);
      say(`  the device, float32    ${device}`);
      say(`  difference             ${Math.abs(value - device).toExponential(1)}`);
    }
    step.device.check();
    step.close();
  },
});

interface Told {
  readonly what: string;
  readonly products: number;
  readonly value: number;
  readonly device: number;
}

function problemOf(step: OpenStep, ladder: string): object {
  // The backward pass comes to the last convolution first.
  const solution = step.program.solutions.find((candidate) => candidate.ladder === ladder);
  if (!solution) throw new Error(`gradient: the model has no ${ladder}`);
  return solution.problem;
}

/** dw[kh,kw,i,o] = Σ x[n, oh·sh + kh − top, ow·sw + kw − left, i] · dy[n,oh,ow,o], its tap the middle of the window. */
async function sumDw(step: OpenStep): Promise<Told> {
  const problem = problemOf(step, "conv2d.dw") as WeightGradientProblem;
  const { geometry: g } = problem;
  const read = step.executable;
  const [x, dy, dw] = [
    await read.read(problem.x),
    await read.read(problem.dy),
    await read.read(problem.dw),
  ];
  const [kh, kw, i, o] = [Math.floor(g.kh / 2), Math.floor(g.kw / 2), 0, g.o - 1];
  let [value, products] = [0, 0];
  for (let at = 0; at < g.n * g.oh * g.ow; at++) {
    const [n, oh, ow] = [Math.floor(at / (g.oh * g.ow)), Math.floor(at / g.ow) % g.oh, at % g.ow];
    const [h, column] = [oh * g.sh + kh - g.top, ow * g.sw + kw - g.left];
    if (h < 0 || h >= g.h || column < 0 || column >= g.w) continue;
    value += (x[((n * g.h + h) * g.w + column) * g.i + i] ?? 0) * (dy[at * g.o + o] ?? 0);
    products++;
  }
  const device = dw[((kh * g.kw + kw) * g.i + i) * g.o + o] ?? Number.NaN;
  return { what: `${problem.dw.label}[${kh},${kw},${i},${o}]`, products, value, device };
}

/** dx[n,h,w,i] = Σ dy[n,oh,ow,o] · w[kh,kw,i,o] over the windows that hold (h, w), in the middle of the first image. */
async function sumDx(step: OpenStep): Promise<Told> {
  const problem = problemOf(step, "conv2d.dx") as InputGradientProblem;
  const { geometry: g } = problem;
  const read = step.executable;
  const [dy, w, dx] = [
    await read.read(problem.dy),
    await read.read(problem.w),
    await read.read(problem.dx),
  ];
  const [h, column] = [Math.floor(g.h / 2), Math.floor(g.w / 2)];
  let [value, products] = [0, 0];
  for (let tap = 0; tap < g.kh * g.kw; tap++) {
    const [kh, kw] = [Math.floor(tap / g.kw), tap % g.kw];
    const [oh, ow] = [(h + g.top - kh) / g.sh, (column + g.left - kw) / g.sw];
    if (!isIndex(oh, g.oh) || !isIndex(ow, g.ow)) continue;
    for (let o = 0; o < g.o; o++) {
      value += (dy[(oh * g.ow + ow) * g.o + o] ?? 0) * (w[(tap * g.i + 0) * g.o + o] ?? 0);
      products++;
    }
  }
  const device = dx[(h * g.w + column) * g.i] ?? Number.NaN;
  return { what: `${problem.dx.label}[0,${h},${column},0]`, products, value, device };
}

function isIndex(value: number, extent: number): boolean {
  return Number.isInteger(value) && value >= 0 && value < extent;
}

await runCommand(command);
