// A model in a file of Keras's in the page, in Chromium on SwiftShader: dropped, trained on from its weights and its optimiser's state
// as Node trains it on, and saved as a file that Node opens.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readUserFiles } from "../../src/data/user-files.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { sequential } from "../../src/engine/layers/model.ts";
import { averagePooling2d } from "../../src/engine/layers/pooling.ts";
import { flatten } from "../../src/engine/layers/shaping.ts";
import { createOptimizer } from "../../src/engine/optim/create-optimizer.ts";
import { type ReadModel, readKerasModel } from "../../src/keras/read-model.ts";
import { writeKerasArchive } from "../../src/keras/write-model.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { allRows, uploadDataset } from "../../src/train/device-data.ts";
import { type FitRun, fit } from "../../src/train/fit.ts";
import { runToEnd } from "../cli/start-command.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { mutate, randomStream } from "../keras/mutations.ts";
import { seededWeights } from "../keras/networks.ts";
import { gpu } from "../support/gpu.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { chromium, drop, type SmallSite, saved, smallSite, trainIn, visit } from "./site.ts";

const test = suite("Keras files in the page");
const folder = temporaryFolder();
const FILE = join(folder, "tiny-net.keras");
const [ROWS, BATCH] = [40, 10];
const SGD = { momentum: 0.9, nesterov: true } as const;

const tiny = sequential(
  "tiny",
  [28, 28, 1],
  [
    averagePooling2d({ name: "pool", poolSize: 7 }),
    flatten({ name: "flat" }),
    dense({ name: "predictions", units: 10, activation: "softmax" }),
  ],
);
let site: SmallSite;

test.before(async () => {
  site = await smallSite(smallIdxFolder({ train: ROWS, test: 20 }));
  const weights = seededWeights(tiny, 7);
  const moments = seededWeights(tiny, 8);
  const state = { name: "sgd", steps: 12, learningRate: 0.05, slots: new Map([["m", moments]]) };
  const compiled = {
    ...({ optimizer: "sgd", settings: SGD, learningRate: 0.05, state } as const),
    ...{ loss: "sparse_categorical_crossentropy", metrics: ["accuracy"] },
  };
  await writeKerasArchive(FILE, exportedModel(tiny), weights, { compiled });
});
test.after(() => site.server.close());

/** What the page is asked to do, by Node itself. */
async function trainedOn({ model, weights, compiled }: ReadModel): Promise<FitRun> {
  const device = await gpu();
  const { train } = await readUserFiles(site.data, () => undefined);
  return fit(device, model, {
    train: allRows(uploadDataset(device, train)),
    ...{ batchSize: BATCH, epochs: 2, seed: 42, learningRate: 0.05 },
    ...{ initialWeights: weights, initialOptimizer: compiled?.state ?? undefined },
    ...{ optimizer: createOptimizer("sgd", SGD), optimizerBytes: 2 ** 20 },
  });
}

test("a dropped model is trained on and saved as a file that Node opens", async () => {
  const path = join(folder, "saved.keras");
  await visit(site, async ({ page, requests }) => {
    const late = () => requests.filter((address) => address.endsWith("keras.js")).length;
    assert.is(late(), 0);
    await drop(page, "tiny-net.keras", readFileSync(FILE));
    await page.getByText("tiny-net.keras, 170 parameters; Train goes on with it").waitFor();
    assert.is(late(), 1);
    assert.is(await page.getByLabel("model").inputValue(), "tiny-net.keras");
    assert.is(await page.getByLabel("optimiser").inputValue(), "sgd");
    assert.is(await page.getByLabel("learning rate").inputValue(), "0.05");
    await trainIn(page, { "held out": "0", "epochs, at most": "2", "batch size": String(BATCH) });
    writeFileSync(path, await saved(page, "Save .keras"));
    await checkRun(unzipSync(await saved(page, "Save the run")));
  });
  const before = await readKerasModel(FILE, { optimizer: true });
  const after = await readKerasModel(path, { optimizer: true });
  const expected = await trainedOn(before);
  assert.is(after.compiled?.state?.steps, 12 + (2 * ROWS) / BATCH);
  assert.equal(after.compiled?.settings, before.compiled?.settings);
  const slots = after.compiled?.state?.slots.get("m");
  const theirs = expected.kept?.optimizer?.slots.get("m");
  for (const [name, values] of expected.weights) {
    assert.ok(distance(after.weights.get(name), values) < 1e-4, name);
    assert.ok(distance(slots?.get(name), theirs?.get(name)) < 1e-3, name);
    assert.ok(distance(before.weights.get(name), values) > 1e-2, name);
  }
});

/** The run says how it was trained, and is one that `evaluate` reads. */
async function checkRun(files: Readonly<Record<string, Uint8Array>>): Promise<void> {
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes);
  }
  const run = join(folder, dirname(Object.keys(files)[0] ?? ""));
  const read = (name: string) => JSON.parse(readFileSync(join(run, name), "utf8"));
  const { momentum, schedule } = read("config.json").training;
  assert.equal([momentum, schedule], [0.9, "constant"]);
  const scored = await runToEnd("evaluate", [run, "--data", site.data, "--json"]);
  assert.is(scored.code, 0, scored.stderr);
  assert.is(JSON.parse(scored.stdout).accuracy, read("metrics.json").testAccuracy);
}

/** Of the values that are furthest apart; infinite where there are none. */
function distance(a = new Float32Array(), b = new Float32Array()): number {
  if (a.length !== b.length || a.length === 0) return Number.POSITIVE_INFINITY;
  return Math.max(...a.map((value, index) => Math.abs(value - (b[index] ?? 0))));
}

test("what cannot be read is refused in a line that names it, and the next file is read", async () => {
  await visit(site, async ({ page }) => {
    const whole = readFileSync(new URL("../fixtures/h5/keras2-model.h5", import.meta.url));
    const complaint = page.locator(".complaint").first();
    await drop(page, "half.h5", whole.subarray(0, 9000));
    await page.getByText("half.h5: must be complete, got 9000 of 41232 bytes").waitFor();
    await drop(page, "torn.keras", readFileSync(FILE).subarray(0, 3000));
    await page.getByText("torn.keras: must be a sound zip file, got no end").waitFor();
    await drop(page, "tiny-net.keras", readFileSync(FILE));
    await page.getByText("170 parameters").waitFor();
    assert.is(await complaint.textContent(), "");
  });
});

test("a file that keeps libhdf5 busy for ever is ended by the limit, and the page goes on", async () => {
  const whole = readFileSync(new URL("../fixtures/h5/keras2-model.h5", import.meta.url));
  // Found by search: this damage to this file makes libhdf5 loop, as 1 in 600 does.
  const endless = mutate(whole, "splice", randomStream(151));
  await visit(site, async ({ page }) => {
    await page.goto(`${site.server.address}?patience=1`);
    await drop(page, "endless.h5", endless);
    const complaint = page.locator("#page > .complaint");
    await complaint.getByText("endless.h5: must be sound HDF5, got no end within 1 s").waitFor();
    assert.match((await complaint.textContent()) ?? "", /get it again.*\?patience=60/);
    await drop(page, "tiny-net.keras", readFileSync(FILE));
    await page.getByText("it can be tried and looked into").waitFor();
    assert.is(await complaint.textContent(), "");
  });
});

if (chromium) test.run();
