// The inspector's page on a document that the host gathers here: clicks, keys, the way back, pictures; no error, no request; narrow
// screens; large steps.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { InspectorDocument } from "../../src/inspect/inspector/inspector-document.ts";
import { inspectorHtml } from "../../src/page/inspector/inspector-page.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { inspected } from "../support/inspected.ts";
import {
  findChromium,
  type OpenedPage,
  openPage,
  overflowOf,
  type PageOptions,
} from "./chromium.ts";

const test = suite("inspector page");
const folder = temporaryFolder();
const chromium = findChromium();

async function written(name: string, document: InspectorDocument): Promise<string> {
  const path = join(folder, `${name}.html`);
  writeFileSync(path, await inspectorHtml(document));
  return path;
}

/** Runs a check on the page; afterwards nothing must have gone wrong on it. */
async function onPage(
  path: string,
  check: (opened: OpenedPage) => Promise<void>,
  options: PageOptions = {},
): Promise<void> {
  const opened = await openPage(chromium ?? "", path, options);
  try {
    await check(opened);
    assert.equal(opened.errors, []);
    assert.equal(opened.requests, []);
  } finally {
    await opened.close();
  }
}

const browserTest = chromium === null ? test.skip : test;

/** The first dispatch that works at the gradient of a convolution's kernel. */
async function gradientOfKernel(): Promise<number> {
  const { profile } = await inspected();
  const found = profile.dispatches.find(({ solution }) => solution?.ladder === "conv2d.dw");
  assert.ok(found);
  return found.id;
}

const blockOf = (id: number) => `.step-view button[data-id="${id}"]`;

browserTest("a click on a gradient shows kernel, tensors, time, dot, rungs and error", async () => {
  const path = await written("click", await inspected());
  const id = await gradientOfKernel();
  await onPage(path, async ({ page }) => {
    await page.locator(blockOf(id)).click();
    const detail = page.locator("#detail");
    await detail.locator(".name p", { hasText: `#${id} ` }).waitFor();
    const text = (await detail.textContent()) ?? "";
    for (const part of ["conv2d.dw", "naive", "GFLOPS", "@compute", "lenet5.ts"]) {
      assert.ok(text.includes(part), part);
    }
    assert.match(text, /\d (ms|µs)/);
    assert.is(await detail.locator(".dot.chosen").count(), 1);
    const colours = await detail.locator("canvas").evaluateAll((canvases) => {
      return (canvases as HTMLCanvasElement[]).map((own) => {
        const { data } = own.getContext("2d")?.getImageData(0, 0, own.width, own.height) ?? {};
        return new Set(new Uint32Array(data?.buffer ?? new ArrayBuffer(0))).size;
      });
    });
    assert.ok(colours.length > 3 && Math.max(...colours) > 2, colours.join(" "));
  });
});

browserTest("keys walk, search, switch views and close; back goes back", async () => {
  const path = await written("keys", await inspected());
  const id = await gradientOfKernel();
  await onPage(path, async ({ page }) => {
    const at = (number: number) =>
      page.locator("#detail .name p", { hasText: `#${number} ` }).waitFor();
    await page.locator(blockOf(0)).click();
    await at(0);
    await page.locator(blockOf(id)).click();
    await at(id);
    await page.goBack();
    await at(0);
    await page.keyboard.press("ArrowDown");
    await at(1);
    await page.locator(blockOf(id)).click();
    await at(id);
    await page.keyboard.press("ArrowLeft");
    await page.locator("#detail .name p", { hasText: "forward" }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("dense_1");
    await page.locator(`${blockOf(id)}.dimmed`).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    await page.locator("#detail .nothing").waitFor({ state: "attached" });
    for (const [key, selector] of [
      ["2", ".timeline-view .time-bar"],
      ["3", ".memory-view .life"],
      ["4", ".roofline-view .dot"],
      ["5", ".ladders-view .rungs"],
      ["6", ".image-view canvas"],
    ] as const) {
      await page.keyboard.press(key);
      await page.locator(selector).nth(3).waitFor({ state: "attached" });
    }
  });
});

for (const colorScheme of ["light", "dark"] as const) {
  browserTest(`390 px, ${colorScheme}: nothing is wider than the screen`, async () => {
    const path = await written(colorScheme, await inspected());
    const look = { width: 390, height: 844, colorScheme };
    await onPage(
      path,
      async ({ page }) => {
        for (const hash of [
          "step",
          "step/5",
          "timeline",
          "memory",
          "roofline",
          "ladders",
          "image",
        ]) {
          await page.evaluate((to) => {
            location.hash = to;
          }, hash);
          await page.waitForTimeout(50);
          assert.is(await overflowOf(page), 0, hash);
        }
      },
      look,
    );
  });
}

/** The same step many times over, as deep as ResNet152V2. */
function deepened(document: InspectorDocument, times: number): InspectorDocument {
  const { profile, dispatches } = document;
  const size = Math.max(...dispatches.map(({ id }) => id)) + 1;
  const copies = Array.from({ length: times }, (_, copy) => copy);
  const again = <Item extends { readonly id: number }>(items: readonly Item[]): Item[] =>
    copies.flatMap((copy) => items.map((item) => ({ ...item, id: item.id + copy * size })));
  const named = copies.flatMap((copy) =>
    profile.dispatches.map((one) => ({
      ...{ ...one, id: one.id + copy * size },
      layer: one.layer && `${one.layer}_${copy}`,
    })),
  );
  const layers = copies.flatMap((copy) =>
    document.layers.map((layer) => ({ ...layer, name: `${layer.name}_${copy}` })),
  );
  return {
    ...document,
    layers,
    dispatches: again(dispatches),
    profile: { ...profile, dispatches: named },
  };
}

browserTest(
  "500 dispatches open in less than two seconds, and a click answers at once",
  async () => {
    const document = deepened(await inspected(), 27);
    assert.ok(document.dispatches.length > 500);
    const path = await written("deep", document);
    await onPage(path, async ({ page }) => {
      const opened: number = await page.evaluate(
        "performance.getEntriesByType('navigation')[0].domComplete",
      );
      assert.ok(opened < 2000, `${opened} ms`);
      assert.is(
        await page.locator(".step-view button[data-id]").count(),
        document.dispatches.length,
      );
      const took: number = await page.evaluate(`(() => {
      const start = performance.now();
      document.querySelectorAll(".step-view button[data-id]")[400].click();
      document.querySelector("#detail").getBoundingClientRect();
      return performance.now() - start;
    })()`);
      assert.ok(took < 500, `${took} ms`);
    });
  },
);

test("the page forbids itself to fetch anything", async () => {
  const html = await inspectorHtml(await inspected());
  assert.match(html, /Content-Security-Policy" content="default-src 'none'/);
  assert.not.match(html, /<script src|<link rel="stylesheet"/);
});

test.run();
