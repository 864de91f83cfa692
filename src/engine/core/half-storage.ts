// A kernel's text where some of its bindings are stored as f16: an element is widened to f32 as it is loaded and rounded as it is
// stored, and whatever is between the two stays as it is written. So one text serves both, products are summed in f32, and the
// text for f32 alone is the one of the file.

import { VitrineError } from "./errors.ts";
import { closingAt, withoutComments } from "./wgsl.ts";

/** Of an element in f32, by its name. */
const HALF_OF: Readonly<Record<string, string>> = {
  f32: "f16",
  vec2f: "vec2h",
  vec3f: "vec3h",
  vec4f: "vec4h",
  "vec2<f32>": "vec2h",
  "vec3<f32>": "vec3h",
  "vec4<f32>": "vec4h",
};

/** Text that takes the place of what stands between two places. */
interface Edit {
  readonly at: number;
  readonly end: number;
  readonly text: string;
  /** Whether it opens a store: it comes before the load that it may begin with. */
  readonly isStore?: boolean;
}

/** How an element of a binding is called: as it is computed with, and as it is stored. */
interface Element {
  readonly name: string;
  readonly wide: string;
  readonly half: string;
}

/**
 * The text with these bindings stored as f16; lines stay where they are. Throws VitrineError for a binding whose elements are no
 * f32, or that is used otherwise than by its elements.
 */
export function withHalves(text: string, names: readonly string[], where: string): string {
  const code = withoutComments(text);
  const edits = names.flatMap((name) => {
    const { element, edit } = declarationOf(code, name, where);
    return [edit, ...usesIn(code, element, where)];
  });
  const rank = ({ isStore = false }: Edit) => (isStore ? 0 : 1);
  const sorted = edits.toSorted((a, b) => a.at - b.at || rank(a) - rank(b));
  let end = 0;
  let result = "enable f16; ";
  for (const edit of sorted) {
    result += text.slice(end, edit.at) + edit.text;
    end = edit.end;
  }
  return result + text.slice(end);
}

function declarationOf(code: string, name: string, where: string) {
  const pattern = new RegExp(
    `(var<storage[^>]*>\\s*${name}\\s*:\\s*array<\\s*)(\\w+(?:<f32>)?)(?=\\s*>)`,
  );
  const found = pattern.exec(code);
  const wide = found?.[2] ?? "";
  const alias = new RegExp(`alias\\s+${wide}\\s*=\\s*(\\w+)\\s*;`).exec(code)?.[1];
  const half = HALF_OF[alias ?? wide];
  if (!found || half === undefined) {
    const got = found ? `array<${alias ?? wide}>` : "another type";
    throw new VitrineError(`${where}: ${name} must hold f32 to be stored as f16, got ${got}`);
  }
  const at = found.index + (found[1] ?? "").length;
  return { element: { name, wide, half }, edit: { at, end: at + wide.length, text: half } };
}

function usesIn(code: string, element: Element, where: string): readonly Edit[] {
  const { name } = element;
  const edits: Edit[] = [];
  for (const { index } of code.matchAll(new RegExp(`(?<![\\w.])${name}\\b(?=\\s*\\[)`, "g"))) {
    if (/(?<!&)&\s*$/.test(code.slice(Math.max(0, index - 8), index))) {
      const rule = `${name} must be used by its elements to be stored as f16`;
      throw new VitrineError(`${where}: ${rule}, got a pointer to it`);
    }
    edits.push(...useAt(code, index, element));
  }
  return edits;
}

function useAt(code: string, at: number, { wide, half }: Element): readonly Edit[] {
  const end = closingAt(code, code.indexOf("[", at)) + 1;
  const rest = code.slice(end);
  const part = /^(?:\s*\[[^\]]*\]|\.[xyzwrgba]\b)?/.exec(rest)?.[0] ?? "";
  const set = /^\s*([-+*/]?)=(?!=)/.exec(rest.slice(part.length));
  if (!set) return [insert(at, `${wide}(`), insert(end, ")")];
  const stored = part === "" ? half : "f16";
  const from = end + part.length + set[0].length;
  const last = endOfStatement(code, from);
  const operator = set[1] ?? "";
  if (operator === "")
    return [{ ...insert(from, ` ${stored}(`), isStore: true }, insert(last, ")")];
  const target = code.slice(at, end);
  const old = `${wide}(${target})${part}`;
  const change = { at: end + part.length, end: from, text: ` = ${stored}(${old} ${operator} (` };
  return [change, insert(last, "))")];
}

function insert(at: number, text: string): Edit {
  return { at, end: at, text };
}

/** Where the semicolon of a statement stands. */
function endOfStatement(code: string, from: number): number {
  let at = from;
  while (at < code.length && code[at] !== ";") {
    at = "([{".includes(code[at] ?? "") ? closingAt(code, at) + 1 : at + 1;
  }
  return at;
}
