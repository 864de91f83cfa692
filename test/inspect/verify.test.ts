// The proof of `verify`: steps that are right pass on every rung that fits, with nothing left out; and every planted fault is
// found, under the name of its kernel and of no other.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { batchNormalization } from "../../src/engine/layers/batch-normalization.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { type Model, sequential } from "../../src/engine/layers/model.ts";
import { globalMaxPooling2d } from "../../src/engine/layers/pooling.ts";
import { LADDERS } from "../../src/engine/ops/ladders.ts";
import { sgd } from "../../src/engine/optim/sgd.ts";
import { type OpenStep, openStep, type StepSetup } from "../../src/inspect/step.ts";
import { compare, sampled, ulpBetween } from "../../src/inspect/verify/compare.ts";
import { chain, UNIT } from "../../src/inspect/verify/reference/reference.ts";
import {
  type Check,
  isWithin,
  type Verification,
  verifyStep,
} from "../../src/inspect/verify/verify.ts";
import { BACKBONES } from "../../src/models/backbones.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { createModel } from "../../src/models/models.ts";
import { uploadDataset } from "../../src/train/device-data.ts";
import { gpu } from "../support/gpu.ts";
import { compileForLooking, type Fault, plantFault } from "../support/plant-fault.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("verify");

const RIGHT = { hostWork: 2e5 } as const;

async function open(setup: Partial<StepSetup> & { readonly model: Model }): Promise<OpenStep> {
  const device = await gpu();
  const data = uploadDataset(device, smallDataset(40));
  const plan = { sharesSlots: false };
  const step = await openStep(device, { data, kind: "train", batchSize: 6, plan, ...setup });
  // Weights, moments and statistics that a first step leaves are no longer 0 or 1.
  step.executable.run();
  step.rewind();
  return step;
}

function resnet(): Model {
  const model = BACKBONES.resnet50v2.build({ inputShape: [32, 32, 3], classes: 10 });
  return { ...model, preprocessing: "tf" };
}

/** Convolutions of 1×1, with strides, with padding, and of a number of channels that is a multiple of four, or not. */
function allRungs(): Model {
  const layers = [
    conv2d({ filters: 8, kernelSize: 3, padding: "same", activation: "relu" }),
    conv2d({ filters: 12, kernelSize: 1, activation: "tanh" }),
    conv2d({ filters: 16, kernelSize: 3, strides: 2, padding: "same" }),
    batchNormalization(),
    conv2d({ filters: 7, kernelSize: 5, activation: "sigmoid" }),
    globalMaxPooling2d(),
    dense({ units: 10, activation: "softmax" }),
  ];
  return { ...sequential("rungs", [20, 20, 3], layers), preprocessing: "caffe" };
}

function assertRight({ checks, uncovered, units }: Verification): void {
  assert.equal(uncovered, []);
  assert.ok(checks.length >= units);
  for (const check of checks.filter((one) => !isWithin(one))) assert.unreachable(told(check));
}

function told({ id, kernels, tensor, rung, against, worst }: Check): string {
  return `#${id} ${kernels.join()} on ${rung} against ${against}: ${tensor} ${JSON.stringify(worst)}`;
}

const MODELS: readonly (readonly [name: string, setup: Parameters<typeof open>[0]])[] = [
  ["LeNet-5, relu and max", { model: lenet5({ dropout: 0.3 }) }],
  ["a network for all rungs", { model: allRungs() }],
  [
    "LeNet-5, tanh and average",
    {
      model: lenet5({ activation: "tanh", pooling: "average" }),
      optimizer: sgd({ momentum: 0.9 }),
    },
  ],
];

for (const [name, setup] of MODELS) {
  test(`${name}: a training step is right on every rung that fits`, async () => {
    const step = await open(setup);
    const found = await verifyStep(step.device, step.executable, { ...RIGHT, everyRung: true });
    assertRight(found);
    for (const { id, fitting, within, ladder } of step.program.solutions) {
      if (within) continue;
      const first = step.executable.dispatches.find(({ solution }) => solution?.id === id)?.id;
      if (first === undefined) continue;
      const rungs = new Set(found.checks.filter((c) => c.id === first).map(({ rung }) => rung));
      assert.equal([...rungs].sort(), [...fitting].sort(), `${ladder} of #${first}`);
    }
    step.close();
  });
}

for (const kind of ["evaluate", "predict"] as const) {
  test(`LeNet-5: what ${kind} runs is right`, async () => {
    const step = await open({ model: lenet5(), kind });
    assertRight(await verifyStep(step.device, step.executable, RIGHT));
    step.close();
  });
}

