// The inspector's page in a real browser: what is clicked, what it then shows against the document, and that it shows it at any width.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { InspectorDocument } from "../../src/inspect/inspector/inspector-document.ts";
import { inspectorHtml } from "../../src/page/inspector/inspector-page.ts";
import { VIEWS } from "../../src/page/inspector/place.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import {
  findChromium,
  type OpenedPage,
  openPage,
  overflowOf,
  type PageOptions,
} from "./chromium.ts";
import { lenetDocument, repeated } from "./inspector-document.ts";

const test = suite("inspector page");
const folder = temporaryFolder();
const lenet = lenetDocument();
const chromium = findChromium();
let file = "";

test.before(async () => {
  file = await written(lenet, "lenet5");
});

async function written(document: InspectorDocument, name: string): Promise<string> {
  const path = join(folder, `${name}.html`);
  writeFileSync(path, await inspectorHtml(document));
  return path;
}

/** Opens, looks, and holds the page to having made no noise. */
async function looking(
  look: (page: Page) => Promise<void>,
  options: PageOptions & { readonly target?: string } = {},
): Promise<void> {
  if (chromium === null) return;
  const opened: OpenedPage = await openPage(chromium, options.target ?? file, options);
  try {
    await opened.page.waitForSelector(".picture");
    await look(opened.page);
    assert.equal(opened.errors, []);
    assert.equal(opened.requests, []);
  } finally {
    await opened.close();
  }
}

async function textOf(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).textContent()) ?? "";
}

function hashOf(page: Page): string {
  return new URL(page.url()).hash;
}

function dispatchOf(id: number) {
  const facts = lenet.profile.dispatches.find((one) => one.id === id);
  const view = lenet.dispatches.find((one) => one.id === id);
  if (!facts || !view) throw new Error(`no dispatch ${id}`);
  return { facts, view, kernel: lenet.kernels[view.kernel] };
}

async function view(page: Page, name: string): Promise<void> {
  await page.click(`#tab-${name}`);
  await page.waitForSelector(`.${name}-view`);
}

/** Of each canvas: how many colours it has. */
function coloursOf(page: Page, selector: string): Promise<number[]> {
  return page.$$eval(`${selector} canvas`, (canvases) =>
    canvases.map((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const data = (canvas as HTMLCanvasElement)
        .getContext("2d")
        ?.getImageData(0, 0, width, height).data;
      return new Set(new Uint32Array(data?.buffer ?? new ArrayBuffer(0))).size;
    }),
  );
}

test("begins with the heaviest gradient of filters, and a block for every dispatch", () =>
  looking(async (page) => {
    const gradients = lenet.profile.dispatches.filter(
      (one) => one.solution?.ladder === "conv2d.dw",
    );
    const [heaviest] = gradients.sort((a, b) => b.ms.median - a.ms.median);
    assert.is(await page.getAttribute(".block.chosen", "data-id"), String(heaviest?.id));
    assert.is(await page.locator(".block").count(), lenet.profile.dispatches.length);
    const head = await textOf(page, ".page-head");
    assert.match(head, lenet.profile.adapter);
    assert.match(head, `${lenet.profile.dispatches.length} dispatches`);
    assert.match(head, `${lenet.dropped.length} left out`);
    assert.is(head.includes("machine was busy"), lenet.profile.isBusy);
  }));

