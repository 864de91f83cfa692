// The engine in Chromium, on SwiftShader: it trains to the bits of Node, is looked into, shown pictures, saved, and outlives its device.

import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import { PNG } from "pngjs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { readOptimizer } from "../../src/runs/optimizer-file.ts";
import { runToEnd } from "../cli/start-command.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { overflowOf } from "../page/chromium.ts";
import { chromium, ended, fill, type SmallSite, saved, smallSite, trainIn, visit } from "./site.ts";

const test = suite("web page");
/** Chromium's own driver, which Node's Dawn takes as well. */
const DRIVER = "/usr/lib/chromium/vk_swiftshader_icd.json";
let site: SmallSite;

test.before(async () => {
  site = await smallSite();
});
test.after(() => site.server.close());

test("it trains to the bits that Node trains to on the same driver; the saved run is read by evaluate", async () => {
  await visit(site, async ({ page }) => {
    await trainIn(page);
    const files = unzipSync(await saved(page, "Save the run"));
    const folder = temporaryFolder();
    for (const [name, bytes] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), bytes);
    }
    const [first = ""] = Object.keys(files);
    const run = join(folder, dirname(first));
    const metrics = JSON.parse(
      Buffer.from(files[`${dirname(first)}/metrics.json`] ?? "").toString(),
    );
    const scored = await runToEnd("evaluate", [run, "--data", site.data, "--json"]);
    assert.is(scored.code, 0, scored.stderr);
    assert.is(JSON.parse(scored.stdout).accuracy, metrics.testAccuracy);
    if (!existsSync(DRIVER)) return;
    const out = join(folder, "node");
    const flags = ["--data", site.data, "--epochs", "1", "--batch-size", "10", "--no-tune"];
    const trained = await runToEnd("train", [...flags, "--out", out, "--json"], {
      env: { VK_DRIVER_FILES: DRIVER, VK_ICD_FILENAMES: DRIVER },
    });
    assert.is(trained.code, 0, trained.stderr);
    const node = JSON.parse(trained.stdout);
    assert.match(node.adapter, /swiftshader/i);
    // Twice, for a machine that does other things as well: on a quiet one they differ by a few per cent.
    const share = metrics.msPerStep / node.msPerStep;
    console.log(`a step takes ${share.toFixed(2)} times as long in Chromium as in Node`);
    assert.ok(share < 2, `${metrics.msPerStep} ms a step, in Node ${node.msPerStep}`);
    assert.is(metrics.weightsSha256, node.weightsSha256);
    const moments = await readOptimizer(run);
    assert.ok(moments && moments.steps > 0 && moments.slots.size === 2);
    assert.equal(moments, await readOptimizer(out));
  });
});

test("a saved run is opened again, tried before anything is trained, and refused where it is damaged", async () => {
  let zip: Buffer = Buffer.alloc(0);
  await visit(site, async ({ page }) => {
    await trainIn(page, { "training pictures": "60", "held out": "0.2" });
    zip = await saved(page, "Save the run");
  });
  await visit(site, async ({ page }) => {
    const input = page.locator('.drop input[type="file"]').first();
    const mimeType = "application/zip";
    await input.setInputFiles({ name: "cut.zip", mimeType, buffer: zip.subarray(0, 5000) });
    await page.getByText(/cut\.zip: must be a sound zip file/).waitFor();
    await fill(page, { "training pictures": "60", "held out": "0.2", "batch size": "10" });
    await input.setInputFiles({ name: "run.zip", mimeType, buffer: zip });
    await page.getByText(/run\.zip, 61,706 parameters.* · it can be tried/).waitFor();
    await page.getByRole("link", { name: "Try it" }).click();
    const picture = new PNG({ width: 28, height: 28 });
    picture.data.fill(255, 1000, 2000);
    for (let at = 3; at < picture.data.length; at += 4) picture.data[at] = 255;
    await page
      .locator('input[type="file"]')
      .first()
      .setInputFiles({
        ...{ name: "it.png", mimeType: "image/png", buffer: PNG.sync.write(picture) },
      });
    await page.locator(".verdict").waitFor({ timeout: 60_000 });
  });
});