test("between them, those networks have tried every rung there is", async () => {
  const step = await open({ model: allRungs() });
  const tried = new Set(step.program.solutions.flatMap(({ fitting }) => fitting));
  const all = LADDERS.flatMap(({ rungs }) => rungs.map(({ name }) => name));
  // Only an adapter with subgroups of one size has rungs that use them.
  const isFree = (name: string) => !["subgroup", "implicit"].includes(name);
  const { subgroupSize } = step.program.capabilities;
  for (const name of all)
    if (subgroupSize !== null || isFree(name)) assert.ok(tried.has(name), name);
  step.close();
});

test("every rung that can be asked for by name is right", async () => {
  for (const rung of ["naive", "tiled"]) {
    const rungs = Object.fromEntries(
      ["conv2d.forward", "conv2d.dx", "conv2d.dw", "gemm"].map((ladder) => [ladder, rung]),
    );
    const step = await open({ model: lenet5(), rungs, optimizer: sgd() });
    const found = await verifyStep(step.device, step.executable, RIGHT);
    assertRight(found);
    assert.equal(new Set(found.checks.map((check) => check.rung)), new Set([rung, null]));
    step.close();
  }
});

test("ResNet50V2 at 32×32: a training step is right", async () => {
  const step = await open({ model: resnet(), batchSize: 2 });
  assertRight(await verifyStep(step.device, step.executable, { hostWork: 2e4 }));
  step.close();
});

test("a fine-tuned ResNet50V2: normalisation with fixed statistics, global pooling", async () => {
  const model = createModel({
    ...{ name: "resnet50v2", pooling: "average", units: 8, freeze: 4, pretrained: "0".repeat(64) },
  });
  const step = await open({ model, batchSize: 2 });
  assertRight(await verifyStep(step.device, step.executable, { hostWork: 2e4 }));
  step.close();
});

const MEASURED: Partial<StepSetup> = {};
const TILED: Partial<StepSetup> = {
  rungs: { "conv2d.forward": "tiled", "conv2d.dx": "tiled", "conv2d.dw": "tiled", gemm: "tiled" },
};

/** What is wrong, in one kernel of LeNet-5's step. */
const FAULTS: readonly (readonly [what: string, fault: Fault, setup?: Partial<StepSetup>])[] = [
  [
    "one wrong index in a tail tile",
    {
      kernel: "gemm/tiled/multiply",
      from: "let last = params.m - 1u;",
      to: "let last = params.m - 2u;",
    },
    TILED,
  ],
  [
    "a missing barrier",
    {
      kernel: "gemm/tiled/multiply",
      from: "workgroupBarrier();\n    k += DEPTH;",
      to: "\n    k += DEPTH;",
    },
    TILED,
  ],
  [
    "a missing barrier in a convolution",
    {
      kernel: "conv2d/tiled/multiply",
      from: "load_tiles(first_row, first_column, k, local);\n    workgroupBarrier();",
      to: "load_tiles(first_row, first_column, k, local);\n",
    },
    TILED,
  ],
  [
    "a dropped last k",
    {
      kernel: "gemm/tiled/multiply",
      from: "let end = min(params.k,",
      to: "let end = min(params.k - 1u,",
    },
    TILED,
  ],
  [
    "a dropped last k of a convolution",
    {
      kernel: "conv2d/tiled/multiply",
      from: "params.rows || k >= params.depth)",
      to: "params.rows || k >= params.depth - 1u)",
    },
    TILED,
  ],
  [
    "a dropped last k of the naive kernel itself",
    { kernel: "gemm/naive/multiply", from: "k < params.k;", to: "k + 1u < params.k;" },
    { rungs: { gemm: "naive" } },
  ],
  [
    "padding read one column too far left",
    {
      kernel: "gather/gather_images",
      from: "let column = k - border;",
      to: "let column = k - border + 1u;",
    },
  ],
  [
    "labels of another row",
    {
      kernel: "gather/gather_labels",
      from: "y[n] = (labels[row >> 2u]",
      to: "y[n] = (labels[(row >> 2u) + 1u]",
    },
  ],
  [
    "the last of equal maxima",
    { kernel: "pool/pool2d/backward_tiles", from: "cell > value)", to: "cell >= value)" },
  ],
  [
    "a slope of relu at 0",
    {
      kernel: "gemm/bias-activation/backward",
      from: "bitcast<Bits>(result) > Bits(0)",
      to: "bitcast<Bits>(result) >= Bits(0)",
    },
  ],
  [
    "a mean over one row too few",
    {
      kernel: "softmax-cross-entropy/forward",
      from: "/ f32(params.rows);",
      to: "/ f32(params.rows - 1u);",
    },
  ],
  [
    "epsilon within the root",
    {
      kernel: "adam/update",
      from: "(sqrt(v_new) + params.epsilon)",
      to: "sqrt(v_new + params.epsilon)",
    },
  ],
  [
    "a rate too small by a hundred-thousandth",
    { kernel: "sgd/update", from: "rate * dw[i]", to: "rate * 0.99999 * dw[i]" },
    { optimizer: sgd() },
  ],
  [
    "a hit counted twice",
    {
      kernel: "metrics/accumulate",
      from: "counts[0] += hits[0];",
      to: "counts[0] += 2u * hits[0] + 1u;",
    },
  ],
];

