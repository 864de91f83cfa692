// Flags as data, and as types: a command lists them, gets their values typed, and every bad value becomes one line that
// names the flag. Splitting the line is node:util's parseArgs; this file adds types, ranges and suggestions.

import { parseArgs } from "node:util";
import { UsageError } from "../../engine/core/errors.ts";

interface Documented {
  /** One sentence for --help, without a full stop. */
  readonly help: string;
}

/** Inclusive `min` and `max`, exclusive `above` and `below`. */
export interface Range {
  readonly min?: number;
  readonly max?: number;
  readonly above?: number;
  readonly below?: number;
}

interface NumericFlag extends Documented, Range {
  readonly type: "integer" | "number";
  readonly default?: number;
}

interface ChoiceFlag extends Documented {
  readonly type: "choice";
  readonly choices: readonly string[];
  readonly default?: string;
}

interface StringFlag extends Documented {
  readonly type: "string";
  readonly default?: string;
  /** What --help calls the value, e.g. "folder"; default "text". */
  readonly value?: string;
}

/** May be given several times; all values, in order. */
interface ListFlag extends Documented {
  readonly type: "list";
  /** What --help calls a value; default "text". */
  readonly value?: string;
}

/** false unless given. With `default: true` it is switched off by --no-NAME. */
interface BooleanFlag extends Documented {
  readonly type: "boolean";
  readonly default?: boolean;
}

export type FlagSpec = NumericFlag | ChoiceFlag | StringFlag | ListFlag | BooleanFlag;
export type FlagSpecs = Readonly<Record<string, FlagSpec>>;

type Camel<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S;

type ValueOf<F extends FlagSpec> = F extends { type: "boolean" }
  ? boolean
  : F extends { type: "integer" | "number" }
    ? number
    : F extends { type: "choice"; choices: readonly (infer C)[] }
      ? C
      : F extends { type: "list" }
        ? readonly string[]
        : string;

type MaybeMissing<F extends FlagSpec> = F extends
  | { type: "boolean" | "list" }
  | { default: string | number }
  ? never
  : undefined;

/** kebab-case names become camelCase; a flag with neither value nor default is undefined. */
export type FlagValues<F extends FlagSpecs> = {
  readonly [K in keyof F & string as Camel<K>]: ValueOf<F[K]> | MaybeMissing<F[K]>;
};

export type FlagValue = string | number | boolean | readonly string[] | undefined;

export interface ParsedArguments {
  /** By camelCase name, every flag of the specs. */
  readonly values: ReadonlyMap<string, FlagValue>;
  readonly positionals: readonly string[];
}