test("a click shows the dispatch: kernel, rungs, figures, bindings, neighbours", () =>
  looking(async (page) => {
    const { facts, view: own } = dispatchOf(28);
    await page.click('.block[data-id="28"]');
    assert.is(hashOf(page), "#step/28");
    const detail = await textOf(page, "#detail");
    assert.match(detail, facts.kernel);
    assert.match(detail, "∂loss/∂x");
    assert.match(detail, `${facts.gflops.toFixed(1)} GFLOPS`);
    assert.match(detail, facts.grid.join(" × "));
    const solution = lenet.solutions[own.solution ?? -1];
    assert.is(await page.locator("#section-ladder .rung").count(), solution?.rungs.length);
    assert.match(await textOf(page, "#section-ladder .rung.taken"), facts.solution?.rung ?? "none");
    const rows = await page.locator("#section-launch tbody tr").allInnerTexts();
    assert.is(rows.length, Object.keys(facts.bindings).length);
    for (const [name, bound] of Object.entries(facts.bindings)) {
      assert.ok(
        rows.some((row) => row.includes(name) && row.includes(bound.tensor)),
        name,
      );
    }
    assert.is(await page.locator("#section-errors article").count(), own.errors.length);
    const links = await page.locator("#section-flow .dispatch-link").count();
    assert.is(links, own.producers.length + own.consumers.length);
    assert.is(await page.locator(".links path").count(), links);
    assert.is(await page.locator("#section-roofline .dot.chosen").count(), 1);
    const { site } = facts;
    assert.match(await textOf(page, "#section-source .note"), site ?? "none");
  }));

test("WGSL as written, with the lines that are left out dimmed, and as compiled", () =>
  looking(async (page) => {
    await page.click('.block[data-id="28"]');
    const { kernel } = dispatchOf(28);
    const out = kernel?.written.filter(({ isCompiled }) => !isCompiled).length;
    assert.ok(out !== undefined && out > 0);
    assert.is(await page.locator("#section-code .line").count(), kernel?.written.length);
    assert.is(await page.locator("#section-code .line.left-out").count(), out);
    const lit = await page.locator("#section-code .line .text").allTextContents();
    assert.equal(
      lit,
      kernel?.written.map(({ text }) => text),
    );
    const form = (name: string) => page.click(`#section-code button:text-is("${name}")`);
    await form("only what is left in");
    assert.is(
      await page.locator("#section-code .line").count(),
      (kernel?.written.length ?? 0) - out,
    );
    await form("as compiled");
    const compiled = await page.locator("#section-code .line .text").allTextContents();
    assert.is(compiled.join("\n"), kernel?.compiled);
    assert.is(await page.locator("#section-code .line.entry").count(), 1);
  }));

test("inputs and outputs are drawn, and lead to who sets and reads them", () =>
  looking(async (page) => {
    await page.click('.block[data-id="30"]');
    const colours = await coloursOf(page, "#section-outputs");
    assert.ok(colours.length > 1);
    assert.ok(
      colours.every((count) => count > 4),
      String(colours),
    );
    assert.ok((await page.locator("#section-outputs .histogram rect").count()) > 10);
    const tensor = lenet.tensors[dispatchOf(30).view.bindings["dw"] ?? -1];
    const readers = tensor?.readers ?? [];
    const reader = readers.find((id) => id !== 30);
    await page.click(`#section-outputs .dispatch-link:has-text("#${reader}")`);
    assert.is(hashOf(page), `#step/${reader}`);
  }));

test("back and forward walk through what was looked at; a link opens where it was taken", () =>
  looking(async (page) => {
    await page.click('.block[data-id="8"]');
    await page.click('.block[data-id="22"]');
    await view(page, "memory");
    await page.goBack();
    assert.is(hashOf(page), "#step/22");
    await page.goBack();
    assert.is(await page.getAttribute(".block.chosen", "data-id"), "8");
    await page.goForward();
    assert.match(await textOf(page, ".detail-head"), "#22");
  }));

test("a link that names a dispatch and a view opens there, and one that names none of ours at none", async () => {
  await looking(
    async (page) => {
      await page.goto(`${page.url().split("#")[0]}#memory/29`);
      await page.reload();
      await page.waitForSelector(".memory-view");
      assert.match(await textOf(page, ".detail-head"), "#29");
    },
    { target: file },
  );
  await looking(async (page) => {
    await page.goto(`${page.url().split("#")[0]}#step/9999`);
    assert.is(await page.locator(".block.chosen").count(), 0);
    assert.match(await textOf(page, "#detail"), "Start with");
  });
});

