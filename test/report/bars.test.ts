// Text bars: lengths, order, and percentages that do not round a doubt away.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { probabilityBars } from "../../src/report/text/bars.ts";

const test = suite("bars");

const ITEMS = [
  { label: "Bag", value: 0.25 },
  { label: "Ankle boot", value: 0.75 },
];

test("bars are in proportion and columns line up", () => {
  const [bag = "", boot = ""] = probabilityBars(ITEMS, { width: 80 }).split("\n");
  assert.is(bag, `Bag        ${"█".repeat(10)}${" ".repeat(30)}   25.0%`);
  assert.is(boot, `Ankle boot ${"█".repeat(30)}${" ".repeat(10)}   75.0%`);
});

test("largest first on request, the largest highlighted once", () => {
  const text = probabilityBars(ITEMS, { sorted: true, highlight: (line) => `*${line}*` });
  assert.ok(text.startsWith("*Ankle boot"));
  assert.is(text.split("*").length, 3);
});

test("lines stay within the width", () => {
  for (const width of [40, 60, 100]) {
    for (const line of probabilityBars(ITEMS, { width }).split("\n")) {
      assert.ok(line.length <= width, `${line.length} > ${width}`);
    }
  }
});

test("only certainty is 100%, only impossibility 0%", () => {
  const text = probabilityBars([
    { label: "a", value: 0.99999 },
    { label: "b", value: 0.00001 },
    { label: "c", value: 0 },
    { label: "d", value: 1 },
  ]);
  const ends = text.split("\n").map((line) => line.slice(-7).trim());
  assert.equal(ends, ["> 99.9%", "< 0.1%", "0.0%", "100.0%"]);
});

test("a value that is no number draws no bar", () => {
  assert.match(probabilityBars([{ label: "a", value: Number.NaN }]), /^a +NaN$/);
});

test.run();
