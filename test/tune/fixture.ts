// What KerasTuner did, as fixtures/tuner/make.py recorded it, and the search spaces that it did it with.

import { readFileSync } from "node:fs";
import { HyperParameters } from "../../src/tune/hyper-parameters.ts";
import type { Sampling, Value, Values } from "../../src/tune/parameter.ts";
import type { Space } from "../../src/tune/space.ts";
import { newTrial, type Trial } from "../../src/tune/trial.ts";

export interface RecordedTrial {
  readonly id: string;
  readonly values: Values;
  readonly score: number;
}

interface Fixture {
  readonly probs: readonly number[];
  readonly maps: readonly ({
    readonly atProbs: readonly Value[];
    readonly backToProbs: readonly number[];
    readonly listed: readonly Value[];
  } & (
    | { readonly kind: "choice"; readonly values: readonly Value[] }
    | { readonly kind: "boolean" }
    | {
        readonly kind: "int" | "float";
        readonly min: number;
        readonly max: number;
        readonly step: number | null;
        readonly sampling: Sampling;
      }
  ))[];
  readonly random: readonly {
    readonly space: "mixed" | "small";
    readonly seed: number;
    readonly maxTrials: number;
    readonly trials: readonly RecordedTrial[];
  }[];
  readonly grid: readonly RecordedTrial[];
  readonly hyperband: readonly {
    readonly maxEpochs: number;
    readonly factor: number;
    readonly iterations: number;
    readonly total: number;
    readonly trials: readonly RecordedTrial[];
  }[];
  readonly bayesian: {
    readonly initialPoints: number;
    readonly seed: number;
    readonly trials: readonly RecordedTrial[];
    readonly vectors: readonly (readonly number[])[];
    readonly targets: readonly number[];
    readonly lengthScale: number;
    readonly logLikelihood: number;
    readonly points: readonly (readonly number[])[];
    readonly mean: readonly number[];
    readonly deviation: readonly number[];
    readonly acquisition: { readonly point: readonly number[]; readonly value: number };
  };
  readonly display: {
    readonly text: string;
    readonly general: readonly (readonly [number, string])[];
    readonly repr: readonly (readonly [number, string])[];
  };
}

const FILE = new URL("../fixtures/tuner/keras-tuner.json", import.meta.url);

const PARENT = "tuner/trial_id";

/** KerasTuner counts its trials from 0 and pads with zeros. */
function ownId(id: Value): string {
  return String(Number(id) + 1);
}

export const FIXTURE: Fixture = JSON.parse(readFileSync(FILE, "utf8"), (key, value) => {
  if (key === PARENT) return ownId(value);
  const isTrial = typeof value?.id === "string" && typeof value.values === "object";
  return isTrial ? { ...value, id: ownId(value.id) } : value;
});

function declared(body: (hp: HyperParameters) => void): Space {
  const hp = new HyperParameters();
  body(hp);
  return hp.space;
}

export const SPACES = {
  mixed: declared((hp) => {
    hp.int("filters", { min: 6, max: 12, step: 2 });
    hp.choice("activation", ["relu", "tanh"], { default: "tanh" });
    hp.float("rate", { min: 1e-4, max: 1e-2, sampling: "log", default: 1e-3 });
    hp.boolean("deep");
    hp.conditionalScope("deep", [true], () => {
      hp.int("units", { min: 10, max: 100, sampling: "log" });
      hp.float("dropout", { min: 0, max: 0.5, step: 0.25 });
    });
    hp.fixed("optimizer", "adam");
  }),
  small: declared((hp) => {
    hp.choice("a", ["x", "y"]);
    hp.boolean("b");
  }),
  grid: declared((hp) => {
    hp.choice("a", ["x", "y", "z"], { default: "y" });
    hp.conditionalScope("a", ["x", "z"], () => hp.int("n", { min: 1, max: 3, default: 2 }));
    hp.boolean("b");
    hp.float("f", { min: 0, max: 1, step: 0.5 });
  }),
  smooth: declared((hp) => {
    hp.float("x", { min: 0, max: 1 });
    hp.float("y", { min: 0, max: 1 });
    hp.float("rate", { min: 1e-4, max: 1e-1, sampling: "log" });
  }),
} as const;

/** A trial that ended well, or badly where the score is null. */
export function finished(id: string, values: Values, score: number | null): Trial {
  const status = score === null ? "failed" : "completed";
  return { ...newTrial(id, values), status, score, bestEpoch: score === null ? null : 1 };
}

/** Equal in any order, but for the last digits of numbers: Python's pow and ours differ there. */
export function sameValues(actual: Values | null, expected: Values): boolean {
  const [given, wanted] = [actual ?? {}, Object.entries(expected)];
  if (Object.keys(given).length !== wanted.length) return false;
  return wanted.every(([name, value]) => sameValue(given[name], value));
}

export function sameValue(actual: Value | undefined, expected: Value): boolean {
  if (typeof actual !== "number" || typeof expected !== "number") return actual === expected;
  return Math.abs(actual - expected) <= 1e-14 * Math.abs(expected);
}
