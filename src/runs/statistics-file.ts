// statistics.json of a run: what `--stats` measured of its training steps, and the check of one that is read again.

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { FormatError } from "../engine/core/errors.ts";
import { writeAtomically } from "../io/files.ts";
import type { Callback } from "../train/callbacks/callback.ts";
import type { StepStatistics } from "../train/step-statistics.ts";

const FILE = "statistics.json";
/** Raised when the file changes meaning; a newer one is refused. */
const FORMAT = 1;

const figure = v.nullable(v.number());
const count = v.pipe(v.number(), v.integer(), v.minValue(0));

const schema = v.object({
  format: v.literal(FORMAT),
  steps: v.array(
    v.object({
      step: count,
      epoch: count,
      /** Null where it is not finite, here and below. */
      gradientNorm: figure,
      updateRatios: v.record(v.string(), figure),
      entries: v.array(
        v.object({
          measured: v.picklist([
            ...(["activations", "activationGradients"] as const),
            ...(["weights", "gradients", "updates"] as const),
          ]),
          layer: v.string(),
          name: v.string(),
          elements: count,
          finite: count,
          nonFinite: count,
          zeros: count,
          mean: figure,
          deviation: figure,
          min: figure,
          max: figure,
          histogram: v.array(count),
        }),
      ),
    }),
  ),
});

export type SavedStatistics = v.InferOutput<typeof schema>["steps"];
export type SavedStep = SavedStatistics[number];

/** Keeps what it hears, and writes the run's file after every epoch, so that it outlives the run. */
export class StatisticsFile implements Callback {
  readonly #path: string;
  readonly #steps: ((StepStatistics & { readonly epoch: number }) | SavedStep)[] = [];

  constructor(out: string) {
    this.#path = join(out, FILE);
  }

  /** Keeps what an earlier run of the same training measured up to a step. */
  async goOnAfter(step: number): Promise<void> {
    const earlier = await loadStatistics(dirname(this.#path));
    this.#steps.push(...earlier.filter((one) => one.step <= step));
  }

  readonly onStatistics = (statistics: StepStatistics, epoch: number): void => {
    this.#steps.push({ ...statistics, epoch });
  };

  onEpochEnd(): Promise<void> {
    return this.#write();
  }

  onTrainEnd(): Promise<void> {
    return this.#write();
  }

  async #write(): Promise<void> {
    if (this.#steps.length === 0) return;
    await writeAtomically(
      this.#path,
      `${JSON.stringify({ format: FORMAT, steps: this.#steps })}\n`,
    );
  }
}

/** What was measured in a run; empty where nothing was. Throws FormatError for a file that is damaged. */
export async function loadStatistics(run: string): Promise<SavedStatistics> {
  const path = join(run, FILE);
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return [];
  const parsed = v.safeParse(schema, parsedJson(text), { abortEarly: true });
  if (parsed.success) return parsed.output.steps;
  const [issue] = parsed.issues;
  const at = v.getDotPath(issue) ?? "it";
  throw new FormatError(`${path}: ${at} must be what --stats writes, got ${issue.message}`, {
    help: "remove the file, and the run is read without statistics",
  });
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
