// The site with a small data set, served for the tests of its page; and what they do with the page.

import { readFile } from "node:fs/promises";
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import * as assert from "uvu/assert";
import { type CleanData, cleanData } from "../../src/data/clean.ts";
import { readUserFiles } from "../../src/data/user-files.ts";
import type { OwnModelConfig } from "../../src/models/models.ts";
import { type SiteServer, serveSite } from "../../src/web/serve-site.ts";
import { type SiteFiles, siteFiles, siteScripts } from "../../src/web/site.ts";
import { findChromium, type OpenedPage, openPage, type PageOptions } from "../page/chromium.ts";
import { lenetDocument } from "../page/inspector-document.ts";
import { smallIdxFolder } from "../support/small-files.ts";

export const chromium = findChromium();
const PORT = 24_000 + (process.pid % 10_000);

export interface ServedSite {
  readonly files: SiteFiles;
  readonly server: SiteServer;
}

export interface SmallSite extends ServedSite {
  /** Its data, for commands. */
  readonly data: string;
}

export async function smallSite(
  data = smallIdxFolder({ train: 200, test: 50 }),
): Promise<SmallSite> {
  const read = await readUserFiles(data, () => undefined);
  return { data, ...(await serveData(cleanData(read))) };
}

export async function serveData(data: CleanData): Promise<ServedSite> {
  const scripts = await siteScripts();
  const files = await siteFiles({ data, recorded: lenetDocument(), scripts });
  return { files, server: await serveSite(files, PORT) };
}

/** Opens the page, and sees that it was a good guest when it is over. */
export async function visit(
  { server, files }: ServedSite,
  work: (opened: OpenedPage) => Promise<void>,
  options: PageOptions = { hasWebGpu: true },
): Promise<void> {
  if (!chromium) return;
  const opened = await openPage(chromium, server.address, options);
  try {
    await work(opened);
    assert.equal(opened.errors, []);
    const own = (address: string): boolean =>
      address.startsWith(server.address) &&
      files.has(new URL(address).pathname.slice(1) || "index.html");
    assert.equal(
      opened.requests.filter((address) => !own(address)),
      [],
    );
  } finally {
    await opened.close();
  }
}

/** As a file that is chosen where data and models are. */
export async function drop(page: Page, name: string, bytes: Uint8Array): Promise<void> {
  const file = { name, mimeType: "application/octet-stream", buffer: Buffer.from(bytes) };
  await page.locator('.drop input[type="file"]').first().setInputFiles(file);
}

/** Of a training that has ended, as its saved run says. */
export async function runOf(page: Page): Promise<SavedRun> {
  const files = unzipSync(await saved(page, "Save the run"));
  const read = (name: string) => {
    const path = Object.keys(files).find((one) => one.endsWith(name)) ?? "";
    return JSON.parse(Buffer.from(files[path] ?? "").toString());
  };
  const { weightsSha256 } = read("metrics.json");
  return { config: read("config.json"), weightsSha256 };
}

export interface SavedRun {
  readonly weightsSha256: string;
  readonly config: { readonly model: OwnModelConfig };
}

/** By the labels of the form. */
export async function fill(page: Page, fields: Readonly<Record<string, string>>): Promise<void> {
  for (const [label, value] of Object.entries(fields)) await page.getByLabel(label).fill(value);
}

/** Trains with a small batch, because this adapter is slow, and waits for the end. */
export async function trainIn(
  page: Page,
  fields: Readonly<Record<string, string>> = {},
): Promise<void> {
  const small = { "batch size": "10", "epochs, at most": "1", "training pictures": "all" };
  await fill(page, { ...small, ...fields });
  await page.getByRole("button", { name: "Train", exact: true }).click();
  await ended(page);
}

export async function ended(page: Page): Promise<void> {
  const complaint = page.locator("#page > .complaint:not(:empty)");
  const end = page.getByText(/^finished: test (accuracy|error)/);
  await end
    .or(complaint.filter({ hasNotText: "goes on" }))
    .first()
    .waitFor({ timeout: 200_000 });
  if (!(await end.isVisible())) throw new Error((await complaint.textContent()) ?? "");
}

/** What a click saves. */
export async function saved(page: Page, button: string): Promise<Buffer> {
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: button }).click();
  return readFile(await (await download).path());
}
