// The proof of `verify`: steps that are right pass on every rung that fits, with nothing left out; and every planted fault is
// found, under the name of its kernel and of no other.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { elu, prelu, relu } from "../../src/engine/layers/activations.ts";
import { batchNormalization } from "../../src/engine/layers/batch-normalization.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { conv2dTranspose, depthwiseConv2d } from "../../src/engine/layers/convolutions.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import {
  groupNormalization,
  layerNormalization,
} from "../../src/engine/layers/group-normalization.ts";
import {
  cropping2d,
  permute,
  resizing,
  resizingFromCorners,
  upSampling2d,
} from "../../src/engine/layers/images.ts";
import { concatenateBranches, mergeBranches } from "../../src/engine/layers/merging.ts";
import { type Model, sequential } from "../../src/engine/layers/model.ts";
import type { Layer } from "../../src/engine/layers/net.ts";
import {
  averagePooling2d,
  globalMaxPooling2d,
  maxPooling2d,
} from "../../src/engine/layers/pooling.ts";
import { normalization, rescaling } from "../../src/engine/layers/scaling.ts";
import { activation, flatten } from "../../src/engine/layers/shaping.ts";
import { LADDERS } from "../../src/engine/ops/ladders.ts";
import { categoricalCrossentropy } from "../../src/engine/ops/loss/categorical-crossentropy.ts";
import {
  binaryCrossentropy,
  huber,
  meanAbsoluteError,
  meanSquaredError,
} from "../../src/engine/ops/loss/elementwise.ts";
import { adagrad } from "../../src/engine/optim/adagrad.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { withEma } from "../../src/engine/optim/ema.ts";
import { lion } from "../../src/engine/optim/lion.ts";
import { nadam } from "../../src/engine/optim/nadam.ts";
import { rmsprop } from "../../src/engine/optim/rmsprop.ts";
import { sgd } from "../../src/engine/optim/sgd.ts";
import { adamw } from "../../src/engine/optim/weight-decay.ts";
import type { OpenStep, StepSetup } from "../../src/inspect/step.ts";
import { compare, sampled, ulpBetween } from "../../src/inspect/verify/compare.ts";
import { chain, UNIT } from "../../src/inspect/verify/reference/reference.ts";
import { verifyStep } from "../../src/inspect/verify/verify.ts";
import { BACKBONES } from "../../src/models/backbones.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { createModel } from "../../src/models/models.ts";
import { uploadDataset, withClassWeights } from "../../src/train/device-data.ts";
import { gpu } from "../support/gpu.ts";
import type { Fault } from "../support/plant-fault.ts";
import { smallDataset } from "../support/small-data.ts";
import { assertFound, assertRight, open, RIGHT } from "../support/verified-step.ts";

const test = suite("verify");

/** Convolutions of 1×1, with strides, with padding, depthwise, and of a number of channels that is a multiple of four, or not. */
function allRungs(): Model {
  const layers = [
    conv2d({ filters: 8, kernelSize: 3, padding: "same", activation: "relu" }),
    conv2d({ filters: 12, kernelSize: 1, activation: "tanh" }),
    conv2d({ filters: 4, kernelSize: 3 }),
    depthwiseConv2d({ kernelSize: 3, padding: "same" }),
    conv2d({ filters: 16, kernelSize: 3, strides: 2, padding: "same" }),
    batchNormalization(),
    conv2d({ filters: 7, kernelSize: 5, activation: "sigmoid" }),
    conv2d({ filters: 4, kernelSize: 4 }), // a map of 2×2 is left
    conv2d({ filters: 4, kernelSize: 3, padding: "same" }),
    globalMaxPooling2d(),
    dense({ units: 10, activation: "softmax" }),
  ];
  return { ...sequential("rungs", [20, 20, 3], layers), preprocessing: "caffe" };
}

/** A pooling of windows of zeros, whose gradient no slope of a ReLU takes away. */
function pooledZeros(): Model {
  const layers = [
    conv2d({ filters: 4, kernelSize: 3 }),
    activation({ activation: "relu" }),
    maxPooling2d(),
    flatten(),
    dense({ units: 10, activation: "softmax" }),
  ];
  return { ...sequential("pooled", [28, 28, 1], layers), preprocessing: "unit" };
}

