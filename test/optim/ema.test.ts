// Moving averages of weights: what Keras itself computes, and what a training leaves by them.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { adam } from "../../src/engine/optim/adam.ts";
import { withEma } from "../../src/engine/optim/ema.ts";
import { sgd } from "../../src/engine/optim/sgd.ts";
import {
  type Callback,
  dense,
  type FitOptions,
  fit,
  flatten,
  sequential,
  tensorData,
} from "../../src/vitrine.ts";
import { assertClose, EXACT } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { train } from "../support/optimizer-trace.ts";
import { randomArray } from "../support/random.ts";

const test = suite("ema");

interface Vectors {
  readonly learningRate: number;
  readonly start: number[];
  readonly gradients: number[][];
  readonly cases: Readonly<Record<string, Readonly<Record<"weights" | "averages", number[][]>>>>;
}
const FIXTURE = new URL("../fixtures/keras-ema.json", import.meta.url);
const vectors = JSON.parse(readFileSync(FIXTURE, "utf8")) as Vectors;

for (const [name, optimizer] of [
  ["sgd", withEma(sgd())],
  ["sgd, 0.5", withEma(sgd(), 0.5)],
  ["adam, 0.9", withEma(adam(), 0.9)],
] as const) {
  for (const isSoftware of [true, false]) {
    test(`${name}, ${isSoftware ? "software" : "hardware"}: weights and averages of Keras`, async () => {
      const { learningRate, start, gradients, cases } = vectors;
      const steps = await train({ optimizer, learningRate, start, gradients, isSoftware });
      const tolerance = { relative: 1e-6, absolute: 3e-7 };
      for (const [t, step] of steps.entries()) {
        for (const [slot, expected = []] of [
          ["w", cases[name]?.weights[t]],
          ["average", cases[name]?.averages[t]],
        ] as const) {
          const label = `${slot} after ${t + 1}`;
          assertClose({ label, shape: [12], actual: step[slot] ?? [], expected, tolerance });
        }
      }
    });
  }
}

const SHAPE = [2, 3, 1];
const ROWS = 30;
const data = tensorData({
  ...{ x: Float32Array.from(randomArray(6 * ROWS, 2)), shape: SHAPE },
  y: Array.from({ length: ROWS }, (_, n) => n % 3),
});
const model = sequential("small", SHAPE, [flatten(), dense({ units: 3, activation: "softmax" })]);

/** A training, and its weights after every epoch, which is one step. */
async function trained(more: Partial<FitOptions>) {
  const seen: Float32Array[] = [];
  const watcher: Callback = {
    onEpochEnd: (_epoch, _logs, { weights }) => {
      seen.push(Float32Array.from([...weights.values()].flatMap((values) => [...values])));
    },
  };
  using run = await fit(await gpu(), model, {
    ...{ train: data, validation: data, learningRate: 0.05, batchSize: ROWS, epochs: 5, seed: 1 },
    ...{ callbacks: [watcher], ...more },
  });
  const { loss } = await run.evaluate(data);
  const end = run.weights.flatMap(({ data: values }) => [...values]);
  return { seen, end, history: run.history, loss };
}

test("training goes by the weights, and ends with their averages", async () => {
  const [plain, averaged] = [await trained({}), await trained({ useEma: true, emaMomentum: 0.6 })];
  assert.equal(averaged.history, plain.history);
  assert.equal(averaged.seen, plain.seen);
  const averages = plain.seen.reduce<number[]>(
    (average, weights) =>
      Array.from(weights, (w, i) => (average.length > 0 ? 0.6 * (average[i] ?? 0) + 0.4 * w : w)),
    [],
  );
  const tolerance = { relative: 1e-5, absolute: 1e-6 };
  const { length } = averages;
  assertClose({
    ...{ label: "end", shape: [length], actual: averaged.end, expected: averages, tolerance },
  });
  assert.is.not(averaged.loss, plain.loss);
});

test("of the kept epoch, the averages are brought back", async () => {
  const ema = { useEma: true, emaMomentum: 0.6 };
  const first = await trained({ ...ema, epochs: 1 });
  // The loss falls with every epoch, so its greatest is the first.
  const kept = await trained({ ...ema, keepBest: { name: "loss", direction: "max" } });
  const { length } = first.end;
  const [actual, expected] = [kept.end, first.end];
  assertClose({ label: "kept", shape: [length], actual, expected, tolerance: EXACT });
});

test("the momentum is checked", () => {
  assert.throws(() => withEma(adam(), 1.1), "adam: emaMomentum lies in [0, 1], got 1.1");
});

test.run();