test("the keyboard: arrows, search, Escape, figures, question mark", () =>
  looking(async (page) => {
    await page.click('.block[data-id="6"]');
    await page.keyboard.press("ArrowDown");
    assert.is(hashOf(page), "#step/7");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowRight");
    const across = Number(hashOf(page).split("/")[1]);
    assert.is(dispatchOf(across).facts.forwardOf, 6);
    await page.keyboard.press("ArrowLeft");
    assert.is(hashOf(page), "#step/6");
    await page.keyboard.press("/");
    await page.keyboard.type("conv2d_1 dw");
    const wanted = await page.locator(".block:not(.dimmed)").count();
    assert.ok(wanted > 0 && wanted < lenet.profile.dispatches.length);
    assert.match(await textOf(page, ".found"), `${wanted} of`);
    await page.keyboard.press("Enter");
    assert.ok(Number(hashOf(page).split("/")[1]) > 6);
    await page.keyboard.press("Escape");
    assert.is(await page.locator(".block.dimmed").count(), 0);
    await page.keyboard.press("Escape");
    assert.is(hashOf(page), "#step");
    await page.keyboard.press("3");
    assert.is(hashOf(page), "#memory");
    await page.keyboard.press("?");
    assert.ok(await page.locator("dialog.help").isVisible());
    await page.keyboard.press("Escape");
    assert.not.ok(await page.locator("dialog.help").isVisible());
  }));

test("every view shows what the document has", () =>
  looking(async (page) => {
    const { profile } = lenet;
    await view(page, "timeline");
    assert.is(await page.locator("button.time-bar").count(), profile.dispatches.length);
    await view(page, "memory");
    const inSlots = lenet.memory.filter(({ slot }) => slot !== null).length;
    assert.is(await page.locator(".life").count(), inSlots);
    assert.match(await textOf(page, ".peak"), `#${profile.memory.peak.dispatch}`);
    await page.click('.life[title^="conv2d.y,"]');
    assert.match(await textOf(page, ".life-card"), "conv2d.y");
    assert.ok((await coloursOf(page, ".life-card")).every((count) => count > 4));
    await view(page, "roofline");
    const computing = profile.dispatches.filter(({ gflops, gbs }) => gflops > 0 && gbs > 0).length;
    assert.is(await page.locator(".roofline-view .dot").count(), computing);
    await page.locator('.roofline-view .dot[data-id="8"]').dispatchEvent("click");
    assert.is(hashOf(page), "#roofline/8");
    await view(page, "ladders");
    assert.is(await page.locator(".ladder-card").count(), lenet.solutions.length);
    await view(page, "image");
    assert.is(await page.locator(".pick").count(), lenet.journeys.length);
    await page.locator(".pick").nth(1).click();
    const journey = lenet.journeys[1];
    assert.match(await textOf(page, ".journey"), `Test row ${journey?.row}: ${journey?.trueClass}`);
    assert.is(await page.locator(".station").count(), journey?.steps.length);
    assert.ok((await coloursOf(page, ".overlay")).every((count) => count > 20));
  }));

test("switches of width and colour", () =>
  looking(async (page) => {
    const widths = () => page.$$eval(".block", (all) => all.map((one) => one.clientWidth));
    const byTime = await widths();
    await page.click('.step-view button:text-is("FLOPs")');
    const byFlops = await widths();
    assert.not.equal(byFlops, byTime);
    await page.click('.step-view button:text-is("rung")');
    assert.match(await textOf(page, ".legend"), "one way only");
  }));

