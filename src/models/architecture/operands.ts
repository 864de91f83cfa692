// What an operation is called with, argument by argument; what was not asked for is refused, as ConfigReader does.

import { FormatError } from "../../engine/core/errors.ts";
import type { PerChannel } from "../../engine/ops/affine.ts";
import { isRecord, quote } from "./json-record.ts";
import type { LayerSpec } from "./model-config.ts";
import type { Argument, OperationCall } from "./operation.ts";

/** Arguments that change nothing, by the values for which that holds. */
const HARMLESS: Readonly<Record<string, readonly unknown[]>> = {
  name: [],
  dtype: ["float32"],
  data_format: ["NHWC", "channels_last"],
};

export class Operands {
  readonly #call: OperationCall;
  readonly #name: string;
  readonly #where: string;
  readonly #read = new Set<Argument>();

  constructor({ name, operation }: LayerSpec, where: string) {
    this.#call = operation ?? { name: "", positional: [], named: {} };
    this.#name = name;
    this.#where = where;
  }

  get name(): string {
    return this.#name;
  }

  get function(): string {
    return this.#call.name;
  }

  /** An argument by its place, or by one of its names where it is given by name. */
  take(place: number, ...names: readonly string[]): Argument | undefined {
    const named = names.map((name) => this.#call.named[name]).find((found) => found !== undefined);
    const found = named ?? this.#call.positional[place];
    if (found) this.#read.add(found);
    return found;
  }

  /** A constant; undefined where it is not given or None. */
  constant(place: number, ...names: readonly string[]): unknown {
    const found = this.take(place, ...names);
    if (found === undefined) return undefined;
    if ("value" in found) return plain(found.value) ?? undefined;
    throw this.refused(names[0] ?? "an argument", "a constant", found);
  }

  /** One number, or one a channel. */
  perChannel(place: number, ...names: readonly string[]): PerChannel {
    let value = this.constant(place, ...names);
    while (Array.isArray(value) && value.length === 1) value = value[0];
    if (typeof value === "number") return value;
    if (Array.isArray(value) && value.every((item) => typeof item === "number")) return value;
    throw this.refused(names[0] ?? "an argument", "a number, or one a channel", value);
  }

  number(fallback: number, place: number, ...names: readonly string[]): number {
    const value = this.constant(place, ...names) ?? fallback;
    if (typeof value === "number") return value;
    throw this.refused(names[0] ?? "an argument", "a number", value);
  }

  numbers(place: number, ...names: readonly string[]): readonly number[] {
    const value = this.constant(place, ...names);
    const isList = Array.isArray(value) && value.every((item) => typeof item === "number");
    if (isList) return value;
    throw this.refused(names[0] ?? "an argument", "a list of numbers", value);
  }

  /** The constant has to be one of these, or missing. */
  only(values: readonly unknown[], place: number, ...names: readonly string[]): void {
    const value = this.constant(place, ...names);
    const text = JSON.stringify(value);
    if (value === undefined || values.some((known) => JSON.stringify(known) === text)) return;
    throw this.refused(names[0] ?? "an argument", values.map(quote).join(" or "), value);
  }

  /** Throws FormatError for arguments that nobody has read. */
  finish(): void {
    const { positional, named } = this.#call;
    for (const [key, argument] of [...positional.entries(), ...Object.entries(named)]) {
      if (this.#read.has(argument)) continue;
      const value = "value" in argument ? plain(argument.value) : argument;
      const isOff = value === null || value === undefined || value === false;
      const harmless = HARMLESS[key];
      const isHarmless = key === "name" || harmless?.some((known) => known === value);
      if (!isOff && !isHarmless) throw this.refused(String(key), "unset", value);
    }
  }

  refused(argument: string, wanted: string, got: unknown): FormatError {
    const place = `${this.#where}: layer ${this.#name} (${this.function})`;
    return new FormatError(`${place}: ${argument} must be ${wanted}, got ${quote(got)}`);
  }
}

/** A constant without the object that tells its type: `{ class_name: "__tensor__", config: { value } }`. */
function plain(value: unknown): unknown {
  if (!isRecord(value) || !isRecord(value["config"])) return value;
  const isValue = ["__tensor__", "__numpy__"].includes(String(value["class_name"]));
  return isValue ? value["config"]["value"] : value;
}
