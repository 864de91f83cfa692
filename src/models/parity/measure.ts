// Runs a backbone on a device with the seeded weights and images, and holds what comes out against what Keras recorded:
// the output of every block, the classes that win, and the gradients of a fine-tuning step.

import type { Device } from "../../engine/core/device.ts";
import { VitrineError } from "../../engine/core/errors.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import { dense } from "../../engine/layers/dense.ts";
import { variablesOf } from "../../engine/layers/model.ts";
import { Net } from "../../engine/layers/net.ts";
import { Variables, type Weights } from "../../engine/layers/variables.ts";
import { recordGradients } from "../../engine/ops/gradients.ts";
import { softmax } from "../../engine/ops/softmax.ts";
import { softmaxCrossEntropy } from "../../engine/ops/softmax-cross-entropy.ts";
import { Executable } from "../../engine/program/executor.ts";
import { Recorder } from "../../engine/program/recorder.ts";
import type { TapeEntry } from "../../engine/program/tape-entry.ts";
import type { BackboneOptions } from "../backbone.ts";
import { BACKBONES } from "../backbones.ts";
import { agrees, type Difference, differenceOf, PARITY_TOLERANCE } from "./compare.ts";
import type { Recorded, RecordedStep } from "./recorded.ts";
import { seededImages, seededLabels, seededWeights } from "./seeded.ts";

export interface ParityRequest {
  readonly device: Device;
  readonly recorded: Recorded;
  /** Instead of the seeded ones; those that it lacks are seeded. */
  readonly weights?: Weights | undefined;
}

export interface Parity {
  readonly model: string;
  readonly inputSize: number;
  readonly rows: number;
  readonly keras: string;
  readonly layers: readonly Difference[];
  /** Rows whose largest logit is Keras's, of all rows; null where the classifier was left out. */
  readonly agreement: { readonly rows: number; readonly closestMargin: number } | null;
  readonly gradients: readonly Difference[];
  /** Of the step, ours less Keras's, over Keras's; null where no step was recorded. */
  readonly lossError: number | null;
  /** Layers whose variables this adapter cannot hold. */
  readonly leftOut: readonly string[];
}

export async function measureParity(request: ParityRequest): Promise<Parity> {
  const { model, inputSize, rows, keras, step } = request.recorded;
  const forward = await measureForward(request);
  const backward = step ? await measureStep(request, step) : { gradients: [], lossError: null };
  return { model, inputSize, rows, keras, ...forward, ...backward };
}

/** Whether everything is within the tolerance, and every row has Keras's class. */
export function isParity(parity: Parity): boolean {
  const { layers, gradients, agreement, lossError, rows } = parity;
  const sameLoss = lossError === null || Math.abs(lossError) <= PARITY_TOLERANCE;
  const sameClasses = agreement === null || agreement.rows === rows;
  return sameLoss && sameClasses && [...layers, ...gradients].every(agrees);
}

async function measureForward(request: ParityRequest) {
  const { recorded } = request;
  const { rows, layers } = recorded;
  const includeTop = holdsClassifier(request);
  return inProgram(request, { rows, training: false }, async ({ rec, net, x, run }) => {
    build(recorded, { includeTop }, net, x);
    const pairs = layers.flatMap((expected) => {
      const output = outputOf(rec, expected.name);
      return output ? [{ expected, output }] : [];
    });
    const read = await run(pairs.map(({ output }) => output));
    const found: Difference[] = [];
    for (const { expected, output } of pairs) {
      found.push(differenceOf(expected, await read(output)));
    }
    const names = layers.map(({ name }) => name);
    const leftOut = names.filter((name) => found.every((one) => one.name !== name));
    const logits = outputOf(rec, "predictions");
    const agreement = logits ? agreementOf(recorded, await read(logits)) : null;
    return { layers: found, leftOut, agreement };
  });
}