test("the inspector opens over the step that is being trained", async () => {
  await visit(site, async ({ page }) => {
    await fill(page, { "batch size": "10", "epochs, at most": "50", patience: "0" });
    const clicked = performance.now();
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.getByText(/^epoch 1 of 50/).waitFor({ timeout: 60_000 });
    console.log(
      `first steps ${((performance.now() - clicked) / 1000).toFixed(1)} s after the click`,
    );
    await page.locator("#rate-field").fill("0.002");
    await page.locator("#rate-field").blur();
    await page.locator(".gauges", { hasText: /0\.002/ }).waitFor();
    // As without a mouse.
    await page.locator("#to-train").focus();
    await page.keyboard.press("Tab");
    assert.is(await page.evaluate("document.activeElement.id"), "to-inside");
    await page.keyboard.press("Enter");
    await fill(page, { "batch size": "5" });
    await page.getByRole("button", { name: "Look inside" }).click();
    const inspector = page.frameLocator("iframe.inspector");
    await inspector.getByText("One train step of lenet5").waitFor({ timeout: 200_000 });
    assert.match(
      (await inspector.locator(".page-head").textContent()) ?? "",
      /trained here for \d+ steps/,
    );
    await page.getByRole("link", { name: "Train" }).click();
    const before = await stepsOf(page);
    await page.waitForFunction(
      (was) => document.querySelector(".bars")?.textContent !== was,
      before,
      { timeout: 60_000 },
    );
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByRole("button", { name: "Press again to stop" }).click();
    await page.getByText(/^stopped/).waitFor({ timeout: 60_000 });
  });
});

test("what is drawn is seen, with its way through every layer", async () => {
  await visit(site, async ({ page }) => {
    await trainIn(page, { "training pictures": "60", "held out": "0.2" });
    await page.getByRole("link", { name: "Try it" }).click();
    const board = await page.locator(".board").boundingBox();
    assert.ok(board);
    const [left, top] = [board?.x ?? 0, board?.y ?? 0];
    await page.mouse.move(left + 60, top + 60);
    await page.mouse.down();
    await page.mouse.move(left + 160, top + 120, { steps: 4 });
    await page.mouse.up();
    await page.locator(".verdict").waitFor({ timeout: 60_000 });
    assert.match((await page.locator(".verdict").textContent()) ?? "", /^\S.*, [\d.]+ %$/);
    assert.ok((await page.locator(".station").count()) >= 6);
    assert.is(await page.locator(".overlay canvas").count(), 2);
    const answered = page.waitForFunction(
      (was) => document.querySelector(".stations")?.innerHTML !== was,
      await page.locator(".stations").innerHTML(),
    );
    await page.getByRole("button", { name: "Clear" }).click();
    await page.locator(".board").focus();
    for (const key of ["Shift+ArrowUp", "ArrowLeft", "ArrowLeft", "ArrowDown", "ArrowDown"])
      await page.keyboard.press(key);
    await answered;
    await page
      .locator('input[type="file"]')
      .first()
      .setInputFiles({
        ...{ name: "page.png", mimeType: "image/png", buffer: Buffer.from("<!doctype html>") },
      });
    await page.getByText(/page\.png: must be a PNG, JPEG or WebP picture/).waitFor();
  });
});

test("a lost device is opened again, and the training comes to the bits of an undisturbed one", async () => {
  await visit(site, async ({ page }) => {
    const digest = async () => {
      const files = unzipSync(await saved(page, "Save the run"));
      const name = Object.keys(files).find((path) => path.endsWith("metrics.json")) ?? "";
      return JSON.parse(Buffer.from(files[name] ?? "").toString()).weightsSha256;
    };
    const fields = {
      "training pictures": "100",
      "held out": "0.1",
      "epochs, at most": "8",
      patience: "0",
    };
    await trainIn(page, fields);
    const undisturbed = await digest();
    await page.getByRole("button", { name: "Train", exact: true }).click();
    await page.getByText(/^epoch [2-5] of 8/).waitFor({ timeout: 100_000 });
    const browser = await page.context().browser()?.newBrowserCDPSession();
    await browser?.send("Browser.crashGpuProcess");
    await page.getByText(/it is opened again, and training goes on after epoch/).waitFor();
    await ended(page);
    assert.is(await digest(), undisturbed);
  });
});

test("without WebGPU it says so, and shows a recorded step", async () => {
  const options = { width: 390, height: 800, colorScheme: "dark" } as const;
  await visit(
    site,
    async ({ page }) => {
      await page.getByRole("heading", { name: "No WebGPU here" }).waitFor();
      const inspector = page.frameLocator("iframe.inspector");
      await inspector.getByText("One train step of lenet5").waitFor();
      assert.is(await overflowOf(page), 0);
    },
    options,
  );
});

test("a first page is small, and allows no code from anywhere", () => {
  const first = ["index.html", "page.js", "worker.js"].map((name) => site.files.get(name));
  const packed = first.reduce((sum, file) => sum + gzipSync(file ?? "").length, 0);
  assert.ok(packed < 600_000, `${packed} bytes`);
  const html = Buffer.from(site.files.get("index.html") ?? "").toString();
  assert.match(html, /default-src 'none'.*script-src 'self'/);
  assert.not.match(html, /'unsafe-eval'/);
});

const stepsOf = async (page: Page): Promise<string> =>
  (await page.locator(".bars").textContent()) ?? "";

if (chromium) test.run();
