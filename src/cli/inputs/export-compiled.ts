// How a model was trained, for a file that Keras goes on training from: settings of a run's record or of a Keras file, and what the
// optimiser came to.

import { FormatError } from "../../engine/core/errors.ts";
import { shortestFloat } from "../../format/number-format.ts";
import type { Compiled, CompiledForExport } from "../../keras/compiled/compiled.ts";
import { scheduleRate } from "../../keras/compiled/schedule-rate.ts";
import { readOptimizer } from "../../runs/optimizer-file.ts";
import type { RunConfig } from "../../runs/run-record.ts";
import { compiledOf as compiledOfTraining } from "../../train/compiled-training.ts";
import type { Optimisation } from "../../train/training.ts";
import type { Carried } from "./export-format.ts";
import type { SavedModel } from "./saved-model.ts";

export interface ExportCompiled {
  /** Null where nobody says how the model was trained. */
  readonly compiled: CompiledForExport | null;
  /** For people: what of a Keras file is not handed on, a line each. */
  readonly notes: readonly string[];
}

/** Of a saved run, or of a Keras file in its place, which was read with its optimiser. Throws FormatError for a damaged state. */
export async function compiledOf(
  run: string,
  { config, isFile, compiled }: Pick<SavedModel, "config" | "isFile" | "compiled">,
): Promise<ExportCompiled> {
  if (isFile) return compiledOfFile(compiled);
  return { compiled: await compiledOfRun(run, config.training), notes: [] };
}

function compiledOfFile(compiled: Compiled | null): ExportCompiled {
  if (!compiled) return { compiled: null, notes: [] };
  const { optimizer, settings, learningRate, loss, metrics, state } = compiled;
  const notes = [...compiled.notes];
  const options = Object.keys(loss?.options ?? {});
  if (options.length > 0) {
    notes.push(`its loss has options that are not written, ${options.join(", ")}`);
  }
  if (!optimizer || learningRate === null || !loss || options.length > 0) {
    return { compiled: null, notes };
  }
  const isKnown = compiled.schedule !== null && scheduleRate(compiled.schedule, 0) !== null;
  const schedule = isKnown ? compiled.schedule : null;
  const kept = { optimizer, settings, learningRate, schedule, loss: loss.name, metrics, state };
  return { compiled: kept, notes };
}

/** Null for a run whose record does not say how it was trained. */
async function compiledOfRun(
  run: string,
  training: RunConfig["training"],
): Promise<CompiledForExport | null> {
  const { learningRate } = training;
  if (typeof learningRate !== "number") return null;
  const state = await readOptimizer(run).catch((cause: unknown) => {
    if (!(cause instanceof FormatError)) throw cause;
    const help = "--no-optimizer exports the model without it";
    throw new FormatError(cause.message, { cause, help });
  });
  return compiledOfTraining({ ...(training as Optimisation), learningRate }, state);
}

/** `adam after 938 steps, at a rate of 0.001`: what the file holds beside the model. */
export function describeCompiled(
  { optimizer, settings, learningRate, state, schedule }: CompiledForExport,
  carried: Carried,
): string {
  if (carried === "nothing") {
    const what = settings.weightDecay === undefined ? optimizer : `${optimizer} with weight decay`;
    return `no: Keras 2 and 3 differ on ${what}; --keras 2 or a .keras file holds it`;
  }
  const number = shortestFloat(state?.learningRate ?? learningRate);
  const rate = schedule ? `${number} along ${schedule.className}` : number;
  if (carried === "state") {
    return `${optimizer} after ${state?.steps} steps, at a rate of ${rate}: fit goes on where training stopped`;
  }
  const why = state ? "for this Keras the file does not hold them" : "there were none to keep";
  const begun = schedule
    ? `along ${schedule.className} from its first step`
    : `at a rate of ${rate}`;
  return `${optimizer} ${begun}, without its moments: ${why}`;
}
