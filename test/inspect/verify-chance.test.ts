// Verification of what a training step does beside a network's own sums: noise, changes of images by chance, clipped gradients. All of
// it is covered, and a fault planted in any kernel of it is found.

import { suite } from "uvu";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { sequential } from "../../src/engine/layers/model.ts";
import {
  alphaDropout,
  gaussianDropout,
  gaussianNoise,
  randomBrightness,
  randomErasing,
  spatialDropout2d,
} from "../../src/engine/layers/random-images.ts";
import { flatten } from "../../src/engine/layers/shaping.ts";
import { withClipping } from "../../src/engine/optim/clipping.ts";
import { sgd } from "../../src/engine/optim/sgd.ts";
import { verifyStep } from "../../src/inspect/verify/verify.ts";
import type { Fault } from "../support/plant-fault.ts";
import { assertFound, assertRight, open, RIGHT } from "../support/verified-step.ts";

const test = suite("verify, of chance and clipping");

const noisy = sequential(
  "noisy",
  [28, 28, 1],
  [
    randomBrightness({ factor: 0.2, valueRange: [0, 1] }),
    randomErasing({ valueRange: [0, 1] }),
    gaussianNoise({ stddev: 0.1 }),
    conv2d({ filters: 6, kernelSize: 3, strides: 3, activation: "selu" }),
    spatialDropout2d({ rate: 0.3 }),
    gaussianDropout({ rate: 0.2 }),
    alphaDropout({ rate: 0.2 }),
    flatten(),
    dense({ units: 10, activation: "softmax" }),
  ],
);
const CHANCE = { model: noisy, augment: { mixup: 0.5 } } as const;

const FAULTS: readonly Fault[] = [
  { kernel: "image-tone/brighten", from: "drawn(2u * image).x", to: "drawn(2u * image).y" },
  { kernel: "image-tone/erase", from: "* params.most;", to: "* params.most * 1.01;" },
  { kernel: "noise/add", from: "params.level * normals", to: "params.level * 1.001 * normals" },
  { kernel: "noise/multiply", from: "1.0 + params.level", to: "1.0 - params.level" },
  { kernel: "noise/alpha", from: "vec4f(params.dropped)", to: "vec4f(0.0)" },
  { kernel: "noise/spatial", from: ">= params.level", to: "< params.level" },
  { kernel: "mixup/draw", from: "sizes.x + sizes.y <= 1.0", to: "sizes.x + sizes.y <= 2.0" },
  { kernel: "mixup/blend", from: "(1.0 - own) * x[other]", to: "own * x[other]" },
  {
    kernel: "softmax-cross-entropy/forward",
    from: "1.0 - lambda, k == other",
    to: "lambda, k == other",
  },
];

test("noise and mixup: all of the step is right, and a fault in any kernel of it is found", async () => {
  const step = await open(CHANCE);
  assertRight(await verifyStep(step.device, step.executable, RIGHT));
  await assertFound(step, FAULTS);
  step.close();
});

const CLIPPINGS = [
  [{ clipValue: 1e-3 }, "limit_values", "vec4f(-params.limit)", "vec4f(0.0)"],
  [{ clipNorm: 0.01 }, "sum_squares", "sums += value * value;", "sums += abs(value);"],
  [{ globalClipNorm: 0.01 }, "scale_to", "params.limit / max", "2.0 * params.limit / max"],
  [{ globalClipNorm: 0.02 }, "rescale", "x[i] *= by", "x[i] *= by * by"],
] as const;

for (const [clipping, entry, from, to] of CLIPPINGS) {
  test(`${JSON.stringify(clipping)}: right, and a fault in clip/${entry} is found`, async () => {
    const model = sequential(
      "one",
      [28, 28, 1],
      [flatten(), dense({ units: 10, activation: "softmax" })],
    );
    const step = await open({ model, optimizer: withClipping(sgd(), clipping) });
    assertRight(await verifyStep(step.device, step.executable, RIGHT));
    await assertFound(step, [{ kernel: `clip/${entry}`, from, to }]);
    step.close();
  });
}

test.run();
