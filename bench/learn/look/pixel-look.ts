// Chapter 1 on the reader's machine: one pixel of the first convolution, product by product in float64, beside what the
// device computed.

import { defineCommand, runCommand } from "../../../src/cli/frame/command.ts";
import type { Tensor } from "../../../src/engine/core/tensor.ts";
import type { ForwardProblem } from "../../../src/engine/ops/conv2d/problem.ts";
import type { OpenStep } from "../../../src/inspect/step.ts";
import { LOOK_FLAGS, openLook, RUN } from "./open-step.ts";

interface Values {
  readonly x: Float32Array;
  readonly w: Float32Array;
  readonly b: Float32Array | null;
  readonly y: Float32Array;
}

interface Place {
  readonly n: number;
  readonly oh: number;
  readonly ow: number;
  readonly o: number;
}

const command = defineCommand({
  name: "node bench/learn/look.mjs pixel",
  summary:
    "Computes one pixel of the first convolution by hand, and compares it with the device's.",
  positionals: RUN,
  flags: LOOK_FLAGS,
  async run(context) {
    const { say } = context;
    const step = await openLook(context, "predict");
    const problem = firstConvolution(step);
    step.executable.run();
    const values = await valuesOf(step, problem);
    const { oh, ow, o } = problem.geometry;
    const place = {
      n: 0,
      oh: Math.floor(oh / 2),
      ow: Math.floor(ow / 2),
      o: strongest(values, problem),
    };
    say(
      `pixel      y[0, ${place.oh}, ${place.ow}, ${place.o}], of ${oh}×${ow}×${o}, ${problem.activation}`,
    );
    say();
    const sum = tell(say, problem, values, place);
    const byHand = problem.activation === "relu" ? Math.max(0, sum) : sum;
    const device =
      values.y[((place.n * oh + place.oh) * ow + place.ow) * o + place.o] ?? Number.NaN;
    say();
    say(`sum with bias, float64     ${sum}`);
    say(`after ${problem.activation.padEnd(21)}${byHand}`);
    say(`the device, float32        ${device}`);
    say(`difference                 ${Math.abs(device - byHand).toExponential(1)}`);
    step.device.check();
    step.close();
  },
});

function firstConvolution({ program }: OpenStep): ForwardProblem {
  const solution = program.solutions.find(({ ladder }) => ladder === "conv2d.forward");
  if (!solution) throw new Error("pixel: the model has no convolution");
  return solution.problem as ForwardProblem;
}

async function valuesOf({ executable }: OpenStep, { x, w, b, y }: ForwardProblem): Promise<Values> {
  const read = (tensor: Tensor) => executable.read(tensor);
  return { x: await read(x), w: await read(w), b: b && (await read(b)), y: await read(y) };
}

/** The filter that answers most in the middle of the first image, so that relu leaves something to see. */
function strongest({ y }: Values, { geometry: { oh, ow, o } }: ForwardProblem): number {
  const first = (Math.floor(oh / 2) * ow + Math.floor(ow / 2)) * o;
  const answers = [...y.subarray(first, first + o)];
  return answers.indexOf(Math.max(...answers));
}

/** Says every product of the first input channel, and returns the sum over all channels, with bias. */
function tell(
  say: (text?: string) => void,
  { geometry: g }: ForwardProblem,
  { x, w, b }: Values,
  { n, oh, ow, o }: Place,
): number {
  let sum = b?.[o] ?? 0;
  for (let kh = 0; kh < g.kh; kh++) {
    const row: string[] = [];
    for (let tap = 0; tap < g.kw * g.i; tap++) {
      const [kw, i] = [Math.floor(tap / g.i), tap % g.i];
      const [h, column] = [oh * g.sh + kh - g.top, ow * g.sw + kw - g.left];
      const isInside = h >= 0 && h < g.h && column >= 0 && column < g.w;
      const from = isInside ? (x[((n * g.h + h) * g.w + column) * g.i + i] ?? 0) : 0;
      const weight = w[((kh * g.kw + kw) * g.i + i) * g.o + o] ?? 0;
      sum += from * weight;
      if (i === 0) row.push(`${from.toFixed(3)}·${weight.toFixed(3).padStart(6)}`);
    }
    say(row.join(" + "));
  }
  if (g.i > 1) say(`(of the first of ${g.i} channels)`);
  say(`bias ${(b?.[o] ?? 0).toFixed(3)}`);
  return sum;
}

await runCommand(command);
