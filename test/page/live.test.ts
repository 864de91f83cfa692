// The page of a run in Chromium, on real trainings: it grows, its buttons act, it outlives the run, and it asks nobody but its host.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Running, startCommand } from "../cli/start-command.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { barriers } from "./access.ts";
import {
  findChromium,
  type OpenedPage,
  openPage,
  overflowOf,
  type PageOptions,
} from "./chromium.ts";

const test = suite("live page");
const chromium = findChromium();
const folder = temporaryFolder();
const data = smallIdxFolder({ train: 1000, test: 20 });
const PORT = String(22_000 + (process.pid % 20_000));
const ADDRESS = /http:\/\/127\.0\.0\.1:\d+\/[\w-]+\//;

interface Watched extends OpenedPage {
  readonly running: Running;
  readonly out: string;
}

/** Opens the page of a command, and sees that it was a good guest when it is over. */
async function watched(
  [command = "train", ...flags]: readonly string[],
  work: (watched: Watched) => Promise<void>,
  options: PageOptions = {},
): Promise<void> {
  if (!chromium) return;
  const out = join(folder, `run-${Math.random().toString(36).slice(2)}`);
  const running = startCommand(command, [
    ...[...flags, "--data", data, "--out", out, "--watch-port", PORT],
  ]);
  assert.ok(await running.prints(ADDRESS), running.stderr());
  const [address = ""] = ADDRESS.exec(running.stdout()) ?? [];
  const opened = await openPage(chromium, address, options);
  try {
    await work({ ...opened, running, out });
    assert.equal(opened.errors, []);
    const own = ["events", "stop", "rate", "measure"].map((path) => address + path);
    assert.equal(
      opened.requests.filter((request) => !own.includes(request)),
      [],
    );
  } finally {
    await opened.close();
    running.child.kill("SIGKILL");
  }
}

const shown = (page: Page, text: RegExp, within = "body") =>
  page.locator(within).getByText(text).first().waitFor({ timeout: 60_000 });

/** The page is drawn once a second, so that short epochs may pass unseen. */
async function passes(page: Page, epoch: number): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    const text = await page.locator(".bar span").first().textContent();
    if (Number(text?.split(" ")[1]) > epoch) return;
    await page.waitForTimeout(100);
  }
  throw new Error(`the page does not come past epoch ${epoch}`);
}

const pointsOf = (page: Page, card: string): Promise<number> =>
  page
    .locator(`.card:has(h2:text-is("${card}")) polyline`)
    .evaluateAll((lines) =>
      lines.reduce((sum, line) => sum + (line.getAttribute("points") ?? "").split(" ").length, 0),
    );

test("curves grow, pictures follow, and all of it outlives the run", async () => {
  const flags = ["train", "--epochs", "12", "--batch-size", "10", "--stats", "40"];
  await watched(flags, async ({ page, running, errors }) => {
    await passes(page, 1);
    const before = await pointsOf(page, "Loss");
    await shown(page, /^finished: test accuracy .* %, saved in/);
    assert.is(await running.ended, 0);
    assert.ok((await pointsOf(page, "Loss")) > before);
    assert.is(await page.locator(".confusion tbody tr").count(), 10);
    assert.ok((await page.locator(".strip.filters canvas").count()) >= 6);
    assert.ok((await page.locator(".strip.maps canvas").count()) >= 12);
    assert.ok(await page.locator(".controls").isHidden());
    // The host is gone; everything goes on to work.
    await page.locator("#epoch-slider").fill("0");
    assert.is(await page.locator(".scrub output").textContent(), "1");
    await page.getByRole("button", { name: "weights" }).click();
    await shown(page, /^conv2d\/kernel$/, ".figures");
    assert.equal(await barriers(page), []);
    // Not hover(), which waits for an element that stays: the chart is drawn anew where the pointer is.
    const drawing = page.locator('.card:has(h2:text-is("Loss")) svg');
    await drawing.scrollIntoViewIfNeeded();
    const chart = await drawing.boundingBox();
    assert.ok(chart);
    await page.mouse.move((chart?.x ?? 0) + 200, (chart?.y ?? 0) + 100);
    await shown(page, /^epoch /, ".legend");
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.equal(errors, [], "it does not look for the host any more");
  });
});

