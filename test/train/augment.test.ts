// Training on changed images: what is refused, that evaluation sees none of it, and that a resumed training ends in the same bits.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { dense } from "../../src/engine/layers/dense.ts";
import { sequential } from "../../src/engine/layers/model.ts";
import {
  gaussianNoise,
  randomErasing,
  randomRotation,
  spatialDropout2d,
} from "../../src/engine/layers/random-images.ts";
import { flatten } from "../../src/engine/layers/shaping.ts";
import { categoricalCrossentropy } from "../../src/engine/ops/loss/categorical-crossentropy.ts";
import { meanSquaredError } from "../../src/engine/ops/loss/elementwise.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { openStep } from "../../src/inspect/step.ts";
import { isWithin, verifyStep } from "../../src/inspect/verify/verify.ts";
import {
  type Augment,
  describeAugment,
  parseAugment,
  recordAugment,
} from "../../src/train/augment.ts";
import { allRows, uploadDataset, withClassWeights } from "../../src/train/device-data.ts";
import { type FitOptions, FitRun, fit } from "../../src/train/fit.ts";
import { fitSettings } from "../../src/train/training.ts";
import type { TrainingState } from "../../src/train/training-state.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("augment");

const head = [flatten(), dense({ units: 10, activation: "softmax" })];
const plain = sequential("plain", [28, 28, 1], head);
const layered = sequential(
  "layered",
  [28, 28, 1],
  [
    randomRotation({ factor: 0.1 }),
    randomErasing({ valueRange: [0, 1] }),
    gaussianNoise({ stddev: 0.1 }),
    spatialDropout2d({ rate: 0.2 }),
    ...head,
  ],
);
const ALL: Augment = {
  ...{ flip: "both", shift: 2, rotate: 10, zoom: 0.1, contrast: 0.2, erase: 0.5 },
  mixup: 0.4,
};

async function options(more: Partial<FitOptions> = {}): Promise<FitOptions> {
  const device = await gpu();
  const train = allRows(uploadDataset(device, smallDataset(50)));
  const validation = allRows(uploadDataset(device, smallDataset(20, 5)));
  const settings = { epochs: 2, batchSize: 20, learningRate: 0.01, patience: 0 };
  return { ...fitSettings(settings), train, validation, seed: 3, ...more };
}

for (const [name, model, augment] of [
  ["on changed images", plain, ALL],
  ["through layers that change them", layered, undefined],
] as const) {
  test(`a training ${name} ends in the same bits, resumed from every state or done again`, async () => {
    const states: TrainingState[] = [];
    const save = async (state: TrainingState) => void states.push(state);
    const device = await gpu();
    const checkpoints = { minutes: 0, save };
    const run = await fit(device, model, await options({ augment, checkpoints }));
    assert.ok(states.some(({ stepsOfEpoch }) => stepsOfEpoch > 0));
    for (const state of [undefined, ...states]) {
      const again = await fit(device, model, await options({ augment, resume: state }));
      assert.equal(again.history, run.history);
      assert.equal([...again.weights], [...run.weights]);
    }
    const other = await fit(device, model, await options({ augment, seed: 4 }));
    assert.not.equal([...other.weights], [...run.weights]);
  });
}

test("what is learned differs, and what is evaluated does not", async () => {
  const device = await gpu();
  const run = await fit(device, plain, await options());
  const changed = await fit(device, plain, await options({ augment: ALL }));
  assert.not.equal([...changed.weights], [...run.weights]);
  const initialWeights = run.weights;
  const still = { initialWeights, learningRate: 1e-30, schedule: undefined, epochs: 1 };
  const [a, b] = [
    await fit(device, plain, await options(still)),
    await fit(device, plain, await options({ ...still, augment: ALL })),
  ];
  assert.is(a.history[0]?.["val_loss"], b.history[0]?.["val_loss"]);
  assert.not.equal(a.history[0]?.["loss"], b.history[0]?.["loss"]);
  // Nothing asked for is nothing done.
  const none = await FitRun.create(device, plain, await options({ augment: {} }));
  assert.is(none.program.dispatches.length, run.program.dispatches.length);
  const some = await FitRun.create(device, plain, await options({ augment: ALL }));
  // Five changes; and the running sums, which are the loss's own work only where a row has one label.
  assert.is(some.program.dispatches.length, run.program.dispatches.length + 6);
});

