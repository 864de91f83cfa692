// Chromium for the tests of pages: found where it usually is, or where the variable CHROMIUM says; a page opened in it remembers its
// errors and what it asked the network for.

import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Its path; null where there is none, which it says once. */
export function findChromium(): string | null {
  const named = process.env["CHROMIUM"];
  if (named !== undefined && named !== "") return existsSync(named) ? named : missing();
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  const places = [...folders, "/usr/bin", "/snap/bin"].flatMap((folder) =>
    NAMES.map((name) => join(folder, name)),
  );
  places.push("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome");
  return places.find((place) => existsSync(place)) ?? missing();
}

let isTold = false;

function missing(): null {
  if (!isTold) console.log("no Chromium here (set CHROMIUM to one): tests of pages are skipped");
  isTold = true;
  return null;
}

export interface PageOptions {
  readonly width?: number;
  readonly height?: number;
  readonly colorScheme?: "light" | "dark";
  /** WebGPU, on SwiftShader. Default false: there is none. */
  readonly hasWebGpu?: boolean;
  /** A camera, which is Chromium's own moving test picture; a page has to be allowed it. Default none. */
  readonly hasCamera?: boolean;
}

/** As far as is known: without the first, Chromium takes no software adapter. */
const WEB_GPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
const CAMERA = ["--use-fake-device-for-media-stream"];

export interface OpenedPage {
  readonly page: Page;
  /** Of the console, and exceptions that nobody caught. */
  readonly errors: string[];
  /** Addresses that it asked for, but for itself and what stands in it. */
  readonly requests: readonly string[];
  readonly close: () => Promise<void>;
}

/** Opens a file, or an address of http. */
export async function openPage(
  executablePath: string,
  target: string,
  { width = 1280, height = 900, colorScheme = "light", hasWebGpu, hasCamera }: PageOptions = {},
): Promise<OpenedPage> {
  const args = ["--no-sandbox", ...(hasWebGpu ? WEB_GPU : []), ...(hasCamera ? CAMERA : [])];
  const browser: Browser = await chromium.launch({ executablePath, args });
  const page = await browser.newPage({ viewport: { width, height }, colorScheme });
  const errors: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(error.message));
  const address = target.startsWith("http") ? target : pathToFileURL(target).href;
  page.on("request", (request) => {
    const isOwn = request.url() === address || /^(data|blob):/.test(request.url());
    if (!isOwn) requests.push(request.url());
  });
  await page.goto(address);
  return { page, errors, requests, close: () => browser.close() };
}

/** Pixels that the page is wider than the window. */
export async function overflowOf(page: Page): Promise<number> {
  return await page.evaluate("document.documentElement.scrollWidth - window.innerWidth");
}
