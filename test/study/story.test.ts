// Stories as pages and as Markdown, and the arithmetic of the study's argument.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { escapeHtml } from "../../src/page/html.ts";
import { inline, storyHtml } from "../../src/report/story/html.ts";
import { storyMarkdown } from "../../src/report/story/markdown.ts";
import { leakSum, percentSpread, takeApart } from "../../src/report/story/numbers.ts";
import {
  LEAKED_HITS,
  PRINTED_FOLDS,
  PRINTED_MODELS,
  PRINTED_ROWS,
} from "../../src/report/story/printed.ts";
import { chapter, columns, type Story, text } from "../../src/report/story/story.ts";
import { duration } from "../../src/report/story/study-story.ts";
import { readMarkup } from "./xml.ts";

const test = suite("story");

const CLIPPED =
  '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 1 1"><clipPath id="clip1"><rect/></clipPath><g clip-path="url(#clip1)"><use xlink:href="#clip1"/></g></svg>\n';

const STORY: Story = {
  title: "A & B",
  subtitle: "less < more",
  facts: ["one"],
  blocks: [
    chapter("first", "1. First"),
    text("Plain, **bold** and `code <b> **not bold**`."),
    {
      kind: "table",
      columns: columns("name", "value"),
      rows: [{ cells: ["a|b", "1"], strong: true }, { cells: ["c", "<2>"] }],
      caption: "Small.",
    },
    { kind: "figure", file: "one.svg", alt: 'says "hello"', caption: "One." },
    { kind: "figure", file: "two.svg", alt: "two" },
    { kind: "figure", file: "lost.svg", alt: "lost" },
    { kind: "code", text: "a ``` b\n" },
    { kind: "details", summary: "More", blocks: [{ kind: "list", items: ["x", "y"] }] },
  ],
};
const PICTURES = new Map([
  ["one.svg", CLIPPED],
  ["two.svg", CLIPPED],
]);

test("a page is well formed, escapes what it is told, and keeps pictures apart", () => {
  const page = storyHtml(STORY, PICTURES);
  const tags = readMarkup(page);
  const ids = tags.flatMap(({ attributes }) => attributes["id"] ?? []);
  assert.equal(ids, ["first", "p0-clip1", "p1-clip1"]);
  assert.match(page, /clip-path="url\(#p1-clip1\)"><use href="#p1-clip1"/);
  assert.not.match(page, /xmlns|xlink/);
  assert.match(page, /<strong>bold<\/strong> and <code>code &lt;b&gt; \*\*not bold\*\*<\/code>/);
  assert.match(page, /aria-label="says &quot;hello&quot;"/);
  assert.match(page, /lost\.svg is missing/);
  assert.match(page, /<tr class="strong"><th scope="row">a\|b<\/th><td class="number">1<\/td>/);
});

const RICH: Story = {
  ...{ title: "Rich", subtitle: "blocks", facts: [] },
  blocks: [
    {
      kind: "tabs",
      label: "Which",
      items: [
        { title: "one", blocks: [{ kind: "figure", file: "one.svg", alt: "one" }] },
        { title: "two", blocks: [text("Second.")] },
      ],
    },
    { kind: "grid", blocks: [text("Left."), text("Right.")] },
    {
      kind: "gallery",
      isGrey: true,
      items: [
        {
          ...{ file: "row.png", alt: "row 3", title: "Coat", details: ["taken for Bag", "row 3"] },
          bars: [
            { label: "Bag", share: 0.99997, mark: "wrong" },
            { label: "Coat", share: 0.00003, mark: "right" },
          ],
        },
        { file: "lost.png", alt: "row 4", title: "Bag", details: [], bars: [] },
      ],
      caption: "Two.",
    },
  ],
};
const RICH_PICTURES = new Map<string, string | Uint8Array>([
  ["one.svg", CLIPPED],
  ["row.png", new Uint8Array([1, 2, 3])],
]);

