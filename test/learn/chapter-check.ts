// What every chapter of docs/learn is held to: each tensor that it prints is recomputed, by float64 loops and by our
// kernels; each sum adds up; each number in its sentences is said by a test; each quote stands in the file it names.

import { readFileSync } from "node:fs";
import * as assert from "uvu/assert";
import { calculate } from "../../bench/learn/arithmetic.ts";
import { type Chapter, type Fence, type Printed, readChapter } from "../../bench/learn/chapter.ts";
import { assertClose, f32 } from "../support/close.ts";

/** A row-major array: the loops of a test, or what a kernel gave. */
type Numbers = ArrayLike<number>;

export class ChapterCheck {
  readonly chapter: Chapter;
  readonly #computed = new Set<string>();
  readonly #said: string[] = [];

  constructor(file: string) {
    this.chapter = readChapter(file);
  }

  /** A tensor that the chapter starts from: there is nothing to compute. */
  given(name: string): Printed {
    this.#computed.add(name);
    return this.chapter.tensor(name);
  }

  /** A tensor that the chapter has computed: `loops` in float64, and `kernels` where a kernel of ours computes it. */
  computed(name: string, { loops, kernels }: { loops: Numbers; kernels?: Numbers }): void {
    this.#computed.add(name);
    const { values, shape, rounding } = this.chapter.tensor(name);
    const of = (what: string) => `${this.chapter.file}: ${name}, ${what}`;
    // A hair more than half a unit, since decimal halves are no binary numbers.
    const tolerance = { relative: 0, absolute: rounding * (1 + 1e-6) };
    assertSame({ label: of("printed"), shape, actual: values, expected: loops, tolerance });
    if (!kernels) return;
    const expected = loops;
    assertSame({ label: of("our kernel"), shape, actual: kernels, expected, tolerance: f32(16) });
  }

  /** A sentence that must be there; the numbers in it have been computed. */
  says(sentence: string): void {
    const plain = this.chapter.prose.replaceAll(/\s+/g, " ");
    assert.ok(plain.includes(sentence), `${this.chapter.file}: does not say "${sentence}"`);
    this.#said.push(sentence);
  }

  /** Every part of every calculation has the same value; where it names an element, the one that is printed. */
  sums(): void {
    for (const { name, parts, isRounded } of this.chapter.sums) {
      const last = parts.at(-1) ?? "";
      const places = /\.(\d+)$/.exec(last)?.[1]?.length ?? 0;
      const rounding = isRounded ? 0.5 * 10 ** -places : 1e-9;
      const values = parts.map(calculate);
      for (const value of values) {
        const error = Math.abs(value - (values.at(-1) ?? Number.NaN));
        assert.ok(!(error > rounding), `${this.chapter.file}: ${name}, got ${values.join(", ")}`);
      }
      const element = this.#element(name);
      if (element !== null) assert.is(element, values.at(-1), `${this.chapter.file}: ${name}`);
    }
  }

  /** Once everything else is checked: nothing was left out. */
  nothingLeft(): void {
    const { file, tensors, prose } = this.chapter;
    const left = [...tensors.keys()].filter((name) => !this.#computed.has(name));
    assert.equal(left, [], `${file}: printed, but computed by no test`);
    let plain = prose.replaceAll(/\s+/g, " ");
    for (const sentence of this.#said) plain = plain.replaceAll(sentence, "");
    // A digit that stands alone counts things in the sentence itself.
    const numbers = plain.matchAll(/(?<![\w.])(?:\d[\d,]*\d(?:\.\d+)?|\d\.\d+)(?!\w)/g);
    const unsaid = [...numbers].map(([number]) => number);
    assert.equal(unsaid, [], `${file}: numbers in sentences that no test says`);
    for (const fence of this.chapter.fences) checkQuote(fence, file);
    assert.ok(this.chapter.text.split("\n").length <= 160, `${file}: is too long`);
  }

  /** `y[0,1,0,0]`; null for a name that is no element of a tensor that is printed. */
  #element(name: string): number | null {
    const [, tensor = "", indices = ""] = /^(.+)\[([\d,]+)\]$/.exec(name) ?? [];
    const printed = this.chapter.tensors.get(tensor);
    if (!printed) return null;
    const at = indices.split(",").map(Number);
    assert.is(at.length, printed.shape.length, `${this.chapter.file}: indices of ${name}`);
    const index = at.reduce((flat, i, axis) => flat * (printed.shape[axis] ?? 1) + i, 0);
    return printed.values[index] ?? Number.NaN;
  }
}

/** As assertClose; but what is no number, or infinite, must be so on both sides. */
function assertSame(comparison: Parameters<typeof assertClose>[0]): void {
  const { label, actual, expected } = comparison;
  const kinds = (numbers: Numbers) => Array.from(numbers, (n) => (Number.isFinite(n) ? 0 : n));
  assert.equal(kinds(actual), kinds(expected), label);
  const finite = (numbers: Numbers) => Array.from(numbers, (n) => (Number.isFinite(n) ? n : 0));
  assertClose({ ...comparison, actual: finite(actual), expected: finite(expected) });
}

const ROOT = new URL("../../", import.meta.url);

/** A quote, ```wgsl src/shaders/add.wgsl forward, is made of lines of that function or type; `…` stands for some of them. */
export function checkQuote({ language, info, lines }: Fence, file: string): void {
  if (language !== "wgsl" && language !== "ts") return;
  const [path = "", name = ""] = info.split(" ");
  assert.ok(name !== "", `${file}: a quote says where it is from, got ${language} ${info}`);
  const source = partOf(readFileSync(new URL(path, ROOT), "utf8"), name);
  assert.ok(source.length > 0, `${file}: ${path} has no ${name} to quote`);
  let at = -1;
  let isAnywhere = true;
  for (const line of lines.map((text) => text.trim())) {
    if (line === "" || line === "…") {
      isAnywhere = true;
      continue;
    }
    const found = isAnywhere ? source.indexOf(line, at + 1) : at + 1;
    const stands = found >= 0 && source[found] === line;
    assert.ok(stands, `${file}: ${path}, ${name} does not have, in this place: ${line}`);
    at = found;
    isAnywhere = false;
  }
}

/** The lines of a function, method or type, trimmed; those that are empty left out. */
function partOf(text: string, name: string): readonly string[] {
  const lines = text.split("\n");
  const declared = new RegExp(`\\b(fn|function|struct|interface)\\s+${name}\\b`);
  const method = new RegExp(`^\\s*(async )?${name}\\(.*[({]$`);
  const byKeyword = lines.findIndex((line) => declared.test(line));
  const first = byKeyword >= 0 ? byKeyword : lines.findIndex((line) => method.test(line));
  if (first < 0) return [];
  const [indent = ""] = /^\s*/.exec(lines[first] ?? "") ?? [];
  const end = lines.findIndex((line, i) => i > first && line.startsWith(`${indent}}`));
  const part = lines.slice(first, end + 1).map((line) => line.trim());
  return part.filter((line) => line !== "");
}
