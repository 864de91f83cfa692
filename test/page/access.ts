// What stands in a page's way for people who see little, or use no mouse: axe-core's rules of WCAG 2.1 A and AA, among them the contrast of
// text, and the contrast of what a control is known by, which axe does not measure.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Frame, Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];

interface Found {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** One line each, in light and in dark; empty where all is well. */
export async function barriers(page: Page): Promise<readonly string[]> {
  const found: string[] = [];
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    for (const frame of page.frames()) {
      if (frame.url() === "about:blank") continue;
      const lines = [...(await axeOn(frame, colorScheme)), ...(await faintParts(frame))];
      found.push(...lines.map((line) => `${colorScheme}: ${line}`));
    }
  }
  return found;
}

/** In the dark, of what depends on colours alone. */
async function axeOn(frame: Frame, colorScheme: "light" | "dark"): Promise<readonly string[]> {
  if (!(await frame.evaluate("typeof axe === 'object'"))) await frame.evaluate(AXE);
  const runOnly = colorScheme === "light" ? TAGS : ["color-contrast"];
  const options = { runOnly, resultTypes: ["violations"], iframes: false };
  const violations = (await frame.evaluate(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations)`,
  )) as readonly Found[];
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => {
      const why = failureSummary.split("\n").slice(1, 2).join(" ").trim();
      return `${id}: ${html.slice(0, 120)} ${why}`;
    }),
  );
}

/**
 * Fields whose edge and ground are both nearer than 3:1 to what is around them; text that axe leaves out, which is that of drawings and of a
 * single character, nearer than 4.5:1 to its ground.
 */
async function faintParts(frame: Frame): Promise<readonly string[]> {
  // The loader of TypeScript names functions by a helper of its own.
  const script = `((__name) => (${measureParts.toString()})())((one) => one)`;
  return (await frame.evaluate(script)) as readonly string[];
}

/** Runs in the page, and stands alone for that. */
function measureParts(): readonly string[] {
  type Colour = readonly [r: number, g: number, b: number, a: number];
  const colour = (text: string): Colour => {
    const [r = 0, g = 0, b = 0, a = 1] = (text.match(/[\d.]+/g) ?? []).map(Number);
    // What is mixed of colours is given in shares.
    const most = text.startsWith("color(srgb") ? 255 : 1;
    return [r * most, g * most, b * most, a];
  };
  const over = ([r, g, b, a]: Colour, [x, y, z]: Colour): Colour => [
    ...([r * a + x * (1 - a), g * a + y * (1 - a), b * a + z * (1 - a)] as const),
    1,
  ];
  const ground = (of: Element | null): Colour => {
    if (!of) return colour(getComputedStyle(document.documentElement).backgroundColor);
    const own = colour(getComputedStyle(of).backgroundColor);
    return own[3] === 1 ? own : over(own, ground(of.parentElement));
  };
  const light = (colour: Colour): number => {
    const [r = 0, g = 0, b = 0] = colour.slice(0, 3).map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a: Colour, b: Colour): number => {
    const [low = 0, high = 0] = [light(a), light(b)].sort((x, y) => x - y);
    return (high + 0.05) / (low + 0.05);
  };
  const isSeen = (one: Element) =>
    one.checkVisibility() && one.getBoundingClientRect().width > 0 && !one.matches(":disabled");
  const fields =
    'input:not([type="range"], [type="file"], [type="checkbox"], [type="radio"]), select, textarea';
  const texts = [...document.querySelectorAll("svg text, td, th, button, span, b")].flatMap(
    (one) => {
      const words = one.textContent?.trim() ?? "";
      const isLeftOut =
        one.matches("svg text") || (words.length === 1 && one.children.length === 0);
      // A label on a mark of a chart stands on the mark's colour, which no style tells.
      if (!isLeftOut || words === "" || !isSeen(one) || one.closest("[role=graphics-symbol]"))
        return [];
      const { color, fill } = getComputedStyle(one);
      const best = contrast(colour(one.matches("svg text") ? fill : color), ground(one));
      return best >= 4.5
        ? []
        : [`text: ${one.outerHTML.slice(0, 100)} has ${best.toFixed(2)}:1, of 4.5:1`];
    },
  );
  const edges = [...document.querySelectorAll(fields)].filter(isSeen).flatMap((one) => {
    const { borderTopColor, borderTopWidth } = getComputedStyle(one);
    const around = ground(one.parentElement);
    const edge = borderTopWidth === "0px" ? around : over(colour(borderTopColor), around);
    const best = Math.max(contrast(edge, around), contrast(ground(one), around));
    if (best >= 3) return [];
    const name = one.outerHTML.slice(0, 100).replaceAll(/\s+/g, " ");
    return [`edge of a field: ${name} has ${best.toFixed(2)}:1, of 3:1`];
  });
  return [...texts, ...edges];
}