/** A layer of every op that the networks of Keras Applications do without, or that only some of them have. */
function otherOps(): Model {
  const fork =
    (className: "Subtract" | "Multiply" | "Maximum" | "Minimum"): Layer =>
    (net, x) =>
      mergeBranches(net, [x, conv2d({ filters: 6, kernelSize: 1 })(net, x)], { className });
  const twice: Layer = (net, x) =>
    concatenateBranches(net, [x, averagePooling2d({ poolSize: 1 })(net, x)]);
  const layers: readonly Layer[] = [
    rescaling({ scale: 2, offset: -0.5 }),
    normalization({ mean: [0.4], variance: [0.09] }),
    conv2d({ filters: 6, kernelSize: 3, dilationRate: 2, padding: "same" }),
    groupNormalization({ groups: 2 }),
    relu({ maxValue: 6 }),
    fork("Subtract"),
    activation({ activation: "gelu" }),
    fork("Multiply"),
    fork("Maximum"),
    fork("Minimum"),
    depthwiseConv2d({ kernelSize: 3, strides: 2, padding: "same", depthMultiplier: 2 }),
    layerNormalization(),
    prelu({ sharedAxes: [1, 2] }),
    twice,
    conv2d({ filters: 8, kernelSize: 3, groups: 4 }),
    elu(),
    resizing({ height: 9, width: 12 }),
    resizingFromCorners({ size: [8, 9], interpolation: "bilinear" }),
    activation({ activation: "mish" }),
    upSampling2d({ size: 2 }),
    cropping2d({
      cropping: [
        [1, 1],
        [1, 1],
      ],
    }),
    permute({ dims: [2, 1, 3] }),
    conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2 }),
    activation({ activation: "hard_sigmoid" }),
    ...(["log_sigmoid", "hard_tanh", "soft_shrink", "squareplus", "sparse_plus"] as const).map(
      (name) => activation({ activation: name }),
    ),
    activation({ activation: "log_softmax" }),
    ...(["tanh_shrink", "hard_shrink"] as const).map((name) => activation({ activation: name })),
    globalMaxPooling2d(),
    dense({ units: 10, activation: "softmax" }),
  ];
  return { ...sequential("others", [20, 20, 1], layers), preprocessing: "resized" };
}

