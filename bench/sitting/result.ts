// A result of the bench, what `--out` writes and `--json` prints: read and checked, also those that earlier versions wrote without
// quartiles, and as one list of timed cases.

import * as v from "valibot";
import { FormatError } from "../../src/engine/core/errors.ts";
import { foreignText } from "../../src/format/foreign-text.ts";
import type { Sampled } from "../../src/inspect/profile/statistics.ts";
import { RESULT_FORMAT, stepName } from "../../src/inspect/timing/result-record.ts";
import { readText } from "../../src/io/read-json.ts";
import { checkJson, type SavedJson } from "../../src/io/saved-json.ts";

const SAVED: SavedJson = {
  what: "a result of the bench",
  format: RESULT_FORMAT,
  help: "`npm run bench -- --out FILE.json` writes one",
};
/** Cases of all kinds; ours are some two hundred. */
const MOST_CASES = 10_000;

const amount = v.pipe(v.number(), v.minValue(0));
const name = v.pipe(
  v.string(),
  v.transform((text) => foreignText(text)),
);
const kernels = v.optional(v.literal("measured"));
const timed = { ms: amount, p90: amount, lower: v.optional(amount), upper: v.optional(amount) };
const some = <S extends v.GenericSchema>(schema: S) =>
  v.pipe(v.array(schema), v.maxLength(MOST_CASES, `at most ${MOST_CASES} cases`));
const ceilings = v.object({ gflops: amount });

const schema = v.object({
  adapter: name,
  software: v.boolean(),
  /** When it was begun, as ISO 8601 has it; early ones have the day in their file's name. */
  date: v.optional(v.pipe(v.string(), v.isoTimestamp("a date as ISO 8601 has it"))),
  ceilings: v.optional(ceilings),
  /** Early ones. */
  ceiling: v.optional(ceilings),
  kernels: some(v.object({ ...timed, name, variant: name, shape: name })),
  forward: v.optional(
    some(v.object({ ...timed, model: name, kernels, size: amount, batch: amount })),
    [],
  ),
  trainStep: some(v.object({ ...timed, model: name, kernels, batch: amount })),
  machine: v.optional(v.object({ noisy: v.boolean() })),
});

type Checked = v.InferOutput<typeof schema>;

export interface TimedCase {
  /** `conv2 dx`, `vgg19 whole forward pass`, `train step lenet5 batch 50`. */
  readonly name: string;
  /** Of a kernel with several. */
  readonly variant: string | null;
  /** Cases of one name are the same only where they have the same. */
  readonly shape: string;
  readonly ms: Sampled;
}

export interface BenchResult {
  readonly adapter: string;
  readonly isSoftware: boolean;
  /** `2026-11-27`; null where neither the result nor its file says it. */
  readonly day: string | null;
  /** GFLOPS between registers; null where they were not measured. */
  readonly gflops: number | null;
  readonly isNoisy: boolean;
  readonly cases: readonly TimedCase[];
}

/** Reads a file; what npm prints before the JSON of `--json` may stand in it. */
export async function loadResult(path: string): Promise<BenchResult> {
  const text = await readText(path, SAVED);
  const last = text.trimEnd().split("\n").at(-1) ?? "";
  for (const candidate of [text, last]) {
    const value = parsed(candidate);
    if (value !== undefined) return readResult(value, path);
  }
  throw new FormatError(`${path}: must be JSON, got ${text.length} characters that are not`, {
    help: "`npm run bench -- --out FILE.json` writes a result",
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) ?? null;
  } catch {
    return undefined;
  }
}

/** Throws FormatError for anything that is no result of the bench; `file` is what messages call it. */
export function readResult(value: unknown, file: string): BenchResult {
  if (!looksLikeOurs(value)) {
    const got = Array.isArray(value) ? "a list" : "something else";
    throw new FormatError(`${file}: must be ${SAVED.what}, got ${got}`, {
      help: "`npm run bench -- --out FILE.json` writes one",
    });
  }
  const checked = checkJson(value, { schema, name: file, saved: SAVED });
  const { adapter, software, date, machine } = checked;
  const inName = /(?:^|[\\/])(\d{4}-\d{2}-\d{2})[^\\/]*$/.exec(file)?.[1];
  return {
    adapter,
    isSoftware: software,
    day: date?.slice(0, 10) ?? inName ?? null,
    gflops: (checked.ceilings ?? checked.ceiling)?.gflops ?? null,
    isNoisy: machine?.noisy ?? false,
    cases: casesOf(checked),
  };
}

/** So that a profile, or a result of somebody else's, is told as what it is not, and not by its first missing field. */
function looksLikeOurs(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return "adapter" in value && "kernels" in value && "trainStep" in value;
}

function casesOf({ kernels, forward, trainStep }: Checked): readonly TimedCase[] {
  return [
    ...kernels.map((one) => ({
      name: one.name,
      variant: one.variant === "only" ? null : one.variant,
      shape: one.shape,
      ms: sampledOf(one),
    })),
    ...forward.map((one) => ({
      name: passName(one.model),
      variant: one.kernels ?? null,
      shape: `${one.size}×${one.size}, batch ${one.batch}`,
      ms: sampledOf(one),
    })),
    ...trainStep.map((one) => ({
      name: stepName(one.model, one.batch),
      variant: one.kernels ?? null,
      shape: "",
      ms: sampledOf(one),
    })),
  ];
}

/** Images of a whole forward pass. */
export const PASS_BATCH = 50;

export function passName(model: string): string {
  return `${model} whole forward pass`;
}

/** Of a normal distribution, the quartiles lie 0.526 times as far from the median as the 90th percentile. */
const QUARTILE_OF_P90 = 0.526;

type Timed = Pick<Checked["kernels"][number], keyof typeof timed>;

function sampledOf({ ms, p90, lower, upper }: Timed): Sampled {
  const half = QUARTILE_OF_P90 * Math.max(0, p90 - ms);
  return { median: ms, lower: lower ?? ms - half, upper: upper ?? ms + half };
}
