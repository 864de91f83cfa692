// Takes the pictures of README from the pages of a saved run, with the Chromium that is here:
//   npm run report -- RUN && npm run inspect -- RUN
//   node --import tsx bench/draw-pages.ts RUN
// writes docs/inspector.png and docs/report.png.

import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium, type Page } from "playwright-core";

const DOCS = fileURLToPath(new URL("../docs/", import.meta.url));
const [run] = process.argv.slice(2);
if (run === undefined) throw new Error("draw-pages: which run? got no folder");

const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});

async function shoot(file: string, picture: string, prepare: (page: Page) => Promise<void>) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 1060 } });
  await page.goto(pathToFileURL(join(run ?? "", file)).href);
  await prepare(page);
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(DOCS, picture) });
  await page.close();
  console.log(`written ${join("docs", picture)}`);
}

await shoot("inspect.html", "inspector.png", async (page) => {
  // The gradient of the second convolution's kernel, and what it is computed from.
  await page.locator(".dispatch.backward", { hasText: "dw" }).nth(2).click();
});
await shoot("report.html", "report.png", async (page) => {
  await page.locator("h2", { hasText: "Surest mistakes" }).scrollIntoViewIfNeeded();
  await page.evaluate(
    "[...document.querySelectorAll('h2')].find((h) => h.textContent.startsWith('Surest'))?.scrollIntoView()",
  );
});
await browser.close();
