// A picture from the camera, which in this test is Chromium's own: seen by the network, and let go; one that is refused is told.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { dense } from "../../src/engine/layers/dense.ts";
import { sequential } from "../../src/engine/layers/model.ts";
import { averagePooling2d } from "../../src/engine/layers/pooling.ts";
import { flatten } from "../../src/engine/layers/shaping.ts";
import { writeKerasArchive } from "../../src/keras/write-model.ts";
import { exportedModel } from "../../src/models/architecture/exported-model.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { seededWeights } from "../keras/networks.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { chromium, drop, type SmallSite, smallSite, visit } from "./site.ts";

const test = suite("camera");
const FILE = join(temporaryFolder(), "tiny.keras");
let site: SmallSite;

const tiny = sequential(
  "tiny",
  [28, 28, 1],
  [averagePooling2d({ poolSize: 7 }), flatten(), dense({ units: 10, activation: "softmax" })],
);

test.before(async () => {
  site = await smallSite(smallIdxFolder({ train: 20, test: 10 }));
  await writeKerasArchive(FILE, exportedModel(tiny), seededWeights(tiny, 1));
});
test.after(() => site.server.close());

async function openTry(page: Page): Promise<void> {
  await drop(page, "tiny.keras", readFileSync(FILE));
  await page.getByText("it can be tried").waitFor();
  await page.getByRole("link", { name: "Try it" }).click();
}

test("one that is refused is told in a sentence; the picture of one that is allowed is seen, and it is let go", async () => {
  await visit(
    site,
    async ({ page }) => {
      await openTry(page);
      const use = page.getByRole("button", { name: "Use the camera" });
      await use.click();
      const complaint = page.locator("#page > .complaint");
      await complaint.getByText("camera: must be allowed for this page, got a refusal").waitFor();
      assert.match((await complaint.textContent()) ?? "", /allow it beside the page's address/);
      await page.context().grantPermissions(["camera"]);
      await use.click();
      const take = page.getByRole("button", { name: "Take the picture" });
      await take.waitFor();
      const state = `document.querySelector("video").srcObject.getTracks()[0]`;
      await page.evaluate(`window.track = ${state}`);
      assert.is(await page.evaluate("track.readyState"), "live");
      await take.click();
      await page.locator(".verdict").waitFor({ timeout: 60_000 });
      await page.getByText(/As the network sees it: \d+×\d+ pixels brought to 28×28/).waitFor();
      assert.is(await page.evaluate("track.readyState"), "ended");
      assert.not(await page.locator("video").isVisible());
      await use.waitFor();
      assert.is(await complaint.textContent(), "");
    },
    { hasWebGpu: true, hasCamera: true },
  );
});

if (chromium) test.run();
