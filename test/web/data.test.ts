// Data of the reader's own on the page, by the readers of --data; and what the adapter is measured by.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { PNG } from "pngjs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readResult } from "../../bench/sitting/result.ts";
import { runToEnd } from "../cli/start-command.ts";
import { npy, writeNpz } from "../data/array-files.ts";
import { idxImages, idxLabels, temporaryFolder } from "../data/sample-files.ts";
import { overflowOf } from "../page/chromium.ts";
import { smallDataset } from "../support/small-data.ts";
import { chromium, type SmallSite, saved, smallSite, trainIn, visit } from "./site.ts";

const test = suite("data on the page");
let site: SmallSite;

test.before(async () => {
  site = await smallSite();
});
test.after(() => site.server.close());

/** Chooses files where data is chosen. */
async function choose(page: Page, paths: string | readonly string[]): Promise<void> {
  const input = page.locator('.drop input[type="file"]').first();
  await input.setInputFiles(typeof paths === "string" ? paths : [...paths]);
}

/** Drops a folder, as from a window of files. */
async function dropFolder(page: Page, path: string): Promise<void> {
  const { x = 0, y = 0 } = (await page.locator(".drop").first().boundingBox()) ?? {};
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await session.send("Input.dispatchDragEvent", { type, x: x + 5, y: y + 5, data });
  }
}

test("an .npz is read, and trained on under its own name", async () => {
  const [train, more] = [smallDataset(60, 1), smallDataset(20, 2)];
  const shape = [28, 28];
  const path = await writeNpz({
    x_train: npy("|u1", [60, ...shape], train.images),
    y_train: npy("|u1", [60], new Uint8Array(train.labels)),
    x_test: npy("|u1", [20, ...shape], more.images),
    y_test: npy("|u1", [20], new Uint8Array(more.labels)),
  });
  await visit(site, async ({ page }) => {
    await choose(page, path);
    await page.getByText(/set\.npz.*60 training and 20 test pictures of 28×28/).waitFor();
    await trainIn(page, { "held out": "0.2" });
    assert.is(await page.locator(".confusion tbody tr").count(), 10);
  });
});

test("IDX files of another data set are not called Fashion-MNIST; a cut one is named", async () => {
  const folder = temporaryFolder();
  const names = ["train", "t10k"].flatMap((part, seed) => {
    const dataset = smallDataset(30, seed + 1);
    const images = join(folder, `${part}-images-idx3-ubyte`);
    const labels = join(folder, `${part}-labels-idx1-ubyte`);
    writeFileSync(images, idxImages(dataset));
    writeFileSync(labels, idxLabels(dataset));
    return [images, labels];
  });
  await visit(site, async ({ page }) => {
    await choose(page, names);
    await page.getByText(/30 training and 30 test pictures of 28×28/).waitFor();
    const words = (await page.locator(".samples").textContent()) ?? "";
    assert.is(words, "0123456789");
    writeFileSync(names[0] ?? "", readFileSync(names[0] ?? "").subarray(0, 500));
    await choose(page, names);
    await page
      .getByText(/train-images-idx3-ubyte: the header promises 23520 bytes of data, got 484/)
      .waitFor();
  });
});

test("a folder with a folder of pictures for each class is dropped and read, a broken picture told and left out", async () => {
  const folder = join(temporaryFolder(), "shapes");
  for (const [label, name] of ["bright", "dark"].entries()) {
    mkdirSync(join(folder, name), { recursive: true });
    for (let index = 0; index < 6; index++) {
      const png = new PNG({ width: 16, height: 16 });
      png.data.fill(label === 0 ? 200 + index : 30 + index);
      writeFileSync(join(folder, name, `${index}.png`), PNG.sync.write(png));
    }
  }
  const cut = readFileSync(join(folder, "dark", "5.png")).subarray(0, 60);
  writeFileSync(join(folder, "dark", "5.png"), cut);
  await visit(site, async ({ page }) => {
    await dropFolder(page, folder);
    await page.getByText(/shapes.*training and \d test pictures of 16×16.*2 classes/).waitFor();
    await page.getByText(/dark\/5\.png: must be a sound picture/).waitFor();
  });
});

test("kernels are measured, as a result that the bench reads", async () => {
  await visit(
    site,
    async ({ page }) => {
      await page.getByRole("link", { name: "Measure" }).click();
      await page.getByLabel("only what has this in its name").fill("fc3 dx");
      await page.getByRole("button", { name: "Measure" }).click();
      await page.locator("table.figures").waitFor({ timeout: 200_000 });
      assert.ok((await page.locator("table.figures tbody tr").count()) >= 3);
      assert.is(await overflowOf(page), 0);
      const file = join(temporaryFolder(), "page.json");
      writeFileSync(file, await saved(page, "Save the result"));
      const result = readResult(JSON.parse(readFileSync(file, "utf8")), "it");
      assert.is(result.isSoftware, true);
      assert.ok(result.cases.every(({ name, ms }) => name === "fc3 dx" && ms.median > 0));
      const { code, stdout, stderr } = await runToEnd("bench", ["--against", file, file]);
      assert.is(code, 0, stderr);
      assert.match(stdout, /fc3 dx/);
    },
    { hasWebGpu: true, width: 390, height: 800, colorScheme: "dark" },
  );
});

if (chromium) test.run();
