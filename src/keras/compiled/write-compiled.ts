// Compile settings in Keras's spellings: `compile_config` of a `.keras` file, `training_config` of an `.h5`. Left out is
// what `compile` has a default for, because releases differ in what they know.

import type { JsonValue } from "../../io/files.ts";
import type { JsonObject } from "../../models/architecture/layer-config.ts";
import type { CompiledForExport, KerasSchedule } from "./compiled.ts";
import type { Generation } from "./optimizer-entries.ts";
import { COMMON_SETTINGS, OPTIMIZER_KINDS } from "./optimizer-kinds.ts";

/** Of config.json. */
export function compileConfig(compiled: CompiledForExport, generation: Generation): JsonObject {
  const { className, config } = optimizer(compiled, generation);
  return {
    optimizer: {
      ...{ module: "keras.optimizers", class_name: className, config, registered_name: null },
    },
    ...common(compiled),
  };
}

/**
 * Of the `.h5`'s attribute. For both, it has the settings that Keras 3 and the optimisers of Keras 2 before 2.11 know, which is
 * what 2.15 makes of a file that does not say otherwise; null for what those lack.
 */
export function trainingConfig(
  compiled: CompiledForExport,
  audience: 2 | "both",
): JsonObject | null {
  if (audience === 2) {
    const { className, config } = optimizer(compiled, 2);
    // As 2.11 to 2.15 tell their optimisers from those of old.
    const own = {
      class_name: `Custom>${className}`,
      config: { ...config, is_legacy_optimizer: false },
    };
    return { ...common(compiled), optimizer_config: own };
  }
  const { optimizer: name, settings } = compiled;
  if (name === "adamw" || name === "lion" || settings.weightDecay !== undefined) return null;
  const { className, config } = optimizer(compiled, 2);
  const known = Object.entries(config).filter(
    ([key, value]) => value !== null && !key.includes("ema"),
  );
  const own = { class_name: className, config: Object.fromEntries(known) };
  // Asked for by TF-Keras 1, and passed over by all others.
  return { ...common(compiled), sample_weight_mode: null, optimizer_config: own };
}

function common({ loss, metrics }: CompiledForExport) {
  return { loss, metrics: [...metrics], loss_weights: null, weighted_metrics: null };
}

function optimizer(
  { optimizer: name, settings, learningRate, state, schedule }: CompiledForExport,
  generation: Generation,
): { readonly className: string; readonly config: JsonObject } {
  const kind = OPTIMIZER_KINDS[name];
  const own = kind.settings.map(([ours, keras, initial]) => [keras, settings[ours] ?? initial]);
  const shared = COMMON_SETTINGS.map(([ours, keras]): [string, JsonValue] => [
    keras,
    settings[ours] ?? (name === "adamw" && ours === "weightDecay" ? 0.004 : null),
  ]);
  const config = {
    name: generation === 3 && name !== "sgd" ? name : kind.className,
    learning_rate: schedule ? scheduleObject(schedule) : (state?.learningRate ?? learningRate),
    ...Object.fromEntries(shared),
    ...{ use_ema: false, ema_momentum: 0.99, ema_overwrite_frequency: null },
    ...Object.fromEntries(own),
    ...kind.fixed,
  };
  return { className: kind.className, config };
}

function scheduleObject({ className, config }: KerasSchedule): JsonObject {
  const module = "keras.optimizers.schedules";
  return { module, class_name: className, config, registered_name: null };
}
