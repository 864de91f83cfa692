// Specialises a .wgsl file, in two ways and no more: switches (`//#if ${DX}` … `//#elif ${DW}` … `//#else` … `//#endif`,
// resolved by wgsl-preprocessor) and numbers (`const TILE: u32 = 16u;`, the value replaced). Also reads back what a
// kernel's text already says, its bindings and its Params, so that TypeScript never repeats it.

import { wgsl as preprocess } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { VitrineError } from "./errors.ts";

/** A .wgsl file as it is imported; or WGSL of your own, under a name of your own, in `file` and `text` alone. */
export interface Shader {
  /** Its path below src/shaders, without the ending: `gemm/tiled`. */
  readonly file: string;
  /** With the fragments that it includes (shaders/expand.mjs). */
  readonly text: string;
  /** Which lines of `text` are from which file; none where it was not read from one. */
  readonly runs?: readonly Run[];
}

/** Neighbouring lines of a text that are neighbours in their file too. */
export interface Run {
  /** Below src/shaders: `lib/activate.wgsl`. */
  readonly file: string;
  /** The first of them there, from 1. */
  readonly line: number;
  readonly count: number;
}

/** A line of a file. */
export interface Place {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

export type Flags = Readonly<Record<string, boolean>>;
export type Constants = Readonly<Record<string, number>>;

/** The text of a kernel with its switches resolved and its constants replaced. */
export function specialise(source: string, flags: Flags, constants: Constants): string {
  const strings: string[] = [];
  const values: boolean[] = [];
  let end = 0;
  for (const match of source.matchAll(/\$\{(\w+)\}/g)) {
    const name = match[1] ?? "";
    strings.push(source.slice(end, match.index));
    values.push(flags[name] ?? false);
    end = match.index + match[0].length;
  }
  strings.push(source.slice(end));
  let text = preprocess(strings, ...values);
  for (const [name, value] of Object.entries(constants)) {
    const declaration = new RegExp(`(const ${name}: (u32|i32|f32) = )[^;]+;`);
    if (!declaration.test(text)) {
      throw new VitrineError(`wgsl: constant ${name} is not declared as "const ${name}: u32 = …;"`);
    }
    text = text.replace(
      declaration,
      (_, head: string, type: string) => `${head}${literal(value, type)};`,
    );
  }
  return text;
}

/** Where the lines of a shader are from; specialised, they are fewer. */
export function placesOf(shader: Shader): readonly Place[] {
  const { file, text, runs } = shader;
  const all = runs ?? [{ file, line: 1, count: text.split("\n").length }];
  return all.flatMap((run) =>
    Array.from({ length: run.count }, (_, index) => ({ file: run.file, line: run.line + index })),
  );
}

/** The same of its lines as they are compiled. Specialises it once more, with each line's number in front: for errors. */
export function specialisedPlaces(
  shader: Shader,
  flags: Flags,
  constants: Constants,
): readonly Place[] {
  const places = placesOf(shader);
  const numbered = shader.text.split("\n").map((line, index) => `\uE000${index}\uE000${line}`);
  const lines = specialise(numbered.join("\n"), flags, constants).split("\n");
  return lines.map((line) => {
    const index = Number(TAG.exec(line)?.[1] ?? 0);
    return places[index] ?? { file: shader.file, line: index + 1 };
  });
}

/** A line's number, between two characters that stand for nothing. */
const TAG = /\uE000(\d+)\uE000/;

function literal(value: number, type: string): string {
  if (type === "f32") return `f32(${value})`;
  return `${value}${type === "u32" ? "u" : "i"}`;
}

/** The names of a file's switches, in order of appearance. */
export function switchesOf(source: string): readonly string[] {
  return [...new Set([...source.matchAll(/\$\{(\w+)\}/g)].map((match) => match[1] ?? ""))];
}

/** The names of a file's entry points. */
export function entriesOf(source: string): readonly string[] {
  return [...source.matchAll(/@compute[^{]*?\bfn (\w+)/g)].map((match) => match[1] ?? "");
}

/** What a kernel does with a binding: `write` sets elements without ever reading any, `update` reads and sets them. */
export type Access = "read" | "write" | "update";

export interface Binding {
  readonly name: string;
  readonly index: number;
  /** How it is declared, which may allow more than the entry point does. */
  readonly kind: "uniform" | "read" | "read_write";
  /** Null for a uniform. */
  readonly access: Access | null;
}

/** The bindings that an entry point uses, itself or in functions that it calls, and what it does with each. */
export function bindingsOf(text: string, entry: string): readonly Binding[] {
  const code = withoutComments(text);
  const pattern =
    /@group\(0\)\s*@binding\((\d+)\)\s*var<(uniform|storage)(?:,\s*(read|read_write))?>\s*(\w+)/g;
  const reachable = reachableFrom(entry, functionsOf(code));
  return [...code.matchAll(pattern)].flatMap(([, index, space, declared, name = ""]): Binding[] => {
    const uses = new Set(reachable.flatMap((body) => usesOf(name, body)));
    if (uses.size === 0) return [];
    const binding = { name, index: Number(index) };
    if (space === "uniform") return [{ ...binding, kind: "uniform", access: null }];
    const access = uses.size === 2 ? "update" : uses.has("write") ? "write" : "read";
    return [{ ...binding, kind: declared === "read_write" ? "read_write" : "read", access }];
  });
}

/** Bodies of a text's functions, by name. */
function functionsOf(code: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const match of code.matchAll(/\bfn\s+(\w+)\s*\(/g)) {
    const open = code.indexOf("{", match.index);
    found.set(match[1] ?? "", code.slice(open, closingAt(code, open) + 1));
  }
  return found;
}

/** A text with blanks for its comments, so that everything else stays in its place. */
export function withoutComments(text: string): string {
  return text.replaceAll(/\/\/.*$/gm, (comment) => " ".repeat(comment.length));
}

/** Where the bracket that opens at `open` closes; the text's end where it does not. */
export function closingAt(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    const letter = code[at] ?? "";
    if ("{[(".includes(letter)) depth++;
    if ("}])".includes(letter)) depth--;
    if (depth === 0) return at;
  }
  return code.length;
}

function reachableFrom(entry: string, functions: ReadonlyMap<string, string>): readonly string[] {
  const names = new Set([entry]);
  for (const name of names) {
    for (const [, called = ""] of (functions.get(name) ?? "").matchAll(/\b(\w+)\s*\(/g)) {
      if (functions.has(called)) names.add(called);
    }
  }
  return [...names].map((name) => functions.get(name) ?? "");
}

/**
 * Every mention of a variable in a body: an element set by a plain assignment is written; by `+=` and its like, or through a
 * pointer (atomics), read and written; any other is read.
 */
function usesOf(name: string, body: string): readonly ("read" | "write")[] {
  const uses: ("read" | "write")[] = [];
  for (const { index } of body.matchAll(new RegExp(`(?<![\\w.])${name}\\b`, "g"))) {
    if (/arrayLength\(\s*&\s*$/.test(body.slice(0, index))) continue;
    let end = index + name.length;
    while (body[end] === "[") end = closingAt(body, end) + 1;
    const set = /^(?:\.\w+)?\s*([-+*/%&|^]|<<|>>)?=(?!=)/.exec(body.slice(end));
    const isPointer = /&\s*$/.test(body.slice(0, index)) && !/&&\s*$/.test(body.slice(0, index));
    if (set || isPointer) uses.push("write");
    if (!set || set[1] !== undefined || isPointer) uses.push("read");
  }
  return uses;
}

export interface ParamField {
  readonly name: string;
  readonly type: "u32" | "i32" | "f32";
}

/** The fields of a text's `struct Params`, in order; every field is one 4-byte scalar. */
export function paramsOf(text: string): readonly ParamField[] {
  const body = /struct Params \{([^}]*)\}/.exec(text)?.[1] ?? "";
  const fields = body.replaceAll(/\/\/.*$/gm, "").matchAll(/(\w+)\s*:\s*(u32|i32|f32)/g);
  return [...fields].map(([, name, type]) => ({
    name: name ?? "",
    type: type === "f32" ? "f32" : type === "i32" ? "i32" : "u32",
  }));
}
