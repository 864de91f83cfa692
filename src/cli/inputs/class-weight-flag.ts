// --class-weight: balanced, weights by class number in the line, or a file of them.

import { readFileSync } from "node:fs";
import { UsageError } from "../../engine/core/errors.ts";
import { thrown } from "../../io/program-file.ts";
import { type ClassWeight, checkClassWeight } from "../../train/class-weights.ts";

export const CLASS_WEIGHT_FLAG = {
  "class-weight": {
    type: "string",
    value: "weights",
    default: "none",
    help: "what a row counts for in the loss that is trained on: balanced makes rare classes count as much as frequent ones, rows / (classes x rows of the class); 0=1,1=2.5 says it by class number, the others count 1; or a .json file with such an object, or a list",
  },
} as const;

/** Undefined: every row counts alike. Throws UsageError for what is no weights. */
export function parseClassWeight(text: string | undefined): ClassWeight | undefined {
  if (text === undefined || text === "none") return undefined;
  if (text === "balanced") return text;
  const weights = text.includes("=") ? inLine(text) : inFile(text);
  checkClassWeight(weights);
  return weights;
}

/** `0=1,1=2.5` */
export function classWeightText(weight: ClassWeight): string {
  if (typeof weight === "string") return weight;
  const entries: readonly (readonly [string, number])[] = Object.entries(weight);
  return entries.map(([label, value]) => `${label}=${value}`).join(",");
}

function inLine(text: string): Readonly<Record<string, number>> {
  const pairs = text.split(",").map((pair) => pair.split("=").map((part) => part.trim()));
  const entries = pairs.map(([label = "", weight = "", ...more]) => {
    if (label !== "" && weight !== "" && more.length === 0) return [label, Number(weight)] as const;
    throw refused(text);
  });
  const weights = Object.fromEntries(entries);
  if (Object.keys(weights).length === entries.length) return weights;
  throw new UsageError(`--class-weight: must name each class once, got ${text}`);
}

function inFile(path: string): Readonly<Record<string, number>> {
  if (!/\.json$/i.test(path)) throw refused(path);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    const got = thrown(cause);
    throw new UsageError(`--class-weight: ${path} must be a file of JSON, got ${got}`, { cause });
  }
  if (typeof value === "object" && value !== null) return { ...value };
  throw new UsageError(`--class-weight: ${path} must hold an object or a list, got ${value}`);
}

function refused(text: string): UsageError {
  return new UsageError(
    `--class-weight: must be balanced, none, weights such as 0=1,1=2.5 or a .json file, got ${text}`,
  );
}