test("every kernel of a step on changed images verifies against float64", async () => {
  const device = await gpu();
  const data = uploadDataset(device, smallDataset(40));
  const step = await openStep(device, {
    ...{ model: plain, data, kind: "train", batchSize: 20, augment: ALL },
    plan: { sharesSlots: false },
  });
  const { checks, uncovered } = await verifyStep(step.device, step.executable, { hostWork: 2e6 });
  assert.equal(uncovered, []);
  assert.equal(
    checks.filter((check) => !isWithin(check)),
    [],
  );
  const kernels = checks.flatMap((check) => check.kernels);
  const changes = ["image-warp/warp", "image-tone/contrast", "image-tone/erase", "mixup/draw"];
  for (const kernel of [...changes, "mixup/blend"]) {
    assert.ok(kernels.includes(kernel), `${kernels}`);
  }
  step.close();
});

test("mixed rows whose classes weigh differently verify too, and a loss that cannot take them is refused", async () => {
  const device = await gpu();
  const data = uploadDataset(device, smallDataset(40));
  const weights = Float32Array.from({ length: 10 }, (_, k) => 0.5 + k / 4);
  const weighed = withClassWeights(device, data, weights);
  for (const loss of [categoricalCrossentropy({ labelSmoothing: 0.1 }), meanSquaredError()]) {
    const step = await openStep(device, {
      ...{ model: plain, data: weighed, kind: "train", batchSize: 19, augment: { mixup: 1 }, loss },
      plan: { sharesSlots: false },
    });
    const { checks, uncovered } = await verifyStep(step.device, step.executable);
    assert.equal(uncovered, []);
    assert.equal(
      checks.filter((check) => !isWithin(check)),
      [],
    );
    assert.is(checks.filter(({ kernels }) => kernels[0] === "mixup/blend").length, 2);
    step.close();
  }
  const { record, name } = meanSquaredError();
  const asked = await options({ augment: { mixup: 1 }, loss: { record, name } });
  const failure = await fit(device, plain, asked).catch(String);
  const rule = "augment: mixup needs a loss that takes mixed classes, got mean_squared_error";
  assert.ok(String(failure).includes(rule), String(failure));
});

test("the flag's text, and what is refused", () => {
  assert.equal(parseAugment("flip"), { flip: "horizontal" });
  const all = parseAugment(
    "flip=both, shift=2,rotate=10,zoom=0.1,contrast=0.2,erase=0.5,mixup=0.4",
  );
  assert.equal(all, ALL);
  assert.is(describeAugment({ flip: "horizontal", shift: 2 }), "flip, shift 2");
  for (const [text, message] of [
    ["flip=sideways", "augment: flip must be horizontal, vertical, both, got sideways"],
    ["shift", "augment: shift must be a number from 0 to 1024, got NaN"],
    ["zoom=1", "augment: zoom must be a number from 0 to 0.9, got 1"],
    ["rotate=-3", "augment: rotate must be a number from 0 to 360, got -3"],
    ["mixup=2", "augment: mixup must be a number from 0 to 1, got 2"],
    ["blur=1", "augment: must be of known changes, got blur"],
    ["", "augment: must be of known changes, got "],
    ["flip,flip", "augment: takes each change once, got flip"],
  ] as const) {
    assert.throws(() => parseAugment(text), message);
  }
});

test("features of a frozen base are no images", () => {
  const rec = new Recorder({ name: "x", capabilities: { subgroupSize: null, isSoftware: true } });
  const [part, x] = [rec.allocate([9, 4], "part"), rec.allocate([2, 4], "x")];
  const words = (label: string) => rec.allocate([9], label, "u32");
  const source = { kind: "features", parts: [part] } as const;
  const feed = { source, labels: words("l"), order: words("o"), clock: words("c") };
  assert.throws(
    () => recordAugment(rec, x, { flip: "both" }, { feed, seed: 1 }),
    "augment: must be given images, of up to four channels, got rows of",
  );
});

test.run();
