// LeNet-5 in Chromium, on SwiftShader, on 5,000 images of Fashion-MNIST itself. Where the data cannot be had, it is skipped.

import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { cleanData } from "../../src/data/clean.ts";
import { limitRows } from "../../src/data/dataset.ts";
import { loadFashionMnist } from "../../src/data/fashion-mnist.ts";
import { messageOf } from "../../src/engine/core/errors.ts";
import { CACHE } from "../../src/setup/files.mjs";
import { chromium, serveData, trainIn, visit } from "./site.ts";

const test = suite("real images in the page");

const found = await loadFashionMnist({
  cacheDir: join(CACHE, "fashion-mnist"),
  say: () => undefined,
  progress: () => undefined,
}).catch((error: unknown) => {
  console.log(`no Fashion-MNIST here, so nothing is trained on it: ${messageOf(error)}`);
  return null;
});

const testReal = found === null ? test.skip : test;

testReal("one epoch of 5,000 comes to more than 0.75 of 1,000 test images", async () => {
  if (!found) return;
  const data = cleanData(found);
  const limited = { train: limitRows(data.train, 5000), test: limitRows(data.test, 1000) };
  const site = await serveData({ ...data, ...limited });
  try {
    await visit(site, async ({ page }) => {
      await trainIn(page, { "learning rate": "0.003", "batch size": "50" });
      const words = (await page.locator(".status").textContent()) ?? "";
      const accuracy = Number(/([\d.]+) %/.exec(words)?.[1]);
      assert.ok(accuracy > 75, words);
    });
  } finally {
    await site.server.close();
  }
});

if (chromium) test.run();
