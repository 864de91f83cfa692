// A training that goes on from a state ends in the bits of one that was never stopped: from every kind of place, through a file,
// with moving statistics, dropout, both optimisers, and callbacks that remember.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { batchNormalization } from "../../src/engine/layers/batch-normalization.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { type Model, sequential } from "../../src/engine/layers/model.ts";
import { maxPooling2d } from "../../src/engine/layers/pooling.ts";
import { dropout, flatten } from "../../src/engine/layers/shaping.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { withClipping } from "../../src/engine/optim/clipping.ts";
import { withEma } from "../../src/engine/optim/ema.ts";
import { nadam } from "../../src/engine/optim/nadam.ts";
import { sgd } from "../../src/engine/optim/sgd.ts";
import { readCheckpoint, writeCheckpoint } from "../../src/runs/checkpoint-file.ts";
import { VAL_LOSS } from "../../src/train/best-epoch.ts";
import { EarlyStopping } from "../../src/train/callbacks/early-stopping.ts";
import { ReduceLROnPlateau } from "../../src/train/callbacks/reduce-lr-on-plateau.ts";
import { allRows, uploadDataset } from "../../src/train/device-data.ts";
import { type FitOptions, FitRun, fit } from "../../src/train/fit.ts";
import type { TrainingState } from "../../src/train/training-state.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { gpu } from "../support/gpu.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("resume");

const small = sequential(
  "small",
  [28, 28, 1],
  [
    conv2d({ filters: 4, kernelSize: 3 }),
    batchNormalization(),
    maxPooling2d({ poolSize: 4 }),
    flatten(),
    dropout({ rate: 0.4 }),
    dense({ units: 10, activation: "softmax" }),
  ],
);

async function options(more: Partial<FitOptions> = {}): Promise<FitOptions> {
  const device = await gpu();
  return {
    train: allRows(uploadDataset(device, smallDataset(110))),
    validation: allRows(uploadDataset(device, smallDataset(30, 5))),
    ...{ learningRate: 0.02, batchSize: 20, epochs: 4, seed: 3, keepBest: VAL_LOSS },
    callbacks: [
      new ReduceLROnPlateau({ factor: 0.5, patience: 1 }),
      new EarlyStopping({ patience: 3, restoreBestWeights: true }),
    ],
    ...more,
  };
}

/** A whole run, and the states that it handed out on its way. */
async function wholeRun(more: Partial<FitOptions>) {
  const states: TrainingState[] = [];
  const save = async (state: TrainingState) => void states.push(state);
  const run = await fit(await gpu(), small, {
    ...(await options(more)),
    checkpoints: { minutes: 0, save },
  });
  return { run, states };
}

function assertSame(resumed: FitRun, run: FitRun): void {
  assert.equal(resumed.history, run.history);
  assert.equal([...resumed.weights], [...run.weights]);
  assert.equal(resumed.kept?.epoch, run.kept?.epoch);
  assert.equal([...(resumed.kept?.weights ?? [])], [...(run.kept?.weights ?? [])]);
  assert.equal([resumed.ended, resumed.steps], [run.ended, run.steps]);
}

for (const [name, optimizer] of [
  ["adam", adam()],
  ["sgd with momentum", sgd({ momentum: 0.9, nesterov: true })],
  [
    "nadam to a joint norm, with averages",
    withEma(withClipping(nadam(), { globalClipNorm: 0.5 }), 0.9),
  ],
] as const) {
  test(`from every state of a training by ${name}, through a file`, async () => {
    const { run, states } = await wholeRun({ optimizer });
    const within = states.filter(({ stepsOfEpoch }) => stepsOfEpoch > 0);
    assert.ok(within.length >= 4, `${within.length} states within epochs`);
    assert.equal(
      states.flatMap(({ epoch, stepsOfEpoch }) => (stepsOfEpoch === 0 ? [epoch] : [])),
      [1, 2, 3, 4],
    );
    for (const state of states) {
      const folder = temporaryFolder();
      await writeCheckpoint(folder, { state, seconds: 1, adapter: "any" });
      const resume = (await readCheckpoint(folder))?.state;
      const resumed = await fit(await gpu(), small, { ...(await options({ optimizer })), resume });
      assertSame(resumed, run);
    }
  });
}

test("with a frozen part that is from a file: it is not in the checkpoint, and what is trained goes on", async () => {
  const [conv, norm] = [conv2d({ filters: 4, kernelSize: 3, name: "base" }), batchNormalization()];
  const head = [
    maxPooling2d({ poolSize: 4 }),
    flatten(),
    dense({ units: 10, activation: "softmax" }),
  ];
  const model: Model = {
    name: "partly-frozen",
    inputShape: [28, 28, 1],
    build: (net, x) => {
      const base = net.frozen(() => conv(net, net.input(x, "input")));
      return [norm, ...head].reduce((tensor, layer) => layer(net, tensor), base);
    },
  };
  const initialWeights = new Map([["base/kernel", new Float32Array(36).fill(0.25)]]);
  const states: TrainingState[] = [];
  const save = async (state: TrainingState) => void states.push(state);
  const device = await gpu();
  const checkpoints = { minutes: 0, save };
  const run = await fit(device, model, { ...(await options()), initialWeights, checkpoints });
  const resume = states.find(({ epoch, stepsOfEpoch }) => epoch === 2 && stepsOfEpoch > 0);
  assert.not(resume?.weights?.has("base/kernel"));
  const resumed = await fit(device, model, { ...(await options()), initialWeights, resume });
  assertSame(resumed, run);
  assert.is(resumed.kept?.weights.get("base/kernel")?.[35], 0.25);
});

test("interrupted within an epoch, it hands out the very step", async () => {
  const { run } = await wholeRun({});
  const controller = new AbortController();
  let last: TrainingState | null = null;
  const save = async (state: TrainingState): Promise<void> => {
    last = state;
  };
  const stopped = await FitRun.create(await gpu(), small, {
    ...(await options()),
    signal: controller.signal,
    beforeStep: { every: 8, run: async () => controller.abort() },
    checkpoints: { minutes: 60, save },
  });
  await stopped.train();
  assert.is(stopped.ended, "interrupted");
  const resume = last as TrainingState | null;
  assert.equal([resume?.epoch, resume?.stepsOfEpoch], [1, 2]);
  const resumed = await fit(await gpu(), small, {
    ...(await options()),
    resume: resume ?? undefined,
  });
  assertSame(resumed, run);
});

test("a run that a callback stopped stays stopped, also with more epochs", async () => {
  const stopper = () => [new EarlyStopping({ monitor: "loss", mode: "max", patience: 1 })];
  const { run, states } = await wholeRun({ callbacks: stopper() });
  assert.is(run.ended, "early");
  const resume = states.at(-1);
  const more = { callbacks: stopper(), epochs: 9, resume };
  assertSame(await fit(await gpu(), small, await options(more)), run);
});

test.run();
