// The training steps that the bench times: LeNet-5's on Fashion-MNIST, and VGG19's with a head of ten classes, all of its weights
// trained by Adam, on random images of 32 × 32.

import type { Dataset } from "../src/data/dataset.ts";
import type { FashionMnist } from "../src/data/fashion-mnist.ts";
import type { Device } from "../src/engine/core/device.ts";
import { uniformAt } from "../src/engine/core/random.ts";
import { stepName } from "../src/inspect/timing/result-record.ts";
import {
  type TrainStepResult,
  timeStepOf,
  timeTrainStep,
} from "../src/inspect/timing/train-step.ts";
import { createTransferModel } from "../src/models/models.ts";

export interface StepCase {
  readonly model: "lenet5" | "vgg19";
  readonly batch: number;
}

export const STEP_CASES: readonly StepCase[] = [
  { model: "lenet5", batch: 50 },
  { model: "lenet5", batch: 256 },
  { model: "vgg19", batch: 50 },
];

/** Of VGG19, the first of which compiles and does not count. */
const VGG19_STEPS = 8;
const SIZE = 32;

export function nameOfStep({ model, batch }: StepCase): string {
  return stepName(model, batch);
}

/** Whether it is of Fashion-MNIST. */
export function needsData({ model }: StepCase): boolean {
  return model === "lenet5";
}

/** Times one; `data` are there for those that need them, and `steps` are LeNet-5's. */
export async function timeStep(
  device: Device,
  { model, batch }: StepCase,
  { data, steps }: { readonly data: FashionMnist | null; readonly steps?: number },
): Promise<TrainStepResult | null> {
  if (model === "lenet5") return data && (await timeTrainStep(device, data, batch, steps));
  return await timeStepOf(device, {
    name: model,
    model: createTransferModel({ name: model, units: 0, dropout: 0, freeze: "none" }),
    dataset: randomImages(VGG19_STEPS * batch),
    ...{ batch, steps: VGG19_STEPS, learningRate: 1e-4 },
  });
}

function randomImages(rows: number): Dataset {
  const draw = (index: number) => 256 * uniformAt({ seed: 1, stream: 0, step: 0, index });
  return {
    name: "random images",
    images: Uint8Array.from({ length: rows * SIZE * SIZE * 3 }, (_, index) => draw(index)),
    labels: Uint8Array.from({ length: rows }, (_, row) => row % 10),
    ...{ rows, height: SIZE, width: SIZE, channels: 3 },
    classNames: Array.from({ length: 10 }, (_, index) => `class ${index}`),
  };
}
