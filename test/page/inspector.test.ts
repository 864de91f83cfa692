// The inspector's page in a real browser: clicks, keys, the way back, pictures; no error, no request; narrow screens; large steps.

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

browserTest(
  "a click on a gradient shows its kernel, tensors, time, dot, rungs and error",
  async () => {
    const path = await written("click", await inspected());
    await onPage(path, async ({ page }) => {
      const block = page.locator(".dispatch.backward", { hasText: "dw" }).first();
      await block.click();
      const detail = page.locator("aside");
      for (const title of [
        "Time",
        "Right or wrong",
        "Reads",
        "Writes",
        "Rungs of the ladder",
        "WGSL",
      ]) {
        assert.is(await detail.locator("h3", { hasText: title }).count(), 1, title);
      }
      assert.match((await detail.locator(".timing").textContent()) ?? "", /\d (ms|µs)/);
      assert.is(await detail.locator(".dot.selected").count(), 1);
      assert.match(
        (await detail.locator("table").first().textContent()) ?? "",
        /naive rung[\s\S]*within/,
      );
      assert.ok((await detail.locator(".rung").count()) >= 4);
      assert.ok((await detail.locator(".line.dim").count()) > 0);
      assert.match((await detail.locator(".code").first().textContent()) ?? "", /@compute/);
      await detail.getByRole("button", { name: "as compiled" }).click();
      assert.is(await detail.locator(".line.dim").count(), 0);
      const colours = await detail
        .locator("canvas")
        .first()
        .evaluate((canvas) => {
          const own = canvas as HTMLCanvasElement;
          const { data } = own.getContext("2d")?.getImageData(0, 0, own.width, own.height) ?? {};
          return new Set(new Uint32Array(data?.buffer ?? new ArrayBuffer(0))).size;
        });
      assert.ok(colours > 2, `${colours} colours`);
    });
  },
);

browserTest("keys walk, search, switch views and close; back goes back", async () => {
  const path = await written("keys", await inspected());
  await onPage(path, async ({ page }) => {
    const title = async () => (await page.locator("aside .pass").textContent()) ?? "";
    await page.locator(".dispatch").first().click();
    assert.match(await title(), /^#0 /);
    await page.keyboard.press("ArrowDown");
    assert.match(await title(), /^#1 /);
    await page.goBack();
    assert.match(await title(), /^#0 /);
    const gradient = page.locator(".dispatch.backward").first();
    await gradient.click();
    const before = await title();
    await page.keyboard.press("ArrowLeft");
    assert.match(await title(), /forward pass/);
    assert.is.not(await title(), before);
    await page.keyboard.press("/");
    await page.waitForFunction("document.activeElement.id === 'search'");
    await page.keyboard.type("dense_1");
    assert.is(await page.locator(".group:visible").count(), 1);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Escape");
    assert.is(await page.locator("aside .pass").count(), 0);
    for (const [key, selector] of [
      ["2", ".timeline .block"],
      ["3", ".memory .life"],
      ["4", ".roofline .dot"],
      ["5", ".ladder .rung"],
      ["6", ".journey canvas"],
    ] as const) {
      await page.keyboard.press(key);
      await page.locator(`main ${selector}`).nth(3).waitFor({ state: "attached" });
    }
    await page.locator(".thumb").nth(1).click();
    assert.match(
      (await page.locator(".journey figcaption").first().textContent()) ?? "",
      /test row 0/,
    );
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
          "images",
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
    const document = deepened(await inspected(), 14);
    assert.ok(document.dispatches.length > 500);
    const path = await written("deep", document);
    await onPage(path, async ({ page }) => {
      const opened: number = await page.evaluate(
        "performance.getEntriesByType('navigation')[0].domComplete",
      );
      assert.ok(opened < 2000, `${opened} ms`);
      assert.is(await page.locator(".dispatch").count(), document.dispatches.length);
      const took: number = await page.evaluate(`(() => {
      const start = performance.now();
      document.querySelectorAll(".dispatch")[400].click();
      document.querySelector("aside").getBoundingClientRect();
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
