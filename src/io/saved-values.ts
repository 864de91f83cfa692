// Schemas of the values that our saved files are made of, each as narrow as what it stands for.

import * as v from "valibot";
import type { JsonValue } from "./files.ts";

/** A number; JSON knows no other than finite ones, and the reader refuses what becomes infinite. */
export const finite = v.pipe(v.number(), v.finite());
/** Whole, from 0. */
export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** Whole, from 1: of epochs, trials, folds, rows in a batch. */
export const ordinal = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
/** From 0 to 1: of rows that are right. */
export const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
/** At least 0. */
export const amount = v.pipe(v.number(), v.finite(), v.minValue(0));
/** Of learning: above 0. */
export const rate = v.pipe(
  v.number(),
  v.finite(),
  v.check((value) => value > 0, "above 0"),
);
/** In hex. */
export const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "a sha256"));

/** Any JSON: what is read is no more than that. */
export const json = v.custom<JsonValue>((value) => value !== undefined, "there");
export const jsonRecord = v.record(v.string(), json);

/** Of weights on some rows; loss is a mean over them. */
export const score = v.object({ loss: finite, accuracy: share, rows: count });

/** A log's figure by its name; null where it was not a number, as JSON cannot say. */
const figures = v.record(v.string(), v.nullable(finite));

/** Of an epoch: figures by name, shares where the name says accuracy. */
export const logs = v.pipe(
  figures,
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const wrong = Object.entries(dataset.value).find(
      ([name, value]) => value !== null && !fits(name, value),
    );
    if (!wrong) return;
    const [key, value] = wrong;
    addIssue({
      message: ruleOf(key),
      received: String(value),
      path: [{ type: "object", origin: "value", input: dataset.value, key, value }],
    });
  }),
  v.transform((found) =>
    Object.fromEntries(Object.entries(found).map(([name, value]) => [name, value ?? Number.NaN])),
  ),
);

const isShare = (name: string): boolean => /(^|_)accuracy$/.test(name);
const isCount = (name: string): boolean => name === "epoch" || name === "fold";

function fits(name: string, value: number): boolean {
  if (isShare(name)) return value >= 0 && value <= 1;
  return !isCount(name) || (Number.isSafeInteger(value) && value >= 0);
}

function ruleOf(name: string): string {
  return isShare(name) ? "from 0 to 1" : "a whole number from 0";
}

/** What work a folder holds: a format, and settings of any kind. */
export const manifest = v.objectWithRest({ format: ordinal }, json);