/** Throws UsageError for an unknown flag, a missing value, or one that is not of the flag's type and range. */
export function parseFlags(specs: FlagSpecs, args: readonly string[]): ParsedArguments {
  const options = Object.fromEntries(Object.entries(specs).map(([n, s]) => [n, optionOf(s)]));
  const { tokens } = parseArgs({
    args: [...args],
    options: { ...options, help: { type: "boolean", short: "h" } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, FlagValue>();
  for (const [name, spec] of Object.entries(specs)) {
    values.set(camelCase(name), initialValue(spec));
  }
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") positionals.push(token.value);
    if (token.kind !== "option") continue;
    const [name, value] = readToken(specs, token);
    const earlier = values.get(camelCase(name));
    values.set(camelCase(name), isList(earlier) && isList(value) ? [...earlier, ...value] : value);
  }
  return { values, positionals };
}

function initialValue(spec: FlagSpec): FlagValue {
  if (spec.type === "list") return [];
  return spec.default ?? (spec.type === "boolean" ? false : undefined);
}

function isList(value: FlagValue): value is readonly string[] {
  return Array.isArray(value);
}

function optionOf(spec: FlagSpec): { type: "boolean" | "string" } {
  return { type: spec.type === "boolean" ? "boolean" : "string" };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function readToken(specs: FlagSpecs, token: OptionToken): [name: string, value: FlagValue] {
  const { name, rawName, value, inlineValue } = token;
  const negated = name.startsWith("no-") ? name.slice(3) : undefined;
  if (negated !== undefined && lookUp(specs, negated)?.type === "boolean" && value === undefined) {
    return [negated, false];
  }
  const spec = lookUp(specs, name);
  if (spec === undefined) throw unknownFlag(specs, rawName, name);
  if (spec.type === "boolean") {
    if (value === undefined) return [name, true];
    throw new UsageError(`--${name}: takes no value, got ${JSON.stringify(value)}`);
  }
  const swallowed = inlineValue !== true && value?.startsWith("--") === true;
  if (value === undefined || swallowed) {
    const got = swallowed ? `the flag ${value}` : "none";
    throw new UsageError(`--${name}: needs a value, ${describeRule(spec)}, got ${got}`);
  }
  return [name, parseValue(name, spec, value)];
}

function lookUp(specs: FlagSpecs, name: string): FlagSpec | undefined {
  return Object.hasOwn(specs, name) ? specs[name] : undefined;
}

function parseValue(name: string, spec: FlagSpec, text: string): FlagValue {
  if (spec.type === "integer" || spec.type === "number") {
    const value = parseNumber(spec, text);
    if (value !== undefined) return value;
    throw new UsageError(`--${name}: must be ${describeRule(spec)}, got ${quoteOdd(text)}`);
  }
  if (text === "") throw new UsageError(`--${name}: must not be empty`);
  if (spec.type === "list") return [text];
  if (spec.type !== "choice" || spec.choices.includes(text)) return text;
  const near = nearest(text, spec.choices);
  throw new UsageError(
    `--${name}: must be ${describeRule(spec)}, got ${quoteOdd(text)}`,
    near === undefined ? {} : { help: `did you mean ${near}?` },
  );
}

/** Number() also takes "", " 1 ", "0x10" and "Infinity", none of which is a number that somebody meant here. */
function parseNumber(spec: NumericFlag, text: string): number | undefined {
  if (!/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined;
  const value = Number(text);
  if (spec.type === "integer" ? !Number.isSafeInteger(value) : !Number.isFinite(value))
    return undefined;
  const { min = -Infinity, max = Infinity, above = -Infinity, below = Infinity } = spec;
  return value >= min && value <= max && value > above && value < below ? value : undefined;
}

/** `a whole number of at least 1`, `a number above 0 and below 1`, `relu or tanh`, `a folder`. */
export function describeRule(spec: FlagSpec): string {
  if (spec.type === "choice") return listChoices(spec.choices);
  if (spec.type === "string" || spec.type === "list") return `a ${spec.value ?? "text"}`;
  if (spec.type === "boolean") return "on or off";
  const range = describeRange(spec);
  const kind = spec.type === "integer" ? "a whole number" : "a number";
  return range === "" ? kind : `${kind} ${range}`;
}

/** Empty for a range without limits. */
export function describeRange({ min, max, above, below }: Range): string {
  if (min !== undefined && max !== undefined) return `from ${min} to ${max}`;
  const low =
    min !== undefined ? `of at least ${min}` : above !== undefined ? `above ${above}` : "";
  const high =
    max !== undefined ? `of at most ${max}` : below !== undefined ? `below ${below}` : "";
  return [low, high].filter((part) => part !== "").join(" and ");
}

function listChoices(choices: readonly string[]): string {
  const last = choices.at(-1) ?? "";
  return choices.length < 2 ? last : `${choices.slice(0, -1).join(", ")} or ${last}`;
}

/** Bare where the eye can see all of it, quoted where it could not. */
function quoteOdd(text: string): string {
  return /^[\w.+-]+$/.test(text) && !text.startsWith("--") ? text : JSON.stringify(text);
}

function unknownFlag(specs: FlagSpecs, rawName: string, name: string): UsageError {
  const near = nearest(name, Object.keys(specs));
  const help = near === undefined ? "--help lists the flags" : `did you mean --${near}?`;
  return new UsageError(`${rawName}: is not a flag of this command`, { help });
}

/** The candidate that is fewest edits away, if a typing mistake could explain it. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const short = word.length >= 2 && candidate.startsWith(word);
    const distance = short ? 1 : editDistance(word, candidate);
    if (distance < least && distance < candidate.length) [best, least] = [candidate, distance];
  }
  return best;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const swap = (row[j] ?? 0) + (letter === b[j] ? 0 : 1);
      next.push(Math.min(swap, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

/** `batch-size` of `batchSize`. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

export function camelCase(name: string): string {
  return name.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
