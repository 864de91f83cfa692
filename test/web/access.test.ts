// Every room of the page is read and used by everybody: WCAG 2.1 AA by axe-core, in light and dark, with what a training, a try and a
// picture leave there.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { PNG } from "pngjs";
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
import { barriers } from "../page/access.ts";
import { openPage, overflowOf } from "../page/chromium.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { chromium, drop, type SmallSite, smallSite, trainIn, visit } from "./site.ts";

const test = suite("access to the page");
const WAIT = { timeout: 120_000 };
const FILE = join(temporaryFolder(), "tiny.keras");
let site: SmallSite;

const tiny = sequential(
  "tiny",
  [28, 28, 1],
  [averagePooling2d({ poolSize: 7 }), flatten(), dense({ units: 3, activation: "softmax" })],
);

test.before(async () => {
  site = await smallSite(smallIdxFolder({ train: 40, test: 20 }));
  await writeKerasArchive(FILE, exportedModel(tiny), seededWeights(tiny, 1));
});
test.after(() => site.server.close());

const ROOMS: Readonly<Record<string, (page: Page) => Promise<void>>> = {
  train: async (page) => {
    await drop(page, "tiny.keras", readFileSync(FILE));
    await page.getByText("So it gets a new last layer").waitFor();
    await trainIn(page, { "held out": "0.5", "epochs, at most": "3" });
  },
  inside: async (page) => {
    // What comes into the frame then, the page without WebGPU has as well.
    await page.getByText("Runs the step once more").waitFor(WAIT);
  },
  kernels: async (page) => {
    await page.getByRole("button", { name: "Try", exact: true }).click();
    await page.locator(".outcome").waitFor(WAIT);
  },
  try: async (page) => {
    const picture = new PNG({ width: 28, height: 28 });
    picture.data.fill(255, 1000, 2000);
    for (let at = 3; at < picture.data.length; at += 4) picture.data[at] = 255;
    const buffer = PNG.sync.write(picture);
    const input = page.locator('.try input[type="file"]').first();
    await input.setInputFiles({ name: "it.png", mimeType: "image/png", buffer });
    await page.locator(".verdict").waitFor(WAIT);
  },
  measure: async (page) => {
    await page.getByLabel("only what has this in its name").fill("nothing");
    await page.getByRole("button", { name: "Measure" }).click();
    await page.getByText("measure: must be part of a name, got nothing").waitFor(WAIT);
  },
};

test("what is faint is found, in either scheme", async () => {
  const path = join(temporaryFolder(), "faint.html");
  const style =
    "<style>body{background:#fff}@media (prefers-color-scheme:dark){p{color:#aaa}}</style>";
  const parts = [
    '<p>words of a paragraph</p><input aria-label="a" style="border:1px solid #ddd">',
    '<input aria-label="b" style="border:1px solid #777"><table><tr><td style="color:#aaa">7</td></tr></table>',
    '<svg width="90" height="20"><text y="15" style="fill:#999">tick</text><text x="40" y="15">ink</text></svg>',
  ];
  const head = '<!doctype html><html lang="en"><title>faint</title>';
  writeFileSync(path, `${head}${style}<main>${parts.join("")}</main></html>`);
  const { page, close } = await openPage(chromium ?? "", path);
  const found = await barriers(page);
  await close();
  const kinds = found.map((line) => line.split(/ (?=<)/)[0]);
  const both = ["text:", "text:", "edge of a field:"];
  assert.equal(kinds, [
    ...both.map((kind) => `light: ${kind}`),
    ...["color-contrast:", ...both].map((kind) => `dark: ${kind}`),
  ]);
});

test("nothing in any room is in anybody's way, in light and in dark, and a telephone has room for it", async () => {
  await visit(site, async ({ page }) => {
    for (const [name, fill] of Object.entries(ROOMS)) {
      await page.locator(`#to-${name}`).click();
      await fill(page);
      assert.equal(await barriers(page), [], name);
      const { width = 0, height = 0 } = page.viewportSize() ?? {};
      await page.setViewportSize({ width: 390, height: 800 });
      assert.is(await overflowOf(page), 0, `${name} on a telephone`);
      await page.setViewportSize({ width, height });
    }
  });
});

test("nor in the page without WebGPU, whatever of the recorded step is seen", async () => {
  await visit(
    site,
    async ({ page }) => {
      await page.getByRole("heading", { name: "No WebGPU here" }).waitFor();
      const inspector = page.frameLocator("iframe.inspector");
      await inspector.getByText("One train step of lenet5").waitFor();
      for (const tab of await inspector.getByRole("tab").all()) {
        await tab.click();
        assert.equal(await barriers(page), [], (await tab.textContent()) ?? "");
        // Of the dispatch that is chosen, once is enough.
        const close = inspector.getByRole("button", { name: "close (Escape)" });
        if (await close.isVisible()) await close.click();
      }
    },
    {},
  );
});

if (chromium) test.run();
