// profile, verify and hunt as a program of one's own calls them: with the options of `fit`, for a model that no command takes, and
// leaving nothing on the device.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ownOp } from "../../examples/models/own-op.ts";
import type { Device } from "../../src/engine/core/device.ts";
import { UsageError } from "../../src/engine/core/errors.ts";
import { huber } from "../../src/engine/ops/loss/elementwise.ts";
import { sgd } from "../../src/engine/optim/sgd.ts";
import { chromeTrace } from "../../src/inspect/profile/trace.ts";
import { isWithin } from "../../src/inspect/verify/verify.ts";
import { type FitOptions, fit } from "../../src/library/fit.ts";
import { hunt, profile, verify } from "../../src/library/inspect.ts";
import { saveInspection } from "../../src/library/inspection.ts";
import { rooflineSvg } from "../../src/library/roofline.ts";
import { split, tensorData } from "../../src/library/tensor-data.ts";
import shader from "../../src/shaders/sgd.wgsl";
import { VAL_LOSS } from "../../src/train/best-epoch.ts";
import { DivergenceError } from "../../src/train/divergence-error.ts";
import { rejects, temporaryFolder } from "../data/sample-files.ts";
import { countBuffers } from "../support/count-buffers.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("inspect/own program");

const SHAPE = [6, 5, 2] as const;
const ROWS = 40;
const model = ownOp(SHAPE, 3);
const x = Float32Array.from(randomArray(ROWS * 60, 5));
const y = Array.from({ length: ROWS }, (_, row) => row % 3);
const { train, held } = split(tensorData({ x, y, shape: SHAPE }), { share: 10, seed: 1 });
const optimizer = sgd({ momentum: 0.9 });
const how = {
  ...{ train, optimizer, loss: huber(), classWeight: [1, 2, 3], useEma: true },
  ...{ learningRate: 0.01, batchSize: 8, epochs: 2, seed: 3 },
} satisfies FitOptions;

/** What is done, and that no buffer is left of it. */
async function leavingNothing<Found>(work: (device: Device) => Promise<Found>): Promise<Found> {
  const device = await gpu();
  const { live, end } = countBuffers(device);
  try {
    const found = await work(device);
    assert.equal(
      [...live].map(({ label }) => label),
      [],
    );
    return found;
  } finally {
    end();
  }
}

test("a profile is of the step that fit records, dispatch by dispatch", async () => {
  const run = await fit(await gpu(), model, how);
  const recorded = run.program.dispatches.map(({ id, kernel }) => `${id} ${kernel.label}`);
  run.dispose();
  const found = await leavingNothing((device) => profile(device, model, { ...how, samples: 2 }));
  const timed = found.dispatches.map(({ id, kernel }) => `${id} ${kernel}`);
  assert.ok(timed.length > 10);
  assert.equal(
    timed.filter((one) => !recorded.includes(one)),
    [],
  );
  for (const op of ["leaky-relu", "sgd", "ema"]) {
    assert.ok(
      found.dispatches.some((one) => one.op === op && one.ms.median > 0),
      op,
    );
  }
  assert.equal([found.model, found.step, found.batch, found.samples], ["leaky", "train", 8, 2]);
  assert.ok(found.stepMs.median > 0 && found.ceilings.gflops > 0);
  const slices = chromeTrace(found).traceEvents.filter(({ ph }) => ph === "X");
  assert.ok(slices.length >= timed.length);
  assert.match(await rooflineSvg(found), /^<svg.*GFLOPS/s);
});

test("the step that scores too, on all rows where there are fewer than 50", async () => {
  const asked = { train: held, loss: huber(), step: "evaluate", samples: 1 } as const;
  const found = await leavingNothing((device) => profile(device, model, asked));
  assert.equal([found.batch, found.samples], [10, 1]);
  const passes = new Set(found.dispatches.map(({ pass }) => pass));
  assert.equal([...passes].sort(), ["data", "forward", "metric"]);
});

test("verify holds the step's own loss and optimiser against float64, and lists what nobody can", async () => {
  const { checks, uncovered } = await leavingNothing((device) => verify(device, model, how));
  assert.ok(checks.every(isWithin));
  const ops = new Set(checks.map(({ op }) => op));
  for (const op of ["conv2d", "sgd", "ema"]) assert.ok(ops.has(op), [...ops].join());
  assert.not(ops.has("adam") || ops.has("softmax-cross-entropy"));
  assert.equal(
    uncovered.map(({ kernels: [kernel = ""] }) => kernel.split("/").at(-1)),
    ["forward", "backward"],
  );
  const more = await verify(await gpu(), model, { ...how, everyRung: true });
  assert.ok(more.checks.length > checks.length);
});