async function measureStep(request: ParityRequest, step: RecordedStep) {
  const { rows, classes, frozenBlocks, gradients } = step;
  return inProgram(request, { rows, training: true }, async (program) => {
    const { rec, net, variables, x, run, scope } = program;
    const options = { includeTop: false, pooling: "avg", frozenBlocks } as const;
    const features = net.inference(() => build(request.recorded, options, net, x));
    const y = dense({ units: classes, activation: "softmax", name: "head" })(net, features);
    const labels = scope.tensor([rows], "labels", seededLabels(rows, classes), "u32");
    const { loss } = softmaxCrossEntropy(rec, y, labels);
    const all = recordGradients(rec);
    const pairs = gradients.map((expected) => {
      const variable = [...variables].find(({ name }) => name === expected.name);
      const gradient = variable && all.get(variable.tensor);
      if (!gradient) throw new VitrineError(`parity: ${expected.name} has no gradient`);
      return { expected, gradient };
    });
    const read = await run([loss, ...pairs.map(({ gradient }) => gradient)]);
    const differences: Difference[] = [];
    for (const { expected, gradient } of pairs) {
      differences.push(differenceOf(expected, await read(gradient)));
    }
    const [value = Number.NaN] = await read(loss);
    return { gradients: differences, lossError: (value - step.loss) / step.loss };
  });
}

interface ProgramParts {
  readonly scope: Device;
  readonly rec: Recorder;
  readonly net: Net;
  readonly variables: Variables;
  /** The seeded images. */
  readonly x: Tensor;
  /** Runs what was recorded, once; hands back what reads the tensors that were to be kept. */
  readonly run: (kept: readonly Tensor[]) => Promise<(tensor: Tensor) => Promise<Float32Array>>;
}

/** Everything that `body` makes on the device is freed after it. */
async function inProgram<T>(
  { device, recorded, weights = new Map() }: ParityRequest,
  { rows, training }: { readonly rows: number; readonly training: boolean },
  body: (parts: ProgramParts) => Promise<T>,
): Promise<T> {
  const { inputSize: side, model } = recorded;
  const scope = device.scope();
  const rec = new Recorder({ name: `${model}.parity`, capabilities: device });
  const variables = new Variables(0);
  const net = new Net({ rec, variables, training, clock: null });
  const run = async (kept: readonly Tensor[]) => {
    for (const tensor of kept) rec.keep(tensor);
    const seeded = seededWeights([...variables].filter(({ name }) => !weights.has(name)));
    variables.materialise(scope, new Map([...seeded, ...weights]));
    const executable = await Executable.compile(scope, rec.finish());
    executable.run();
    device.check();
    return (tensor: Tensor) => executable.read(tensor);
  };
  try {
    const x = scope.tensor([rows, side, side, 3], "images", seededImages(rows, side));
    return await body({ scope, rec, net, variables, x, run });
  } finally {
    scope.destroy();
  }
}

function build(
  { model, inputSize }: Recorded,
  options: Omit<BackboneOptions, "inputShape">,
  net: Net,
  x: Tensor,
): Tensor {
  const inputShape = [inputSize, inputSize, 3] as const;
  return BACKBONES[model].build({ ...options, inputShape }).build(net, x);
}

/** Whether the adapter can hold every variable that the model has with its classifier. */
function holdsClassifier({ device, recorded: { model, inputSize } }: ParityRequest): boolean {
  const whole = BACKBONES[model].build({ inputShape: [inputSize, inputSize, 3] });
  const limit = device.handle.limits.maxBufferSize;
  return [...variablesOf(whole)].every(({ tensor }) => tensor.storage.bytes <= limit);
}

/** What a layer computes last before a softmax; null where the model was built without it. */
function outputOf(rec: Recorder, layer: string): Tensor | null {
  const isOf = (entry: TapeEntry) => entry.origin.layers[0] === layer && entry.op !== softmax.name;
  return rec.tape.findLast(isOf)?.output ?? null;
}

function agreementOf({ winners, margins }: Recorded, logits: Float32Array) {
  const classes = logits.length / winners.length;
  const rows = winners.filter((winner, row) => {
    const scores = logits.subarray(row * classes, (row + 1) * classes);
    return scores.indexOf(Math.max(...scores)) === winner;
  });
  return { rows: rows.length, closestMargin: Math.min(...margins) };
}
