// A row of the table of models: all that commands, tuner, saved runs and readers of weight files know of a model that can
// be named. The table is models.ts.

import type { Model } from "../engine/layers/model.ts";
import type { Backbone } from "./backbone.ts";
import type { Settings } from "./setting.ts";

/** Asks for values that a tuner varies; its hyper-parameters are one. */
export interface Choices {
  int(name: string, range: NumberRange): number;
  float(name: string, range: NumberRange): number;
  /** The default is the first. */
  choice<const Value extends string | number>(name: string, values: readonly Value[]): Value;
}

interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly default?: number;
}

/** What a search varies around a configuration, and what it leaves as it was asked for. */
export interface Search<Config> {
  vary(choices: Choices, config: Config): Config;
  /** Names of settings that are asked for once, and not varied. */
  readonly keeps: readonly (keyof Config)[];
  readonly learningRate: { readonly min: number; readonly max: number };
}

export interface Start {
  /** No pretrained weights are wanted. */
  readonly isRandom: boolean;
}

export interface ModelKind<Name extends string, Config extends object> {
  readonly name: Name;
  /** Whose settings these are, for help: `imagenet networks`. */
  readonly family: string;
  readonly settings: Settings<Config>;
  /** The configuration that a run records, given what was asked for. */
  configure(given: Partial<Config>, start: Start): Config;
  /** The same object for equal configurations. */
  create(config: Config): Model;
  readonly search: Search<Config>;
  /** That a head of our own is put on; null for a model that is one piece. */
  readonly backbone: Backbone | null;
}