test("a training step is right on every rung that fits", async () => {
  const step = await open({ model: allRungs() });
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

const LENETS: readonly (readonly [name: string, setup: Parameters<typeof open>[0]])[] = [
  ["relu and max", { model: lenet5({ dropout: 0.3 }) }],
  [
    "tanh and average",
    {
      model: lenet5({ activation: "tanh", pooling: "average" }),
      optimizer: sgd({ momentum: 0.9 }),
    },
  ],
];

for (const [name, setup] of LENETS) {
  test(`LeNet-5, ${name}: a training step is right`, async () => {
    const step = await open(setup);
    assertRight(await verifyStep(step.device, step.executable, RIGHT));
    step.close();
  });
}

const LOSSES = [
  ["categorical_crossentropy, smoothed", categoricalCrossentropy({ labelSmoothing: 0.1 })],
  ["binary_crossentropy, smoothed", binaryCrossentropy({ labelSmoothing: 0.2 })],
  ["mean_squared_error", meanSquaredError()],
  ["mean_absolute_error", meanAbsoluteError()],
  ["huber", huber({ delta: 0.4 })],
] as const;

for (const [name, loss] of LOSSES) {
  test(`${name}: a step of weighted rows is right, of classes and of numbers`, async () => {
    const device = await gpu();
    const data = uploadDataset(device, smallDataset(40));
    const weights = Float32Array.from({ length: 40 }, (_, n) => (n % 4) / 2);
    const sampleWeights = device.tensor([40], "weights", weights);
    const classes = Float32Array.from({ length: 10 }, (_, k) => 0.5 + k / 8);
    const optimizer = withEma(sgd({ momentum: 0.9 }), 0.8);
    const ofUnits = (units: number) =>
      sequential("units", [28, 28, 1], [flatten(), dense({ units, activation: "sigmoid" })]);
    const weighted = { ...withClassWeights(device, data, classes), sampleWeights };
    const numbers = { ...data, sampleWeights, targets: "input" } as const;
    const cases = [
      { model: ofUnits(10), data: weighted },
      ...(loss.name === "categorical_crossentropy" ? [] : [{ model: ofUnits(784), data: numbers }]),
    ];
    for (const setup of cases) {
      const step = await open({ ...setup, loss, optimizer });
      assertRight(await verifyStep(step.device, step.executable, RIGHT));
      step.close();
    }
  });
}

for (const kind of ["evaluate", "predict"] as const) {
  test(`LeNet-5: what ${kind} runs is right`, async () => {
    const step = await open({ model: lenet5(), kind });
    assertRight(await verifyStep(step.device, step.executable, RIGHT));
    step.close();
  });
}

test("that network has tried every rung there is", async () => {
  const step = await open({ model: allRungs() });
  const tried = new Set(step.program.solutions.flatMap(({ fitting }) => fitting));
  const all = LADDERS.flatMap(({ rungs }) => rungs.map(({ name }) => name));
  // Only an adapter with subgroups of one size has rungs that use them; and one is for operands of f16.
  const isFree = (name: string) => !["subgroup", "implicit"].includes(name);
  const { subgroupSize } = step.program.capabilities;
  for (const name of all.filter((one) => one !== "subgroup-matrix"))
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

test("a fine-tuned MobileNetV2: normalisation with fixed statistics, global pooling", async () => {
  const model = createModel({
    ...{ name: "mobilenetv2", pooling: "average", units: 8, freeze: 4, pretrained: "0".repeat(64) },
  });
  const step = await open({ model, batchSize: 2 });
  assertRight(await verifyStep(step.device, step.executable, { hostWork: 2e4 }));
  step.close();
});

test("the further optimisers' updates are right", async () => {
  const layers = [dense({ units: 10, activation: "softmax" })];
  const model = sequential("one", [28, 28, 1], [flatten(), ...layers]);
  for (const optimizer of [
    ...[adagrad(), lion(), nadam(), adamw({ weightDecay: 0.01 })],
    ...[rmsprop(), rmsprop({ momentum: 0.9, centered: true })],
    // Whose state has the average's behind their own.
    ...[withEma(adam(), 0.8), withEma(nadam(), 0.8)],
  ]) {
    const step = await open({ model, optimizer });
    assertRight(await verifyStep(step.device, step.executable, RIGHT));
    step.close();
  }
});

test("other layers: convolutions by groups, normalisations by example, curves, merges and moves are right", async () => {
  const step = await open({ model: otherOps(), batchSize: 3 });
  assertRight(await verifyStep(step.device, step.executable, { hostWork: 1e5 }));
  step.close();
});

test("MobileNetV2 at 32×32: a training step is right, and eight faults in it are found, and nothing else", async () => {
  const network = BACKBONES.mobilenetv2.build({ inputShape: [32, 32, 3], classes: 10 });
  const step = await open({ model: { ...network, preprocessing: "torch" }, batchSize: 2 });
  assertRight(await verifyStep(step.device, step.executable, { hostWork: 5e3 }));
  step.rewind();
  await assertFound(step, [
    {
      kernel: "conv2d/sliding/forward",
      from: "row_of(place, place.image, step * SH - params.top)",
      to: "row_of(place, place.image, step * SH - params.top + 1u)",
    },
    {
      kernel: "conv2d/depthwise/input_gradient",
      from: "let kw = t + KW - 1u - d;",
      to: "let kw = t + KW - 2u - d;",
    },
    {
      kernel: "conv2d/sliding/weight_gradient",
      from: "(*sums)[kh * KW + kw] += own;",
      to: "(*sums)[kh * KW + kw] += own * 0.9999;",
    },
    {
      kernel: "curve/backward",
      from: "select(params.slope, 1.0, above)",
      to: "select(0.5, 1.0, above)",
    },
    { kernel: "add/forward", from: "a[i] + b[i]", to: "a[i] + a[i]" },
    {
      kernel: "batch-normalization/combine_moments",
      from: "batch.deviation / batch.count",
      to: "batch.deviation / (batch.count - 1.0)",
    },
    { kernel: "batch-normalization/normalize", from: "* factor + offset)", to: "* factor)" },
    { kernel: "batch-normalization/input_gradient", from: "- level -", to: "-" },
  ]);
  step.close();
});

/** Of a kernel that takes seconds to compile for each of its dispatches. */
const FORWARD = {
  where: ({ pass }: { readonly pass: string }) => pass === "forward",
} as const;

const MEASURED: Partial<StepSetup> = {};
const TILED: Partial<StepSetup> = {
  rungs: { "conv2d.forward": "tiled", "conv2d.dx": "tiled", "conv2d.dw": "tiled", gemm: "tiled" },
};

const SLOPE = {
  from: "bitcast<Bits>(result) > Bits(0)",
  to: "bitcast<Bits>(result) >= Bits(0)",
} as const;

/** What is wrong, in one kernel of LeNet-5's step. */
const FAULTS: readonly (readonly [what: string, fault: Fault, setup?: Partial<StepSetup>])[] = [
  [
    "one wrong index in a tail tile",
    {
      kernel: "gemm/tiled/multiply",
      from: "let last = params.m - 1u;",
      to: "let last = params.m - 2u;",
      ...FORWARD,
    },
    TILED,
  ],
  [
    "a missing barrier",
    {
      kernel: "gemm/tiled/multiply",
      from: "workgroupBarrier();\n    k += DEPTH;",
      to: "\n    k += DEPTH;",
      ...FORWARD,
    },
    TILED,
  ],
  [
    "a missing barrier in a convolution",
    {
      kernel: "conv2d/tiled/multiply",
      from: "workgroupBarrier();\n    k += DEPTH;",
      to: "\n    k += DEPTH;",
      ...FORWARD,
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
      from: "* params.split_depth, params.depth);",
      to: "* params.split_depth, params.depth - 1u);",
      ...FORWARD,
    },
    TILED,
  ],
  [
    "a dropped last k of the naive kernel itself",
    { kernel: "gemm/naive/multiply", from: "; k < (id.wg.z", to: "; k + 1u < (id.wg.z" },
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
      kernel: "gather/gather_images",
      from: "y[n] = (labels[row >> 2u]",
      to: "y[n] = (labels[(row >> 2u) + 1u]",
    },
  ],
  [
    "the last of equal maxima",
    { kernel: "pool/pool2d/backward_tiles", from: "cell > value)", to: "cell >= value)" },
    { model: pooledZeros() },
  ],
  [
    "a slope of relu at 0",
    { kernel: "gemm/bias-activation/backward", ...SLOPE },
    { model: allRungs() },
  ],
  ["the same in a pooling that takes it along", { kernel: "pool/pool2d/backward_tiles", ...SLOPE }],
  [
    "a sum of the biases' gradients that lacks a step",
    { kernel: "gemm/subgroup/multiply", from: "k + step < end)", to: "k + step + 1u < end)" },
  ],
  [
    "the same of a convolution's",
    {
      kernel: "conv2d/dw-subgroup/sum_windows",
      from: "KW * CHANNELS + c] += own;",
      to: "KW * CHANNELS + c] += 0.999 * own;",
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
      kernel: "softmax-cross-entropy/forward",
      from: "counts[0] += u32(hits);",
      to: "counts[0] += 2u * u32(hits) + 1u;",
    },
  ],
  [
    "logits that are off by a thousandth",
    {
      kernel: "softmax-cross-entropy/forward",
      from: "sums[v] += own * word",
      to: "sums[v] += 1.001 * own * word",
    },
  ],
  [
    "a gradient of the last layer's weights that lacks a row",
    {
      kernel: "softmax-cross-entropy/forward",
      from: "n < params.rows; n++) {\n      let own",
      to: "n + 1u < params.rows; n++) {\n      let own",
    },
  ],
  [
    "a gradient of its biases that lacks one",
    {
      kernel: "softmax-cross-entropy/forward",
      from: "n < params.rows; n++) { sum +=",
      to: "n + 1u < params.rows; n++) { sum +=",
    },
  ],
  [
    "a missing barrier before its gradients",
    {
      kernel: "softmax-cross-entropy/forward",
      from: "  workgroupBarrier();\n  sum_weight_gradients",
      to: "  \n  sum_weight_gradients",
    },
    { batchSize: 20 },
  ],
  [
    "the same slope of relu at 0 in its input's gradient",
    { kernel: "softmax-cross-entropy/forward", ...SLOPE },
  ],
  [
    "a clock that stands still",
    { kernel: "adam/advance", from: "next_clock[0] += 1u;", to: "next_clock[0] += 0u;" },
  ],
  [
    "a total that lacks its last group",
    {
      kernel: "conv2d/dw-subgroup/sum_windows",
      from: "group < params.groups; group++",
      to: "group + 1u < params.groups; group++",
    },
  ],
  [
    "the same in a dispatch of its own",
    {
      kernel: "metrics/accumulate",
      from: "counts[0] += hits[0];",
      to: "counts[0] += 2u * hits[0] + 1u;",
    },
    { model: lenet5({ l2: 1e-3 }) },
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
