// Reads the options of one layer from Keras's JSON, and refuses what it was not asked for: an option that nobody reads
// would change what the layer computes without anybody noticing.

import { FormatError } from "../../engine/core/errors.ts";
import type { KernelPenalty } from "../../engine/layers/regularizer-config.ts";
import type { ConfigValue, LayerConfig } from "../../engine/program/layer-record.ts";
import { dtypeOf, FLOATS } from "./dtypes.ts";
import { type JsonRecord, quote } from "./json-record.ts";
import type { Generation, LayerSpec } from "./model-config.ts";
import { KEEP, remedyFor } from "./remedies.ts";
import { isTrainingOption, penaltyFactors } from "./training-options.ts";

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

/** Of filters and units. */
const MOST_COUNTED = 2 ** 24;

export class ConfigReader {
  readonly #layer: LayerSpec;
  readonly #where: string;
  readonly #read = new Set<string>();

  constructor(layer: LayerSpec, where: string) {
    this.#layer = layer;
    this.#where = where;
    this.#read.add("dtype");
    const dtype = dtypeOf(layer.config);
    if (dtype !== undefined && !FLOATS.has(dtype)) {
      throw this.refused("dtype", "of floats, not quantised", dtype);
    }
  }

  get name(): string {
    return this.#layer.name;
  }

  /** Of the Keras that wrote the file. */
  get generation(): Generation {
    return this.#layer.generation;
  }

  number(option: string, fallback?: number): number {
    const given = this.#take(option);
    const value = given === undefined ? fallback : given;
    if (typeof value === "number") return value;
    throw this.refused(option, "a number", value);
  }

  /** How many: more of them than any network has would only fail later, and by another name. */
  count(option: string, fallback?: number): number {
    const value = this.number(option, fallback);
    if (Number.isSafeInteger(value) && value >= 1 && value <= MOST_COUNTED) return value;
    throw this.refused(option, `a whole number from 1 to ${MOST_COUNTED}`, value);
  }