test("a saved page shows the same without the run", async () => {
  const flags = ["train", "--epochs", "2", "--batch-size", "20"];
  await watched(flags, async ({ page }) => {
    await shown(page, /^finished: /);
    const download = page.waitForEvent("download");
    await page.getByRole("button", { name: "Save this page" }).click();
    const file = await (await download).path();
    const html = join(folder, "saved.html");
    const { copyFile } = await import("node:fs/promises");
    await copyFile(file, html);
    const again = await openPage(chromium ?? "", html);
    await shown(again.page, /^finished: /);
    assert.is(await pointsOf(again.page, "Loss"), await pointsOf(page, "Loss"));
    assert.is(await again.page.locator(".confusion tbody tr").count(), 10);
    assert.equal([again.errors, again.requests], [[], []]);
    await again.close();
  });
});

test("stop asks once, then stops as Ctrl-C does", async () => {
  const flags = ["train", "--epochs", "5000", "--patience", "0", "--batch-size", "10"];
  await watched(flags, async ({ page, running, out }) => {
    await passes(page, 1);
    assert.equal(await barriers(page), [], "while it trains");
    await page.locator(".stop").click();
    await shown(page, /^Press again to stop$/);
    await page.locator(".stop").click();
    await shown(page, /^stopped: saved in/);
    assert.is(await running.ended, 130);
    const metrics = JSON.parse(readFileSync(join(out, "metrics.json"), "utf8"));
    assert.is(metrics.ended, "interrupted");
    assert.ok(metrics.epochs >= 1);
  });
});

test("the slider and the field set the learning rate, which the history has", async () => {
  const flags = [
    "train",
    "--epochs",
    "5000",
    "--patience",
    "0",
    "--batch-size",
    "10",
    "--schedule",
    "constant",
  ];
  await watched(flags, async ({ page, running, out, errors }) => {
    await passes(page, 1);
    assert.is(await page.locator("#rate-field").inputValue(), "0.001");
    await page.locator("#rate-slider").fill("-3.3");
    await page.locator("#rate-slider").dispatchEvent("change");
    const asked = await page.locator("#rate-field").inputValue();
    assert.ok(Math.abs(Number(asked) / 10 ** -3.3 - 1) < 0.01, asked);
    await shown(page, new RegExp(`^${asked.replace(".", "\\.")}$`), ".gauges");
    await page.locator("#rate-field").fill("zero");
    await page.locator("#rate-field").blur();
    await shown(page, /must be a number above 0/, ".complaint");
    // The browser tells its console of every answer that is a refusal.
    assert.equal(errors.splice(0).length, 1);
    await page.locator("#rate-field").fill("0.002");
    await page.locator("#rate-field").blur();
    await shown(page, /^0\.002$/, ".gauges");
    assert.is(await page.locator(".complaint").textContent(), "");
    const epoch = Number((await page.locator(".bar span").first().textContent())?.split(" ")[1]);
    await passes(page, epoch + 1);
    assert.ok((await page.locator(".line-chart .mark").count()) >= 2);
    running.child.kill("SIGINT");
    await shown(page, /^stopped: /);
    await running.ended;
    const lines = readFileSync(join(out, "history.csv"), "utf8").trim().split(/\r?\n/);
    assert.is(Number(lines.at(-1)?.split(",").at(-1)), Math.fround(0.002));
    const { training } = JSON.parse(readFileSync(join(out, "config.json"), "utf8"));
    assert.equal(
      training.rateChanges.map(({ to }: { to: number }) => to),
      [Number(asked), 0.002].map(Math.fround),
    );
  });
});

test("time by layer is measured on demand", async () => {
  const flags = ["train", "--epochs", "5000", "--patience", "0", "--batch-size", "10"];
  await watched(flags, async ({ page }) => {
    await passes(page, 1);
    await page.getByRole("button", { name: "Measure" }).click();
    await shown(page, /^after epoch \d+: .* ms a step/);
    await shown(page, /^conv2d_1$/, ".times");
  });
});

for (const [flags, card] of [
  [["train", "--epochs", "2", "--stats", "20"], "Filters and maps"],
  [["tune", "--trials", "2", "--epochs", "1"], "Trials"],
  [["kfold", "--folds", "2", "--epochs", "1"], "Folds"],
] as const) {
  test(`${flags[0]}: nothing sticks out at 390 pixels, in the dark`, async () => {
    await watched(
      flags,
      async ({ page }) => {
        await shown(page, /^finished: /);
        await shown(page, new RegExp(`^${card}$`));
        assert.is(await overflowOf(page), 0);
      },
      { width: 390, colorScheme: "dark" },
    );
  });
}

test.run();
