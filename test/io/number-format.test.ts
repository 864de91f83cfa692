// Rounding as Python's % does it: ties to even, which no JavaScript formatter offers.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  formatCount,
  formatExponent,
  formatFixed,
  formatMemory,
} from "../../src/format/number-format.ts";

const test = suite("number-format");

test("ties go to the even digit", () => {
  const pairs: [number, number, string][] = [
    [0.5, 0, "0"],
    [1.5, 0, "2"],
    [2.5, 0, "2"],
    [-2.5, 0, "-2"],
    [29 / 32, 4, "0.9062"],
    [3 / 32, 4, "0.0938"],
    [1 / 32, 4, "0.0312"],
  ];
  for (const [value, digits, text] of pairs) assert.is(formatFixed(value, digits), text);
});

test("what only looks like a tie in decimal is not one", () => {
  assert.is(formatFixed(2.675, 2), "2.67");
  assert.is(formatFixed(1.005, 2), "1.00");
  assert.is(formatFixed(0.00015, 4), "0.0001");
});

test("exponents have two digits and a sign", () => {
  assert.is(formatExponent(9.048374e-4, 4), "9.0484e-04");
  assert.is(formatExponent(0, 4), "0.0000e+00");
  assert.is(formatExponent(-1e100, 4), "-1.0000e+100");
  assert.is(formatExponent(2.25, 1), "2.2e+00");
  assert.is(formatExponent(2.75, 1), "2.8e+00");
});

test("nan and infinities are spelled as Python does", () => {
  assert.is(formatFixed(Number.NaN, 4), "nan");
  assert.is(formatExponent(Number.NEGATIVE_INFINITY, 4), "-inf");
});

test("counts and sizes", () => {
  assert.equal([0, 999, 1000, 143667240].map(formatCount), ["0", "999", "1,000", "143,667,240"]);
  assert.is(formatMemory(61706 * 4), "241.04 KB");
  assert.is(formatMemory(0), "0.00 B");
  assert.is(formatMemory(143667240 * 4), "548.05 MB");
});

test.run();