  /** A number from `least` to `most`. */
  between(option: string, [least, most]: readonly [number, number], fallback?: number): number {
    const value = this.number(option, fallback);
    if (value >= least && value <= most) return value;
    const range = most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`;
    throw this.refused(option, range, value);
  }

  /** A list of numbers; undefined where it is not set. */
  numbers(
    option: string,
    value: unknown = this.#take(option) ?? undefined,
  ): readonly number[] | undefined {
    if (value === undefined) return undefined;
    const isList = Array.isArray(value) && value.every((item) => typeof item === "number");
    if (isList) return value;
    throw this.refused(option, "a list of numbers", value);
  }

  /** One number or a list of them, also one for each channel in a list of shape (1, …, C); undefined where it is not set. */
  perChannel(option: string, least?: number): number | readonly number[] | undefined {
    let value = this.#take(option) ?? undefined;
    while (Array.isArray(value) && value.length === 1) value = value[0];
    const found = typeof value === "number" ? value : this.numbers(option, value);
    const isLess = [found ?? []].flat().some((one) => least !== undefined && one < least);
    if (isLess) throw this.refused(option, `at least ${least}`, value);
    return found;
  }

  /** Any of Keras's settings, as it is, for a layer that keeps it. */
  settings(options: readonly string[]): LayerConfig {
    const given = options.filter((option) => this.#layer.config[option] !== undefined);
    return Object.fromEntries(given.map((option) => [option, this.#take(option) as ConfigValue]));
  }

  /** Null where it is not set. */
  limit(option: string): number | null {
    return (this.#take(option) ?? null) === null ? null : this.number(option);
  }

  /** As the file has it; undefined where it is not set. */
  value(option: string): unknown {
    return this.#take(option) ?? undefined;
  }

  /** Of an object within this layer's options, such as a layer that is its activation. */
  within(className: string, config: JsonRecord): ConfigReader {
    return new ConfigReader({ ...this.#layer, className, config }, this.#where);
  }

  flag(option: string, fallback: boolean): boolean {
    const value = this.#take(option) ?? fallback;
    if (typeof value === "boolean") return value;
    throw this.refused(option, "true or false", value);
  }

  choice<T extends string>(option: string, choices: readonly T[], fallback?: T): T {
    const value = this.#take(option) ?? fallback;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw this.refused(option, choices.join(", "), value);
  }

  /** One number for both axes, or a list of two; `fallback` where there is none. */
  pair(option: string, fallback?: readonly [number, number]): readonly [number, number] {
    const value = this.#take(option) ?? fallback;
    const pair = pairOf(value);
    if (pair) return pair;
    throw this.refused(option, "two numbers", value);
  }

  /** Zeros around an image: one number, two, or two pairs. */
  sides(option: string): readonly [readonly [number, number], readonly [number, number]] {
    const value = this.#take(option);
    const [down, across] = Array.isArray(value) ? value : [value, value];
    const sides = [pairOf(down), pairOf(across)] as const;
    if (sides[0] && sides[1]) return [sides[0], sides[1]];
    throw this.refused(option, "one number, two, or two pairs", value);
  }

  /** The factors of a kernel's regulariser; 0 without one, and for others, which training refuses. */
  kernelPenalty(): KernelPenalty {
    const { l1 = 0, l2 = 0 } = penaltyFactors(this.#take("kernel_regularizer")) ?? {};
    return { kernelRegularizerL1: l1, kernelRegularizerL2: l2 };
  }

  /**
   * An axis, alone or in a list as Keras 2 writes it, which has to be the last of the tensor that comes in: [1] after a dense
   * layer, [3] of images. Its number of axes is known when the layer is recorded, and checked by what is returned.
   */
  lastAxis(option: string): (rank: number) => void {
    const given = this.#take(option);
    const value = given === undefined ? -1 : given;
    const [axis, ...more] = Array.isArray(value) ? value : [value];
    if (!Number.isSafeInteger(axis) || more.length > 0) {
      throw this.refused(option, "one axis", value);
    }
    return (rank) => {
      if (axis !== -1 && axis !== rank - 1) throw this.refused(option, `-1 or ${rank - 1}`, value);
    };
  }

  /** An axis, or a list of them; the last by default. A list of one is that one. */
  axes(option: string): number | readonly number[] {
    const given = this.#take(option);
    const value = given === undefined ? -1 : given;
    const [axis, ...more] = Array.isArray(value) ? value : [value];
    const areWhole = [axis, ...more].every((one) => Number.isSafeInteger(one));
    if (areWhole) return more.length === 0 ? axis : [axis, ...more];
    throw this.refused(option, "one axis or several", value);
  }

  /** The option has to have one of these values, or to be missing. */
  only(option: string, values: readonly unknown[]): void {
    const value = this.#take(option);
    const text = JSON.stringify(value);
    if (value === undefined || values.some((known) => JSON.stringify(known) === text)) return;
    throw this.refused(option, values.map(quote).join(" or "), value, this.#remedy(option));
  }

  /** What is left must be harmless: unknown options that are switched on are refused. */
  finish(): void {
    for (const [option, value] of Object.entries(this.#layer.config)) {
      if (this.#read.has(option) || HARMLESS.has(option)) continue;
      // Where values start does not matter where they are loaded.
      if (option.endsWith("_initializer")) continue;
      if (isTrainingOption(option, value)) continue;
      if (value === null || value === false) continue;
      throw this.refused(option, "unset", value, this.#remedy(option));
    }
  }

  #take(option: string): unknown {
    this.#read.add(option);
    return this.#layer.config[option];
  }

  /** Of an option that has to be as it is by default. */
  #remedy(option: string): string {
    return remedyFor(this.#layer.className, option) ?? KEEP;
  }

  refused(option: string, wanted: string, got: unknown, remedy?: string): FormatError {
    const { name, className, position } = this.#layer;
    const place = `${this.#where}: layer ${name} (${className})`;
    const message = `${place}: ${option} must be ${wanted}, got ${quote(got)} at position ${position}`;
    const help = remedy ?? remedyFor(className, option);
    return new FormatError(message, help === undefined ? {} : { help });
  }
}

function pairOf(value: unknown): readonly [number, number] | undefined {
  const [a, b, ...more] = Array.isArray(value) ? value : [value, value];
  const arePlain = typeof a === "number" && typeof b === "number" && more.length === 0;
  return arePlain ? [a, b] : undefined;
}
