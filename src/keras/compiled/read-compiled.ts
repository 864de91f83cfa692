// How a Keras file's model was compiled, in our words. Nothing of it is dropped in silence: what has no counterpart here is
// named in a note.

import { UsageError } from "../../engine/core/errors.ts";
import {
  createOptimizer,
  type OptimizerName,
  type OptimizerSettings,
} from "../../engine/optim/create-optimizer.ts";
import type { WeightRecord } from "../../engine/program/layer-record.ts";
import { isRecord, type JsonRecord, quote } from "../../models/architecture/json-record.ts";
import type { SavedCompilation } from "../weights/saved-weights.ts";
import type { Compiled, KerasSchedule } from "./compiled.ts";
import { OLD_NADAM_KEYS, otherNadam } from "./nadam-kinds.ts";
import { COMMON_SETTINGS, OPTIMIZER_KINDS, type OptimizerKind } from "./optimizer-kinds.ts";
import { readLoss, readMetrics } from "./read-loss.ts";
import { readState } from "./read-state.ts";
import { scheduleRate } from "./schedule-rate.ts";

/** Keras's: of `sgd` 0.01, of the others 0.001. */
const DEFAULT_RATE = (name: OptimizerName): number => (name === "sgd" ? 0.01 : 0.001);

/** `trainables`: the model's trainable variables in Keras's order; null leaves the optimiser's state unread. */
export function readCompiled(
  saved: SavedCompilation,
  trainables: readonly WeightRecord[] | null,
): Compiled {
  const { config } = saved;
  const notes: string[] = [];
  const loss = readLoss(config["loss"], notes);
  const metrics = readMetrics(config["metrics"], notes);
  for (const key of ["loss_weights", "weighted_metrics", "sample_weight_mode"]) {
    const value = config[key];
    if (value === undefined || value === null || JSON.stringify(value) === "[]") continue;
    notes.push(`${key} of the file are not taken over, got ${quote(value)}`);
  }
  const { className, options } = optimizerObject(config["optimizer"] ?? config["optimizer_config"]);
  const kind = Object.values(OPTIMIZER_KINDS).find(
    (known) => known.className.toLowerCase() === className.toLowerCase(),
  );
  const others = { loss, metrics, notes };
  if (!kind) {
    notes.push(`the optimiser ${className === "" ? "of the file" : className} is none of ours`);
    const none = { optimizer: null, settings: {}, learningRate: null, schedule: null, state: null };
    return { ...none, ...others };
  }
  const settings = readSettings(kind, options, notes);
  const other = kind.name === "nadam" ? otherNadam(options) : null;
  if (other !== null) notes.push(other);
  const { learningRate, schedule } = readRate(kind, options, notes);
  const state = trainables && readState(saved, { kind, settings, trainables, schedule }, notes);
  // The variable goes before the configuration, as in Keras.
  const scheduled = schedule && scheduleRate(schedule, state?.steps ?? 0);
  const rate = scheduled ?? state?.learningRate ?? learningRate;
  if (schedule) {
    const got = scheduled === null ? `unknown here, so ${rate}` : String(rate);
    notes.push(
      `the rate is ${schedule.className}'s, which goes by steps, and ${state ? "stands" : "begins"} at ${got}`,
    );
  }
  return {
    ...{ optimizer: kind.name, settings, schedule, ...others, learningRate: rate },
    state: state && { ...state, learningRate: rate },
  };
}

/** `"adam"`, `{ class_name: "Custom>Adam", config: {} }`. */
function optimizerObject(value: unknown): {
  readonly className: string;
  readonly options: JsonRecord;
} {
  if (typeof value === "string") return { className: value, options: {} };
  const { class_name: name, config } = isRecord(value) ? value : {};
  const className = typeof name === "string" ? name.replace(/^.*>/, "") : "";
  return { className, options: isRecord(config) ? config : {} };
}

function readSettings(
  kind: OptimizerKind,
  options: JsonRecord,
  notes: string[],
): OptimizerSettings {
  const known = new Set<string>(toldKeys(kind));
  const settings: Record<string, number | boolean> = {};
  for (const [ours, keras, initial] of kind.settings) {
    known.add(keras);
    const value = options[keras] ?? initial;
    if (value === initial) continue;
    const isOfKind = typeof value === typeof initial;
    if (isOfKind && isTaken(kind.name, { [ours]: value })) {
      settings[ours] = value as number | boolean;
    } else notes.push(notTaken(keras, value, initial));
  }
  for (const [ours, keras] of COMMON_SETTINGS) {
    known.add(keras);
    const value = options[keras] ?? false;
    if (value === false) continue;
    if (typeof value === "number" && isTaken(kind.name, { [ours]: value })) settings[ours] = value;
    else notes.push(notTaken(keras, value, "unset"));
  }
  for (const [key, value] of Object.entries(options)) {
    if (known.has(key) || value === null || value === false || value === 0) continue;
    notes.push(`${key} of the optimiser is not computed here, got ${quote(value)}`);
  }
  return settings;
}

/** Whether the optimiser can have it: a file that was changed by hand may say anything. */
function isTaken(name: OptimizerName, settings: OptimizerSettings): boolean {
  try {
    createOptimizer(name, settings);
    return true;
  } catch (error) {
    if (error instanceof UsageError) return false;
    throw error;
  }
}

function notTaken(key: string, value: unknown, instead: number | boolean | string): string {
  return `${key} of the optimiser is ${instead}, since the file's cannot be, got ${quote(value)}`;
}

/** Which say nothing about a step, or only where another key does. */
const NEUTRAL_KEYS = [
  ...["name", "learning_rate", "lr", "jit_compile", "is_legacy_optimizer"],
  ...["ema_momentum", "ema_overwrite_frequency"],
] as const;

/** With those of which something else is told. */
function toldKeys({ name }: OptimizerKind): readonly string[] {
  return name === "nadam" ? [...NEUTRAL_KEYS, ...OLD_NADAM_KEYS] : NEUTRAL_KEYS;
}

interface Rate {
  readonly learningRate: number;
  readonly schedule: KerasSchedule | null;
}

function readRate(kind: OptimizerKind, options: JsonRecord, notes: string[]): Rate {
  const value = options["learning_rate"] ?? options["lr"] ?? undefined;
  if (typeof value === "number" && value >= 0) return { learningRate: value, schedule: null };
  if (!isRecord(value) || typeof value["class_name"] !== "string") {
    const learningRate = DEFAULT_RATE(kind.name);
    if (value !== undefined) notes.push(notTaken("learning_rate", value, learningRate));
    return { learningRate, schedule: null };
  }
  const className = value["class_name"].replace(/^.*>/, "");
  const config = isRecord(value["config"]) ? value["config"] : {};
  const [first = config["initial_learning_rate"]] = Array.isArray(config["values"])
    ? config["values"]
    : [];
  const learningRate = typeof first === "number" ? first : DEFAULT_RATE(kind.name);
  return { learningRate, schedule: { className, config } };
}