test("verify sees a kernel that is wrong, at the weights that it is given", async () => {
  const scope = (await gpu()).scope({ ownKernels: true });
  const right = "let velocity = params.momentum * m[i] - step;";
  assert.ok(shader.text.includes(right));
  const wrong = right.replace("- step", "- 1.01 * step");
  await scope.kernels.edit({ ...shader, text: shader.text.replace(right, wrong) });
  const initialWeights = await weightsAfterTraining();
  const { checks } = await verify(scope, model, { ...how, initialWeights });
  const beyond = checks.filter((check) => !isWithin(check));
  assert.ok(beyond.length > 0 && beyond.length < checks.length);
  assert.equal([...new Set(beyond.map(({ op }) => op))], ["sgd"]);
  scope.destroy();
});

async function weightsAfterTraining() {
  const run = await fit(await gpu(), model, how);
  const { weights } = run;
  run.dispose();
  return weights;
}

test("a page of the step that predicts, with the images that are asked for", async () => {
  const bytes = Uint8Array.from({ length: ROWS * 60 }, (_, i) => (i * 37) % 256);
  const images = tensorData({ x: bytes, y, shape: SHAPE, name: "pictures" });
  const out = join(temporaryFolder(), "page.html");
  const asked = { train: images, step: "predict", out, test: images } as const;
  await leavingNothing((device) => saveInspection(device, model, { ...asked, images: [3, 5] }));
  const page = readFileSync(out, "utf8");
  const [, text = ""] = page.match(/<script type="application\/json"[^>]*>(.*?)<\/script>/s) ?? [];
  const { journeys } = JSON.parse(text);
  assert.is(journeys.length, 2);
  assert.match(page, "leaky-relu/forward");
  const device = await gpu();
  const wrong = "saveInspection: images must be rows of test, from 0 to 39, got 40";
  await rejects(() => saveInspection(device, model, { ...asked, images: [40] }), UsageError, wrong);
  const kind = "saveInspection: test must have rows of bytes with a class, got float32";
  await rejects(
    () => saveInspection(device, model, { ...asked, test: held.data }),
    UsageError,
    kind,
  );
  const ending = "saveInspection: out must end in .html, got page";
  await rejects(() => saveInspection(device, model, { ...asked, out: "page" }), UsageError, ending);
});

test("hunt finds nothing in a training that ends well, and the dispatch in one that does not", async () => {
  const more = { validation: held, keepBest: VAL_LOSS, loss: undefined };
  const well = await leavingNothing((device) => hunt(device, model, { ...how, ...more }));
  assert.is(well, null);
  const epochs: number[] = [];
  const beforeSteps: FitOptions["beforeSteps"] = async (_, epoch) => void epochs.push(epoch);
  const trail = await leavingNothing((device) =>
    hunt(device, model, { ...how, ...more, learningRate: 1e20, beforeSteps }),
  );
  assert.equal(epochs, [1], "what is asked for is done as well");
  assert.ok(trail);
  if (!trail) return;
  const { culprit } = trail;
  assert.is(trail.epoch, 1);
  assert.ok(culprit.isMade && !Number.isFinite(culprit.value));
  assert.ok(culprit.step >= 1 && culprit.step <= 3, String(culprit.step));
  assert.ok(culprit.growth.length > 0);
});

test("of nine rows in batches of eight, one is in no whole batch: there fit's error is left", async () => {
  const device = await gpu();
  const size = 9;
  const labels = y.slice(0, size);
  const asked = { ...how, epochs: 1, classWeight: undefined };
  const failures: unknown[] = [];
  for (let row = 0; row < size; row++) {
    const spoilt = x.slice(0, size * 60);
    spoilt[row * 60] = Number.NaN;
    const data = tensorData({ x: spoilt, y: labels, shape: SHAPE });
    const found = await hunt(device, model, { ...asked, train: data }).catch((error) => error);
    if (found instanceof Error) failures.push(found);
    else assert.equal(found.culprit.step, 1);
  }
  assert.is(failures.length, 1);
  assert.instance(failures[0], DivergenceError);
});

test("what does not fit is refused by the name of the function", async () => {
  const device = await gpu();
  const batch = (where: string) => `${where}: batchSize must be from 1 to the 30 rows, got 31`;
  const asked = { ...how, batchSize: 31 };
  await rejects(() => profile(device, model, asked), UsageError, batch("profile"));
  await rejects(() => verify(device, model, asked), UsageError, batch("verify"));
  await rejects(() => hunt(device, model, asked), UsageError, batch("hunt"));
  await rejects(
    () => hunt(device, model, { ...how, precision: "mixed" }),
    UsageError,
    "hunt: precision must be float32, got mixed",
  );
  const labels = tensorData({ x, y: y.map((label) => label + 1), shape: SHAPE, name: "others" });
  await rejects(
    () => verify(device, model, { train: labels }),
    UsageError,
    "verify: labels of others must be below the 3 classes of leaky, got 3",
  );
});

test.run();
