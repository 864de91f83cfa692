// The flags that say which model, and the configuration that follows from them: both from the table of models. Flags of one
// kind of model are refused with another, so that none is without effect.

import { UsageError } from "../../engine/core/errors.ts";
import {
  type AnyKind,
  DEFAULT_MODEL,
  kindOf,
  MODEL_KINDS,
  MODEL_NAMES,
  type ModelConfig,
  type ModelName,
  settingsOf,
} from "../../models/models.ts";
import type { Setting } from "../../models/setting.ts";
import { camelCase, type FlagSpec, type FlagValue } from "../frame/flags.ts";

/** Flags of settings have no types of their own: they are looked up by the table's names. */
type SettingFlags = Readonly<Record<never, FlagSpec>>;

/** Of models whose weights may come from a file. */
const WEIGHTS_FLAG = {
  weights: {
    type: "string",
    value: "file",
    help: `${familiesOf((kind) => kind.backbone !== null)}: a Keras .h5 or .keras file, imagenet (the default: Keras's own file, fetched once), or none for random ones`,
  },
} as const;

/** Of what stays the same while the rest is searched for. */
export const KEPT_FLAGS = {
  ...WEIGHTS_FLAG,
  ...settingFlags((kind) => kind.search.keeps),
} as const;

export const MODEL_FLAGS = {
  model: { type: "choice", choices: MODEL_NAMES, help: `which one; default ${DEFAULT_MODEL}` },
  ...settingFlags((kind) => (kind.backbone ? [] : namesOf(kind))),
  ...WEIGHTS_FLAG,
  ...settingFlags(namesOf),
} as const;

export type ModelFlags = Readonly<Record<string, FlagValue>> & {
  readonly model?: ModelName | undefined;
  readonly weights?: string | undefined;
};

/** Without `pretrained`, which follows from the file. Throws UsageError for flags that do not go together. */
export function modelConfig(flags: ModelFlags): ModelConfig {
  const { model: name = DEFAULT_MODEL, weights } = flags;
  const kind = kindOf(name);
  refuseOthers(flags, kind);
  const given: Record<string, unknown> = {};
  for (const [key, setting] of settingsOf(kind)) {
    const value = setting.flag === undefined ? undefined : flags[camelCase(setting.flag)];
    if (value !== undefined) given[key] = read(setting, value);
  }
  return { name, ...kind.configure(given, { isRandom: weights === "none" }) } as ModelConfig;
}

function read(setting: Setting, value: FlagValue): unknown {
  return setting.type === "text" ? setting.parse(String(value)) : value;
}

/** The flags that tell one model from another, where something else, such as a tuner's study, has decided that. */
export function refuseModelFlags(flags: ModelFlags, why: string): void {
  const given = allFlags().find((flag) => flags[camelCase(flag)] !== undefined);
  if (given !== undefined) throw new UsageError(`--${given}: ${why}, got one of its own`);
}

/** Throws UsageError for a flag that is of other models only. */
function refuseOthers(flags: ModelFlags, kind: AnyKind): void {
  const own = new Set(settingsOf(kind).map(([, setting]) => setting.flag));
  const others = allFlags().filter((flag) => !own.has(flag));
  if (!kind.backbone) others.push("weights");
  const given = others.find((flag) => flags[camelCase(flag)] !== undefined);
  if (given === undefined) return;
  const { name } = kind;
  throw new UsageError(`--${given}: is no setting of ${name}, got it with --model ${name}`);
}

function namesOf(kind: AnyKind): readonly string[] {
  return settingsOf(kind).map(([name]) => name);
}

function allFlags(): string[] {
  return Object.keys(settingFlags(namesOf));
}

/** The flags of the settings that are chosen of each kind. */
function settingFlags(chosen: (kind: AnyKind) => readonly string[]): SettingFlags {
  const specs: Record<string, FlagSpec> = {};
  for (const kind of MODEL_KINDS) {
    const names = chosen(kind);
    for (const [name, setting] of settingsOf(kind)) {
      const { flag } = setting;
      if (flag === undefined || !names.includes(name)) continue;
      const isTheirs = (row: AnyKind): boolean => settingsOf(row).some(([, s]) => s.flag === flag);
      const families = MODEL_KINDS.every(isTheirs) ? "" : `${familiesOf(isTheirs)}: `;
      specs[flag] ??= specOf(setting, `${families}${helpOf(setting)}`);
    }
  }
  return specs;
}

function familiesOf(has: (kind: AnyKind) => boolean): string {
  return [...new Set(MODEL_KINDS.filter(has).map(({ family }) => family))].join(", ");
}

/** No default of the flag's own: what is not given is the model's affair. */
function specOf(setting: Setting, help: string): FlagSpec {
  switch (setting.type) {
    case "choice":
      return { type: "choice", choices: setting.choices.map(String), help };
    case "text":
    case "pair":
      return {
        type: "string",
        value: setting.type === "text" ? setting.placeholder : "pair",
        help,
      };
    default: {
      const { type, min, max, above, below } = setting;
      const bounds = Object.entries({ min, max, above, below });
      const given = Object.fromEntries(bounds.filter(([, bound]) => bound !== undefined));
      return { type, ...given, help };
    }
  }
}

function helpOf(setting: Setting): string {
  if (setting.type === "text") return setting.help;
  return `${setting.help}; default ${setting.default}`;
}
