// The site with a small data set, served to this machine, for tests that drive it in a browser with WebGPU.

import { type Browser, chromium, type Page } from "playwright-core";
import { cleanData } from "../../src/data/clean.ts";
import type { InspectorDocument } from "../../src/inspect/inspector/inspector-document.ts";
import { serveSite } from "../../src/web/serve-site.ts";
import { siteFiles, siteScripts } from "../../src/web/site.ts";
import { smallDataset } from "../support/small-data.ts";

export interface OpenedSite {
  readonly page: Page;
  readonly address: string;
  /** Of the console, and exceptions that nobody caught. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

/** SwiftShader stands in for a GPU. */
const ARGUMENTS = [
  "--no-sandbox",
  "--enable-unsafe-webgpu",
  "--use-webgpu-adapter=swiftshader",
] as const;

/** `rows`: of training pictures, and as many to test on. */
export async function openSite(executablePath: string, rows: number): Promise<OpenedSite> {
  const data = cleanData({
    train: smallDataset(rows),
    test: smallDataset(rows, 2),
    source: "official",
  });
  const scripts = await siteScripts();
  const files = await siteFiles({ data, scripts, recorded: {} as InspectorDocument });
  const server = await serveSite(files, 18_440);
  const browser: Browser = await chromium.launch({ executablePath, args: [...ARGUMENTS] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  const errors: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(server.address);
  const close = async () => {
    await browser.close();
    await server.close();
  };
  return { page, address: server.address, errors, close };
}