for (const [width, height] of [
  [1280, 860],
  [900, 700],
  [640, 900],
  [390, 844],
] as const) {
  test(`at ${width} pixels nothing lies over anything or out of the page`, () =>
    looking(
      async (page) => {
        const clashes = await page.$$eval(".row .block, .row > .layer", (all) => {
          const boxes = all.map((one) => one.getBoundingClientRect());
          return boxes.flatMap((a, i) =>
            boxes
              .slice(i + 1)
              .filter(
                (b) =>
                  a.left < b.right - 1 &&
                  b.left < a.right - 1 &&
                  a.top < b.bottom - 1 &&
                  b.top < a.bottom - 1,
              ),
          ).length;
        });
        assert.is(clashes, 0);
        for (const name of VIEWS) {
          await view(page, name);
          assert.is(await overflowOf(page), 0, name);
        }
        await view(page, "step");
        await page.click('.block[data-id="29"]');
        assert.is(await overflowOf(page), 0, "detail");
        const wide = await page.$eval("#detail", (panel) => panel.scrollWidth - panel.clientWidth);
        assert.is(wide, 0, "detail");
      },
      { width, height },
    ));
}

test("on a narrow screen details are a sheet that closes", () =>
  looking(
    async (page) => {
      assert.not.ok(await page.locator("#detail").isVisible());
      await page.click('.block[data-id="29"]');
      const box = await page.locator("#detail").boundingBox();
      assert.equal(box, { x: 0, y: 0, width: 390, height: 844 });
      await page.click(".detail .close");
      assert.not.ok(await page.locator("#detail").isVisible());
    },
    { width: 390, height: 844 },
  ));

test("dark where the reader's system is", () =>
  looking(
    async (page) => {
      const paper = await page.$eval("body", (body) => getComputedStyle(body).backgroundColor);
      assert.is(paper, "rgb(18, 22, 27)");
    },
    { colorScheme: "dark" },
  ));

test("500 dispatches open within two seconds, in groups that open", async () => {
  if (chromium === null) return;
  const large = repeated(lenet, 14);
  assert.ok(large.dispatches.length > 500);
  const target = await written(large, "large");
  let [best, tries] = [Number.POSITIVE_INFINITY, 0];
  // Whatever else the machine does is not the page's: the best of three counts.
  while (tries++ < 3 && best > 2000) {
    await looking(
      async (page) => {
        best = Math.min(best, await page.evaluate(() => performance.now()));
        assert.is(await page.locator(".block").count(), large.dispatches.length);
        const hidden = page.locator(".group-rows[hidden]");
        assert.ok((await hidden.count()) > 10);
        const before = await page.evaluate(() => performance.now());
        await page.click(".row.group >> nth=2");
        await page.locator(".block:visible").last().click();
        assert.ok((await page.evaluate(() => performance.now())) - before < 2000);
      },
      { target },
    );
  }
  assert.ok(best < 2000, `${best} ms`);
});

test("names are text, whatever they look like", async () => {
  const odd = "</script><img src=x onerror=boom>";
  const layers = lenet.layers.map((layer, index) =>
    index === 0 ? { ...layer, name: odd } : layer,
  );
  const target = await written({ ...lenet, source: odd, layers }, "odd");
  await looking(
    async (page) => {
      assert.is(await page.locator("img").count(), 0);
      assert.match(await textOf(page, ".page-head"), odd);
      assert.match(await textOf(page, ".picture"), odd);
    },
    { target },
  );
});

test("a document with next to nothing in it still opens", async () => {
  const dispatches = lenet.dispatches.map((one) => ({ ...one, errors: [], solution: null }));
  const bare = { ...lenet, dispatches, journeys: [], solutions: [], sites: [], dropped: [] };
  const tensors = lenet.tensors.map((one) => ({ ...one, values: null }));
  await looking(
    async (page) => {
      for (const name of VIEWS) await view(page, name);
      await view(page, "step");
      await page.click('.block[data-id="29"]');
      assert.match(await textOf(page, "#section-errors"), "Nothing was checked");
    },
    { target: await written({ ...bare, tensors }, "bare") },
  );
});

test.run();
