// A chapter of docs/learn as its drawings and its tests read it: the tensors, sums, quotes, commands and tables that are
// written in it, so that a number stands in one place, the chapter. No Markdown beyond that.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Shape, sizeOf } from "../../src/engine/core/shape.ts";

export interface Fence {
  readonly language: string;
  /** What follows the language: the place that a quote is from. */
  readonly info: string;
  readonly lines: readonly string[];
}

/** A tensor as it is printed: a line `dx (1, 3, 3, 1)`, and its rows below. */
export interface Printed {
  readonly name: string;
  readonly shape: Shape;
  readonly values: readonly number[];
  /** Half a unit of the last place that is printed; 0 where only integers are. */
  readonly rounding: number;
}

/** A calculation on a line: `y[0,0] = 1·2 + 3 = 5`; its last part may be rounded, after `≈`. */
export interface Sum {
  readonly name: string;
  readonly parts: readonly string[];
  readonly isRounded: boolean;
}

export interface Command {
  readonly command: string;
  readonly exitCode: number;
}

export class Chapter {
  readonly file: string;
  readonly text: string;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  get fences(): readonly Fence[] {
    const found = this.text.matchAll(/^```(\w+) ?(.*)\n([\s\S]*?)^```$/gm);
    return [...found].map(([, language = "", info = "", body = ""]) => {
      return { language, info, lines: body.replace(/\n$/, "").split("\n") };
    });
  }

  get tensors(): ReadonlyMap<string, Printed> {
    const tensors = new Map<string, Printed>();
    for (const { lines } of this.#written("numbers")) {
      for (const printed of tensorsIn(lines, this.file)) {
        if (tensors.has(printed.name)) throw new Error(`${this.file}: two tensors ${printed.name}`);
        tensors.set(printed.name, printed);
      }
    }
    return tensors;
  }

  tensor(name: string): Printed {
    const printed = this.tensors.get(name);
    if (!printed) throw new Error(`${this.file}: no tensor ${name}`);
    return printed;
  }

  get sums(): readonly Sum[] {
    return this.#written("sums").flatMap(({ lines }) =>
      lines.map((line) => {
        const [name = "", ...parts] = line.split(/[=≈]/).map((part) => part.trim());
        return { name, parts, isRounded: line.includes("≈") };
      }),
    );
  }

  /** A line of a fence `sh` each, without its comment; `# ends with exit code 2` says what is meant to fail. */
  get commands(): readonly Command[] {
    const lines = this.#written("sh").flatMap(({ lines }) => lines);
    return lines.map((line) => {
      const [command = "", comment = ""] = line.split(/\s+#\s/);
      const exitCode = Number(/ends with exit code (\d+)/.exec(comment)?.[1] ?? 0);
      return { command: command.trim(), exitCode };
    });
  }

  /** Rows of the table whose header begins with this cell; cells as they are written, without emphasis. */
  table(first: string): readonly (readonly string[])[] {
    const lines = this.text.split("\n");
    const head = lines.findIndex((line) => line.startsWith(`| ${first} |`));
    if (head < 0) throw new Error(`${this.file}: no table ${first}`);
    const end = lines.findIndex((line, i) => i > head && !line.startsWith("|"));
    return lines.slice(head + 2, end).map((line) => {
      const cells = line.replaceAll("**", "").split("|").slice(1, -1);
      return cells.map((cell) => cell.trim());
    });
  }

  /** What is left for sentences: neither fences nor tables, code within lines, addresses of links nor numbers of lists. */
  get prose(): string {
    return this.text
      .replaceAll(/^```[\s\S]*?^```$/gm, "")
      .replaceAll(/^\|.*$/gm, "")
      .replaceAll(/`[^`]*`/g, "")
      .replaceAll(/\]\([^)]*\)/g, "]")
      .replaceAll(/^\s*\d+\. /gm, "")
      .replaceAll("*", "");
  }

  #written(language: string): readonly Fence[] {
    return this.fences.filter((fence) => fence.language === language);
  }
}

const LEARN = fileURLToPath(new URL("../../docs/learn/", import.meta.url));

export function readChapter(file: string): Chapter {
  return new Chapter(file, readFileSync(`${LEARN}${file}`, "utf8"));
}

export function learnPath(name: string): string {
  return `${LEARN}${name}`;
}

function* tensorsIn(lines: readonly string[], file: string): Iterable<Printed> {
  let rest = lines.filter((line) => line.trim() !== "");
  while (rest.length > 0) {
    const [head = "", ...below] = rest;
    const match = /^(\S.*?) \((\d+(?:, \d+)*)\)$/.exec(head);
    if (!match) throw new Error(`${file}: a tensor begins with its name and shape, got ${head}`);
    const [, name = "", extents = ""] = match;
    const next = below.findIndex((line) => !line.startsWith(" "));
    const rows = next < 0 ? below : below.slice(0, next);
    const words = rows.join(" ").trim().split(/\s+/);
    const shape = extents.split(", ").map(Number);
    if (words.length !== sizeOf(shape)) {
      throw new Error(`${file}: ${name} has ${words.length} numbers, its shape says ${shape}`);
    }
    yield { name, shape, values: words.map(numberOf), rounding: roundingOf(words) };
    rest = below.slice(rows.length);
  }
}

/** As printed: with a true minus or a hyphen, `inf` and `NaN`. */
export function numberOf(word: string): number {
  const plain = word.replace("−", "-").replaceAll(",", "");
  if (plain.endsWith("inf")) return plain.startsWith("-") ? -Infinity : Infinity;
  const value = Number(plain);
  if (Number.isNaN(value) && plain !== "NaN") throw new Error(`no number: ${word}`);
  return value;
}

function roundingOf(words: readonly string[]): number {
  const places = words.map((word) => /\.(\d+)/.exec(word)?.[1]?.length ?? 0);
  const most = Math.max(...places);
  return most === 0 ? 0 : 0.5 * 10 ** -most;
}
