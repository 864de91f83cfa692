// statistics.json of a run: what `--stats` measured of its training steps, and the check of one that is read again.

import { dirname, join } from "node:path";
import * as v from "valibot";
import { writeAtomically } from "../io/files.ts";
import { readJsonIfThere } from "../io/read-json.ts";
import { count, finite } from "../io/saved-values.ts";
import type { Callback } from "../train/callbacks/callback.ts";
import type { StepStatistics } from "../train/step-statistics.ts";

const FILE = "statistics.json";
/** Raised when the file changes meaning; a newer one is refused. */
const FORMAT = 1;

/** Every step of a long training may be measured. */
const MOST_BYTES = 2 ** 29 - 2 ** 20;

const figure = v.nullable(finite);

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
  const saved = await readJsonIfThere(path, schema, {
    what: "what --stats writes",
    format: FORMAT,
    help: "remove the file, and the run is read without statistics",
    mostBytes: MOST_BYTES,
  });
  return saved?.steps ?? [];
}