const steps = new Map<Partial<StepSetup>, Promise<OpenStep>>();

/** One step for all faults with this setup; a faulty one is compiled beside it. */
function stepOf(setup: Partial<StepSetup>): Promise<OpenStep> {
  const step = steps.get(setup) ?? open({ model: lenet5(), ...setup });
  steps.set(setup, step);
  return step;
}

for (const [what, fault, setup = MEASURED] of FAULTS) {
  test(`finds ${what} in ${fault.kernel}, and nothing else`, async () => {
    await assertFound(await stepOf(setup), [fault]);
  });
}

const DEEP: readonly Fault[] = [
  { kernel: "add/forward", from: "a[i] + b[i]", to: "a[i] + a[i]" },
  {
    kernel: "batch-normalization/combine_moments",
    from: "batch.deviation / batch.count",
    to: "batch.deviation / (batch.count - 1.0)",
  },
  { kernel: "batch-normalization/normalize", from: "* factor + offset)", to: "* factor)" },
  { kernel: "batch-normalization/input_gradient", from: "- level -", to: "-" },
];

test("finds four faults at once in ResNet50V2's step, and nothing else", async () => {
  const step = await open({ model: resnet(), batchSize: 2 });
  await assertFound(step, DEEP);
  step.close();
});

/** Units run on the inputs that they had, so none is blamed for what another one does wrong. */
async function assertFound(step: OpenStep, faults: readonly Fault[]): Promise<void> {
  const faulty = faults.reduce(plantFault, step.program);
  const executable = await compileForLooking(step.device, faulty);
  step.rewind();
  const { checks } = await verifyStep(step.device, executable, { hostWork: 2e4 });
  const wrong = checks.filter((check) => !isWithin(check));
  for (const { kernel } of faults) {
    assert.ok(
      wrong.some(({ kernels }) => kernels.includes(kernel)),
      `${kernel} is found`,
    );
  }
  for (const check of wrong) {
    assert.ok(
      faults.some(({ kernel }) => check.kernels.includes(kernel)),
      told(check),
    );
    assert.ok((check.worst?.ofBound ?? 0) > 1);
  }
}

test.after(async () => {
  for (const step of steps.values()) (await step).close();
});

test("the bound of a sum grows as its roundings, then as their root", () => {
  assert.is(chain(1), UNIT);
  assert.is(chain(16), 16 * UNIT);
  assert.is(chain(10_000), 400 * UNIT);
});

test("a comparison names the worst element, in ulp too, and knows what is no number", () => {
  const got = Float32Array.of(1, 2, 3, Number.NaN);
  const error = 1e-6;
  const all = compare(got, [0, 1, 2], (i) => ({ value: i + 1 + (i === 1 ? 1e-5 : 0), error }));
  assert.equal([all.checked, all.outside, all.worst?.index], [3, 1, 1]);
  assert.ok(Math.abs((all.worst?.ofBound ?? 0) - 10) < 0.01);
  assert.is(compare(got, [3], () => ({ value: 0, error })).outside, 1);
  assert.is(compare(got, [3], () => ({ value: Number.NaN, error })).outside, 0);
  assert.is(compare(got, [0], () => ({ value: Number.POSITIVE_INFINITY, error })).outside, 1);
  assert.is(compare(got, [0, 1], () => null).worst, null);
  assert.is(ulpBetween(1, 1 + 2 ** -23), 1);
  assert.is(ulpBetween(-(2 ** -149), 2 ** -149), 2);
  assert.is(ulpBetween(0, -0), 0);
});

test("samples begin and end with the tensor", () => {
  assert.equal([...sampled(5, 10)], [0, 1, 2, 3, 4]);
  const some = [...sampled(1000, 16)];
  assert.is(some.length, 16);
  assert.equal([some[0], some.at(-1)], [0, 999]);
  assert.is(new Set(some).size, 16);
});

test.run();
