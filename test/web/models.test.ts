// Models of the page beside LeNet-5, in Chromium: an example's network, and a file's with a new last layer; a training of either that a
// reload cut off is offered again, and comes to the bits of one that went through.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { ownModel } from "../../examples/models/own-model.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { sequential } from "../../src/engine/layers/model.ts";
import { averagePooling2d } from "../../src/engine/layers/pooling.ts";
import { flatten } from "../../src/engine/layers/shaping.ts";
import { readKerasModel } from "../../src/keras/read-model.ts";
import { writeKerasArchive } from "../../src/keras/write-model.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { described } from "../../src/models/described-model.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { seededWeights } from "../keras/networks.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import {
  chromium,
  drop,
  ended,
  runOf,
  type SmallSite,
  saved,
  smallSite,
  trainIn,
  visit,
} from "./site.ts";

const test = suite("models of the page");
const folder = temporaryFolder();
const FILE = join(folder, "four.keras");
let site: SmallSite;

/** Tells four classes apart; the data has ten. */
const four = sequential(
  "four",
  [28, 28, 1],
  [
    averagePooling2d({ name: "pool", poolSize: 7 }),
    flatten({ name: "flat" }),
    dense({ name: "hidden", units: 6, activation: "relu" }),
    dense({ name: "answers", units: 4, activation: "softmax" }),
  ],
);

test.before(async () => {
  site = await smallSite(smallIdxFolder({ train: 40, test: 20 }));
  await writeKerasArchive(FILE, exportedModel(four), seededWeights(four, 3));
});
test.after(() => site.server.close());

/** Loads the page again as soon as three epochs are kept, which is seen where they are: a page is drawn once a second. */
const RELOAD = `new Promise((resolve) => {
  const look = () => {
    const opening = indexedDB.open("vitrine", 1);
    opening.onsuccess = () => {
      const database = opening.result;
      const asked = database.transaction("trainings").objectStore("trainings").get("last");
      asked.onsuccess = () => {
        database.close();
        if (!(asked.result?.state.epoch >= 3)) return void setTimeout(look, 20);
        location.reload();
        resolve();
      };
    };
  };
  look();
})`;

/** Trains, loads the page again in the midst of it, goes on, and gives both runs. */
async function cutOff(page: Page, model: string, epochs: number) {
  const fields = { "epochs, at most": String(epochs), patience: "0", "held out": "0" };
  await trainIn(page, { ...fields, "training pictures": "10" });
  const whole = await runOf(page);
  await page.getByRole("button", { name: "Train", exact: true }).click();
  // Its answer may be lost on the way.
  await page.evaluate(RELOAD).catch(() => null);
  const offer = page.locator(".kept", { hasText: `A training of ${model} on` });
  assert.match(
    (await offer.textContent()) ?? "",
    new RegExp(`was left after epoch \\d+ of ${epochs}`),
  );
  await offer.getByRole("button", { name: "Go on with it" }).click();
  await ended(page);
  return { whole, resumed: await runOf(page) };
}

async function trainsExample(page: Page): Promise<void> {
  await page.getByLabel("pooling").waitFor();
  await page.getByLabel("model").selectOption("examples/own-model");
  assert.not(await page.getByLabel("pooling").isVisible());
  const { whole, resumed } = await cutOff(page, "examples/own-model", 10);
  const path = "examples/own-model";
  const expected = described(ownModel([28, 28, 1], 10), { name: "own-model", path });
  assert.equal(whole.config.model, JSON.parse(JSON.stringify(expected)));
  assert.is(resumed.weightsSha256, whole.weightsSha256);
  assert.equal(resumed.config, whole.config);
}

const WHY = "four.keras tells 4 classes apart, and this data has 10. So it gets a new last layer";

async function trainsFile(page: Page): Promise<void> {
  assert.not(await page.getByLabel("last layer").isVisible());
  await drop(page, "four.keras", readFileSync(FILE));
  await page.getByText(WHY).waitFor();
  assert.is(await page.getByLabel("last layer").inputValue(), "new");
  await page.getByLabel("last layer").selectOption("new, the rest held fixed");
  const { whole, resumed } = await cutOff(page, "four.keras", 20);
  assert.equal([whole.config.model.head, whole.config.model.freeze], [10, "base"]);
  assert.is(resumed.weightsSha256, whole.weightsSha256);
}

test("an example's network, and a file of other classes with a new last layer, train, and go on after a reload", async () => {
  const path = join(folder, "saved.keras");
  await visit(site, async ({ page }) => {
    await trainsExample(page);
    await trainsFile(page);
    writeFileSync(path, await saved(page, "Save .keras"));
  });
  const [before, after] = [await readKerasModel(FILE), await readKerasModel(path)];
  assert.is(after.weights.get("answers/bias")?.length, 10);
  assert.equal(after.weights.get("hidden/kernel"), before.weights.get("hidden/kernel"));
});

if (chromium) test.run();
