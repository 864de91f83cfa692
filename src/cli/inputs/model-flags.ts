// The flags that say which model, and the configuration that follows from them: both from the table of models. Flags of one
// kind of model are refused with another, so that none is without effect.

import { UsageError } from "../../engine/core/errors.ts";
import {
  ALL_KINDS,
  type AnyKind,
  DEFAULT_MODEL,
  kindOf,
  MODEL_NAMES,
  type ModelConfig,
  settingsOf,
} from "../../models/models.ts";
import { ruleOf, type Setting } from "../../models/setting.ts";
import { camelCase, type FlagSpec, type FlagValue } from "../frame/flags.ts";

/** Flags of settings have no types of their own: they are looked up by the table's names. */
type SettingFlags = Readonly<Record<never, FlagSpec>>;

/** Of models whose weights may come from a file. */
const WEIGHTS_FLAG = {
  weights: {
    type: "string",
    value: "file",
    help: `${familiesOf((kind) => kind.backbone !== null)}: a Keras .h5 or .keras file, imagenet (the default: Keras's own file, fetched once), or none for random ones; a file: another file's, or none; default its own`,
  },
} as const;

/** Of what stays the same while the rest is searched for. */
export const KEPT_FLAGS = {
  ...WEIGHTS_FLAG,
  ...settingFlags((kind) => kind.search.keeps),
} as const;

export const MODEL_FLAG = {
  model: {
    type: "string",
    value: "name or file",
    help: `${MODEL_NAMES.join(", ")}; or a file: a model of Keras's (.keras, .h5) with its weights, or a program that exports one (.ts); default ${DEFAULT_MODEL}`,
  },
} as const;

export const MODEL_FLAGS = {
  ...MODEL_FLAG,
  ...settingFlags((kind) => (kind.backbone ? [] : namesOf(kind))),
  ...WEIGHTS_FLAG,
  ...settingFlags(namesOf),
} as const;

export type ModelFlags = Readonly<Record<string, FlagValue>> & {
  readonly model?: string | undefined;
  readonly weights?: string | undefined;
};

/**
 * Of a model that can be named; without `pretrained`, which follows from the file. Throws UsageError for flags that do not go
 * together.
 */
export function modelConfig(flags: ModelFlags): ModelConfig {
  const { model: name = DEFAULT_MODEL, weights } = flags;
  const kind = kindOf(name);
  const given = settingsGiven(flags, kind);
  return { name, ...kind.configure(given, { isRandom: weights === "none" }) } as ModelConfig;
}

/** What flags say of the settings of a kind. Throws UsageError for a flag of other kinds, and for a value that is none. */
export function settingsGiven(flags: ModelFlags, kind: AnyKind): Readonly<Record<string, unknown>> {
  refuseOthers(flags, kind);
  const given: Record<string, unknown> = {};
  for (const [key, setting] of settingsOf(kind)) {
    const value = setting.flag === undefined ? undefined : flags[camelCase(setting.flag)];
    if (value !== undefined) given[key] = read(setting, value);
  }
  return given;
}

/** A flag that means different things to different models comes as it was typed. */
function read(setting: Setting, value: FlagValue): unknown {
  if (setting.type === "text") return setting.parse(String(value));
  const isNumber = setting.type === "integer" || setting.type === "number";
  const typed = isNumber && typeof value === "string" ? Number(value) : value;
  const [rule, holds] = ruleOf(setting);
  if (holds(typed)) return typed;
  throw new UsageError(`--${setting.flag}: ${rule}, got ${value}`);
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
  if (!takesWeights(kind)) others.push("weights");
  const given = others.find((flag) => flags[camelCase(flag)] !== undefined);
  if (given === undefined) return;
  const name = flags.model ?? DEFAULT_MODEL;
  throw new UsageError(`--${given}: is no setting of ${name}, got it with --model ${name}`);
}

/** Networks of ImageNet, and those of files. */
function takesWeights(kind: AnyKind): boolean {
  return kind.backbone !== null || settingsOf(kind).some(([name]) => name === "pretrained");
}

function namesOf(kind: AnyKind): readonly string[] {
  return settingsOf(kind).map(([name]) => name);
}

function allFlags(): string[] {
  return Object.keys(settingFlags(namesOf));
}

/** The flags of the settings that are chosen of each kind. */
function settingFlags(chosen: (kind: AnyKind) => readonly string[]): SettingFlags {
  const uses = new Map<string, { readonly kind: AnyKind; readonly setting: Setting }[]>();
  for (const kind of ALL_KINDS) {
    const names = chosen(kind);
    for (const [name, setting] of settingsOf(kind)) {
      const { flag } = setting;
      if (flag === undefined || !names.includes(name)) continue;
      uses.set(flag, [...(uses.get(flag) ?? []), { kind, setting }]);
    }
  }
  return Object.fromEntries([...uses].map(([flag, theirs]) => [flag, sharedSpec(theirs)]));
}

/** One flag for all kinds that have it; where it means another thing to some, it is read when the kind is known. */
function sharedSpec(
  uses: readonly { readonly kind: AnyKind; readonly setting: Setting }[],
): FlagSpec {
  const meanings = new Map<string, string[]>();
  for (const { kind, setting } of uses) {
    const help = helpOf(setting);
    meanings.set(help, [...new Set([...(meanings.get(help) ?? []), kind.family])]);
  }
  const isOfAll = uses.length === ALL_KINDS.length && meanings.size === 1;
  const help = [...meanings].map(([text, families]) => {
    return isOfAll ? text : `${families.join(", ")}: ${text}`;
  });
  const [first] = uses;
  if (!first) throw new Error("model-flags: a flag is of some kind");
  const spec = specOf(first.setting, help.join("; "));
  const isSame = uses.every(({ setting }) => {
    return JSON.stringify(specOf(setting, "")) === JSON.stringify({ ...spec, help: "" });
  });
  return isSame ? spec : { type: "string", help: spec.help, value: valuesOf(uses) };
}

/** `flatten, average or count` */
function valuesOf(uses: readonly { readonly setting: Setting }[]): string {
  const names = uses.flatMap(({ setting }) => {
    if (setting.type === "choice") return setting.choices.map(String);
    return setting.type === "text" ? setting.placeholder.split("|") : ["count"];
  });
  return [...new Set(names)].join("|");
}

function familiesOf(has: (kind: AnyKind) => boolean): string {
  return [...new Set(ALL_KINDS.filter(has).map(({ family }) => family))].join(", ");
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
