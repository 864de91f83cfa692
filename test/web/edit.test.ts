// Kernels edited in the page, in a browser with WebGPU: a wrong edit is told at its line, a right one is checked, timed and taken by the
// step that runs, a link keeps an edit, and a restored step is the old one.

import { gzipSync } from "node:zlib";
import type { Page } from "playwright-core";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import solution from "../../docs/learn/solutions/leaky-relu.wgsl";
import adam from "../../src/shaders/adam.wgsl";
import { siteScripts } from "../../src/web/site.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { chromium, smallSite, trainIn, visit } from "./site.ts";

const test = suite("edit in the page");
const WAIT = { timeout: 120_000 };
const LINE = "let m_new = m_old + (g - m_old) * params.one_minus_beta1;";

async function train(page: Page): Promise<void> {
  await page.locator("#to-train").click(WAIT);
  await trainIn(page, { "training pictures": "10", "batch size": "5", "held out": "0" });
}

async function openFile(page: Page, name: string, text: string): Promise<void> {
  const file = { name, mimeType: "text/plain", buffer: Buffer.from(text) };
  await page.locator(".kernels input[type=file]").setInputFiles(file);
}

/** With the line of Adam's kernel replaced. */
async function openAdam(page: Page, line: string): Promise<void> {
  assert.ok(adam.text.includes(LINE));
  await openFile(page, "adam (1).wgsl", adam.text.replace(LINE, line));
  await page.locator(".kernels nav [aria-current]", { hasText: "changed" }).waitFor(WAIT);
}

async function isExercised(page: Page): Promise<void> {
  await page.locator("#to-kernels").click(WAIT);
  await page.getByRole("button", { name: "Leaky ReLU chapter 8" }).click(WAIT);
  assert.match((await page.locator(".task").textContent()) ?? "", "params.slope");
  assert.is(await tried(page), "it is wrong");
  await openFile(page, "exercises-leaky-relu.wgsl", solution.text);
  await page.locator(".outcome").waitFor({ ...WAIT, state: "detached" });
  assert.is(await tried(page), "it holds");
  assert.ok(await page.getByRole("button", { name: "Take into" }).isDisabled());
}

async function tried(page: Page): Promise<string> {
  await page.getByRole("button", { name: "Try", exact: true }).click();
  const outcome = page.locator(".outcome");
  await outcome.waitFor(WAIT);
  return (await outcome.textContent()) ?? "";
}

async function isWrong(page: Page): Promise<void> {
  await openAdam(page, LINE.replace("m_old)", "m_odd)"));
  assert.is(await tried(page), "it does not compile");
  const number = adam.text.split("\n").findIndex((line) => line.includes(LINE)) + 1;
  const [fault = ""] = await page.locator(".faults li").allTextContents();
  assert.match(fault, new RegExp(`^line ${number}:\\d+ .*m_odd`));
  assert.is(await page.locator(".cm-lintRange-error").textContent(), "m_odd");
  assert.is(await page.locator(".cm-lint-marker-error").count(), 1);
  assert.ok(await page.getByRole("button", { name: "Take into" }).isDisabled());
  await openAdam(page, "let m_new = g * params.one_minus_beta1;");
  assert.is(await tried(page), "it is wrong");
  assert.match((await page.locator(".checks tr.bad").first().textContent()) ?? "", /adam\/update/);
  assert.is(await page.locator(".cm-lint-marker-error").count(), 0);
  assert.ok(await page.getByRole("button", { name: "Take into" }).isDisabled());
}

async function isTaken(page: Page): Promise<void> {
  await openAdam(page, LINE.replace(";", ";  // mine"));
  assert.is(await tried(page), "it holds");
  const [, times] = await page.locator(".checks").allTextContents();
  assert.match(times ?? "", /adam\/updateadam, update[\d.]+ [µm]s[\d.]+ [µm]s/);
  await page.getByRole("button", { name: "Take into" }).click();
  const chosen = page.locator(".kernels nav [aria-current]");
  await chosen.filter({ hasText: "in the step" }).waitFor(WAIT);
  await isTold(page);
  await page.getByRole("button", { name: "Keep in the address" }).click();
  await page.waitForURL(/#kernels&file=adam&edit=/, WAIT);
  await page.getByRole("button", { name: "Restore" }).click();
  await chosen.filter({ hasNotText: "in the step" }).waitFor(WAIT);
  assert.is(await chosen.textContent(), "adam");
}

/** Where trainings are started, which it stays for until it is taken out; then it can be taken again. */
async function isTold(page: Page): Promise<void> {
  const note = page.locator(".edited", { hasText: "Every training here computes with your edit" });
  await train(page);
  await note.getByText("of adam, until it is taken out").waitFor(WAIT);
  await note.getByRole("button", { name: "Take it out" }).click();
  await note.waitFor({ ...WAIT, state: "detached" });
  await page.locator("#to-kernels").click();
  const chosen = page.locator(".kernels nav [aria-current]");
  await chosen.filter({ hasText: "changed" }).waitFor(WAIT);
  await page.getByRole("button", { name: "Take into" }).click();
  await chosen.filter({ hasText: "in the step" }).waitFor(WAIT);
  await page.locator("#to-train").click();
  await note.getByRole("link", { name: "Look at it" }).click();
  await chosen.filter({ hasText: "in the step" }).waitFor(WAIT);
}

async function isKept(page: Page): Promise<void> {
  const address = page.url();
  await page.goto("about:blank");
  await page.goto(address);
  // Before anything is trained, only rungs can be edited.
  const complaint = page.locator("#page > .complaint", { hasText: "an edit of adam" });
  await complaint.waitFor(WAIT);
  await train(page);
  await page.locator("#to-kernels").click();
  await page.locator(".kernels nav [aria-current]", { hasText: "changed" }).waitFor(WAIT);
  assert.match((await page.locator(".kernels nav [aria-current]").textContent()) ?? "", /^adam/);
}

if (chromium) {
  test("a wrong edit is told at its line, a right one is taken, restored and kept by a link", async () => {
    const site = await smallSite(smallIdxFolder({ train: 20, test: 10 }));
    try {
      await visit(site, async ({ page }) => {
        await isExercised(page);
        await train(page);
        await page.locator("#to-kernels").click();
        await page.getByRole("button", { name: "adam", exact: true }).click();
        await isWrong(page);
        await isTaken(page);
        await isKept(page);
      });
    } finally {
      await site.server.close();
    }
  });
}

test("the page with its editor stays small", async () => {
  const { page, worker } = await siteScripts();
  const bytes = gzipSync(page).length + gzipSync(worker).length;
  assert.ok(bytes < 600_000, `${bytes} bytes`);
});

test.run();
