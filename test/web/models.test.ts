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

/** Trains, loads the page again in the midst of it, goes on, and gives both digests. */
async function cutOff(page: Page, model: string, fields: Readonly<Record<string, string>>) {
  await trainIn(page, fields);
  const whole = await runOf(page);
  await page.getByRole("button", { name: "Train", exact: true }).click();
  await page.getByText(/^epoch ([2-9]|\d\d+) of/).waitFor({ timeout: 60_000 });
  await page.reload();
  const offer = page.locator(".kept", { hasText: `A training of ${model} on` });
  assert.match((await offer.textContent()) ?? "", /was left after epoch \d+ of \d+/);
  await offer.getByRole("button", { name: "Go on with it" }).click();
  await ended(page);
  return { whole, resumed: await runOf(page) };
}

test("an example's network is trained from its own source, and again after a reload", async () => {
  await visit(site, async ({ page }) => {
    await page.getByLabel("pooling").waitFor();
    await page.getByLabel("model").selectOption("examples/own-model");
    assert.not(await page.getByLabel("pooling").isVisible());
    const fields = {
      "epochs, at most": "80",
      "training pictures": "20",
      patience: "0",
      "held out": "0",
    };
    const { whole, resumed } = await cutOff(page, "examples/own-model", fields);
    const path = "examples/own-model";
    const expected = described(ownModel([28, 28, 1], 10), { name: "own-model", path });
    assert.equal(whole.config.model, JSON.parse(JSON.stringify(expected)));
    assert.is(resumed.weightsSha256, whole.weightsSha256);
    assert.equal(resumed.config, whole.config);
  });
});

test("a file of other classes gets a new last layer, the page says why, and its training goes on after a reload", async () => {
  const path = join(folder, "saved.keras");
  await visit(site, async ({ page }) => {
    await page.getByLabel("pooling").waitFor();
    assert.not(await page.getByLabel("last layer").isVisible());
    await drop(page, "four.keras", readFileSync(FILE));
    await page
      .getByText(
        "four.keras tells 4 classes apart, and this data has 10. So it gets a new last layer",
      )
      .waitFor();
    assert.is(await page.getByLabel("last layer").inputValue(), "new");
    await page.getByLabel("last layer").selectOption("new, the rest held fixed");
    const fields = {
      "epochs, at most": "300",
      "training pictures": "10",
      patience: "0",
      "held out": "0",
    };
    const { whole, resumed } = await cutOff(page, "four.keras", fields);
    assert.equal([whole.config.model.head, whole.config.model.freeze], [10, "base"]);
    assert.is(resumed.weightsSha256, whole.weightsSha256);
    writeFileSync(path, await saved(page, "Save .keras"));
  });
  const [before, after] = [await readKerasModel(FILE), await readKerasModel(path)];
  assert.is(after.weights.get("answers/bias")?.length, 10);
  assert.equal(after.weights.get("hidden/kernel"), before.weights.get("hidden/kernel"));
});

if (chromium) test.run();