test("tabs switch without a script, a gallery has its pictures within it", () => {
  const page = storyHtml(RICH, RICH_PICTURES);
  const tags = readMarkup(page);
  assert.not.match(page, /<script/);
  const radios = tags.filter(({ attributes }) => attributes["type"] === "radio");
  assert.equal(
    radios.map(({ attributes }) => [attributes["id"], attributes["checked"]]),
    [
      ["tabs0-0", "checked"],
      ["tabs0-1", undefined],
    ],
  );
  assert.match(page, /<ul class="gallery grey">/);
  assert.match(page, /src="data:image\/png;base64,AQID"/);
  assert.match(page, /lost\.png is missing: row 4/);
  assert.match(page, /<li class="wrong"><span>Bag<\/span><span>&gt;\u00a099.9\u00a0%<\/span>/);
});

test("the same as Markdown: every view, and a table of pictures", () => {
  const markdown = storyMarkdown(RICH);
  assert.match(markdown, /\*\*one\*\*\n\n!\[one\]\(one\.svg\)\n\n\*\*two\*\*\n\nSecond\./);
  assert.match(markdown, /\| !\[row 3\]\(row\.png\) \| Coat, taken for Bag, row 3 \| Bag >/);
});

test("the reader of markup finds what is wrong", () => {
  for (const bad of ["<p>", "<p></b>", "a & b", '<p a="1" a="2"/>', "<p a=1/>", "a < b"]) {
    assert.throws(() => readMarkup(bad), undefined, bad);
  }
  assert.is(escapeHtml(`<"&>`), "&lt;&quot;&amp;&gt;");
  assert.is(inline("2 ** 3 and `a`"), "2 ** 3 and <code>a</code>");
});

test("Markdown escapes bars and outlasts backticks", () => {
  const markdown = storyMarkdown(STORY);
  assert.match(markdown, /^# A & B\n\n\*\*less < more\*\*/);
  assert.match(
    markdown,
    /\| name \| value \|\n\| --- \| ---: \|\n\| \*\*a\\\|b\*\* \| \*\*1\*\* \|/,
  );
  assert.match(markdown, /!\[says "hello"\]\(one\.svg\)\n\n\*One\.\*/);
  assert.match(markdown, /\n````text\na ``` b\n````\n/);
});

test("the hits give every accuracy that the study printed, to its last digit", () => {
  const { cleaned } = PRINTED_ROWS;
  for (const name of ["lenet5", "resnet152v2", "vgg19"] as const) {
    assert.is(
      (LEAKED_HITS[name] / cleaned).toFixed(5),
      String(PRINTED_MODELS[name].leaked.accuracy),
    );
  }
  for (const [fold, hits] of LEAKED_HITS.folds.entries()) {
    const printed = PRINTED_FOLDS.accuracy[fold] ?? Number.NaN;
    // A digit less: the study shows its folds in per cent, rounded once more.
    assert.ok(Math.abs(hits / cleaned - printed) < 1e-4, `fold ${fold + 1}`);
  }
  assert.is(percentSpread(PRINTED_FOLDS.accuracy), "94.37 ± 0.26\u00a0%");
});

test("a leaked score comes apart into what was seen and what was not", () => {
  const leak = takeApart(760, { loss: 0, accuracy: 0.942, rows: 1000 }, 0.9);
  assert.ok(Math.abs(leak.trained - (0.942 - 0.24 * 0.9) / 0.76) < 1e-12);
  assert.is(leakSum(leak).replaceAll("\u00a0", " "), "0.76 × 95.5 % + 0.24 × 90.0 % = 94.2 %");
});

test("durations are told as a reader wants them", () => {
  const told = [0.2, 1, 89.4, 90, 1750, 5400, 9000].map(duration);
  assert.equal(told, ["under 1 s", "1 s", "89 s", "2 min", "29 min", "1 h 30 min", "2 h 30 min"]);
});

test.run();
