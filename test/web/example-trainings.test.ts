// Networks of the examples beside the chain of layers, trained in Chromium as far as a few steps go: one with branches, and one that gives
// pictures, with what the rooms show of it, saved and opened again.

import type { Page } from "playwright-core";
import { PNG } from "pngjs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { barriers } from "../page/access.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { chromium, drop, runOf, type SmallSite, saved, smallSite, trainIn, visit } from "./site.ts";

const test = suite("trainings of examples in the page");
const WAIT = { timeout: 120_000 };
const FEW = { "training pictures": "20", "held out": "0.5" };
let site: SmallSite;

test.before(async () => {
  site = await smallSite(smallIdxFolder({ train: 40, test: 20 }));
});
test.after(() => site.server.close());

async function givesPictures(page: Page): Promise<Buffer> {
  await page.getByLabel("model").selectOption("examples/autoencoder");
  await trainIn(page, { ...FEW, "epochs, at most": "2" });
  await page.getByText(/^finished: test error [\d.]+ % of a pixel's range/).waitFor();
  const { config } = await runOf(page);
  assert.equal(config.model.predicts, "picture");
  await page.locator(".given figure").first().waitFor();
  assert.is(await page.locator(".given figure").count(), 10);
  assert.is(await page.getByRole("heading", { name: "Loss", exact: true }).isVisible(), true);
  for (const name of ["Accuracy", "Confusion", "Surest mistakes"]) {
    assert.not(await page.getByRole("heading", { name, exact: true }).isVisible(), name);
  }
  assert.equal(await barriers(page), []);
  return saved(page, "Save the run");
}

async function triesIt(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Try it" }).click();
  const picture = new PNG({ width: 28, height: 28 });
  picture.data.fill(255, 1000, 2000);
  for (let at = 3; at < picture.data.length; at += 4) picture.data[at] = 255;
  const buffer = PNG.sync.write(picture);
  const input = page.locator('.try input[type="file"]').first();
  await input.setInputFiles({ name: "it.png", mimeType: "image/png", buffer });
  await page.getByText(/^given back with a loss of [\d.]+$/).waitFor(WAIT);
  await page.getByRole("img", { name: "the picture that the network gives" }).waitFor();
}

async function looksInside(page: Page): Promise<void> {
  await page.getByRole("link", { name: "Look inside" }).click();
  await page.getByLabel("step").selectOption("predict");
  await page.getByLabel("batch size").fill("2");
  await page.getByRole("button", { name: "Look inside" }).click();
  const inspector = page.frameLocator("iframe.inspector");
  await inspector.getByText("One predict step of autoencoder").waitFor(WAIT);
  await inspector.getByRole("tab", { name: "Image", exact: true }).click();
  await inspector.getByRole("heading", { name: "The picture that it gives" }).waitFor();
}

/** Its own kernels are among those that can be edited, and the run is one of the engine's. */
async function hasOwnKernels(page: Page): Promise<void> {
  await page.getByLabel("model").selectOption("examples/fused-op");
  await trainIn(page, FEW);
  assert.is((await runOf(page)).config.model.predicts, undefined);
  await page.getByRole("link", { name: "Kernels" }).click();
  await page
    .getByText(/models\/scaled-relu/)
    .first()
    .waitFor(WAIT);
  await page.getByRole("link", { name: "Train", exact: true }).click();
}

test("a network with branches trains, and one that gives pictures is trained, tried, saved and opened again", async () => {
  await visit(site, async ({ page }) => {
    await page.getByLabel("model").selectOption("examples/residual");
    await trainIn(page, FEW);
    await hasOwnKernels(page);
    const zip = await givesPictures(page);
    await triesIt(page);
    await looksInside(page);
    await page.getByRole("link", { name: "Train", exact: true }).click();
    await drop(page, "run.zip", zip);
    await page.getByText(/run\.zip, [\d,]+ parameters.* · it can be tried/).waitFor(WAIT);
    assert.is(await page.getByLabel("last layer").inputValue(), "the file's");
    await triesIt(page);
  });
});

if (chromium) test.run();
