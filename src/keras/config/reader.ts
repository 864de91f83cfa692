// Reads the options of one layer from Keras's JSON, and refuses what it was not asked for: an option that nobody reads
// would change what the layer computes without anybody noticing.

import { FormatError } from "../../engine/core/errors.ts";
import { isRecord, type LayerSpec, quote } from "./model-config.ts";

/** Options that say nothing about what a loaded layer computes. */
const HARMLESS: ReadonlySet<string> = new Set([
  "name",
  "trainable",
  "autocast",
  "seed",
  // Keras infers these from the tensor that comes in.
  "batch_input_shape",
  "batch_shape",
  "input_shape",
  "input_dim",
  "sparse",
  "ragged",
  "optional",
  // Read only when the option that they belong to is on.
  "renorm_momentum",
]);

export class ConfigReader {
  readonly #layer: LayerSpec;
  readonly #where: string;
  readonly #read = new Set<string>();

  constructor(layer: LayerSpec, where: string) {
    this.#layer = layer;
    this.#where = where;
    const dtype = this.#take("dtype");
    const policy = isRecord(dtype) && isRecord(dtype["config"]) ? dtype["config"]["name"] : dtype;
    if (policy !== undefined && policy !== "float32") {
      throw this.#refused("dtype", "float32", policy);
    }
  }

  get name(): string {
    return this.#layer.name;
  }

  number(option: string): number {
    const value = this.#take(option);
    if (typeof value === "number") return value;
    throw this.#refused(option, "a number", value);
  }

  flag(option: string, fallback: boolean): boolean {
    const value = this.#take(option) ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.#refused(option, "true or false", value);
  }

  choice<T extends string>(option: string, choices: readonly T[], fallback?: T): T {
    const value = this.#take(option) ?? fallback;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw this.#refused(option, choices.join(", "), value);
  }

  /** One number for both axes, or a list of two; `fallback` where there is none. */
  pair(option: string, fallback?: readonly [number, number]): readonly [number, number] {
    const value = this.#take(option) ?? fallback;
    const pair = pairOf(value);
    if (pair) return pair;
    throw this.#refused(option, "two numbers", value);
  }

  /** Zeros around an image: one number, two, or two pairs. */
  sides(option: string): readonly [readonly [number, number], readonly [number, number]] {
    const value = this.#take(option);
    const [down, across] = Array.isArray(value) ? value : [value, value];
    const sides = [pairOf(down), pairOf(across)] as const;
    if (sides[0] && sides[1]) return [sides[0], sides[1]];
    throw this.#refused(option, "one number, two, or two pairs", value);
  }

  /** The factor of an L2 regulariser, 0 without one. */
  l2(option: string): number {
    const value = this.#take(option) ?? null;
    if (value === null) return 0;
    const { l1 = 0, l2 = 0 } = isRecord(value) && isRecord(value["config"]) ? value["config"] : {};
    const isL2 = isRecord(value) && ["L2", "L1L2"].includes(String(value["class_name"]));
    if (isL2 && l1 === 0 && typeof l2 === "number") return l2;
    throw this.#refused(option, "none or L2", value);
  }

  /** The option has to have one of these values, or to be missing. */
  only(option: string, values: readonly unknown[]): void {
    const value = this.#take(option);
    const text = JSON.stringify(value);
    if (value === undefined || values.some((known) => JSON.stringify(known) === text)) return;
    throw this.#refused(option, values.map(quote).join(" or "), value);
  }

  /** What is left must be harmless: unknown options that are switched on are refused. */
  finish(): void {
    for (const [option, value] of Object.entries(this.#layer.config)) {
      if (this.#read.has(option) || HARMLESS.has(option)) continue;
      // Where values start does not matter where they are loaded.
      if (option.endsWith("_initializer")) continue;
      if (value !== null && value !== false) throw this.#refused(option, "unset", value);
    }
  }

  #take(option: string): unknown {
    this.#read.add(option);
    return this.#layer.config[option];
  }

  #refused(option: string, wanted: string, got: unknown): FormatError {
    const { name, className } = this.#layer;
    const place = `${this.#where}: layer ${name} (${className})`;
    return new FormatError(`${place}: ${option} must be ${wanted}, got ${quote(got)}`);
  }
}

function pairOf(value: unknown): readonly [number, number] | undefined {
  const [a, b, ...more] = Array.isArray(value) ? value : [value, value];
  const arePlain = typeof a === "number" && typeof b === "number" && more.length === 0;
  return arePlain ? [a, b] : undefined;
}
