// Specialises a .wgsl file, in two ways and no more: switches (`//#if ${HAS_BIAS}` … `//#else` … `//#endif`, resolved by
// wgsl-preprocessor) and numbers (`const TILE: u32 = 16u;`, the value replaced). Also reads back what a kernel's text
// already says, its bindings and its Params, so that TypeScript never repeats it.

import { wgsl as preprocess } from "wgsl-preprocessor/wgsl-preprocessor.js";
import { VitrineError } from "./errors.ts";

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

export interface Binding {
  readonly name: string;
  readonly index: number;
  readonly access: "uniform" | "read" | "read_write";
}

/** Every `@group(0) @binding(n) var<…> name` of a text. */
export function bindingsOf(text: string): readonly Binding[] {
  const pattern =
    /@group\(0\)\s*@binding\((\d+)\)\s*var<(uniform|storage)(?:,\s*(read|read_write))?>\s*(\w+)/g;
  return [...text.matchAll(pattern)].map(([, index, space, access, name]) => ({
    name: name ?? "",
    index: Number(index),
    access: space === "uniform" ? "uniform" : access === "read_write" ? "read_write" : "read",
  }));
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
