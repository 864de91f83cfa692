// The models that a page offers: those that start from random weights, with the settings that a command line has flags for.

import { UsageError } from "../../engine/core/errors.ts";
import { kindOf, MODEL_KINDS, type ModelConfig, settingsOf } from "../../models/models.ts";
import { ruleOf, type Setting } from "../../models/setting.ts";
import type { ModelView, SettingView } from "../../page/web/protocol.ts";

export function modelViews(): readonly ModelView[] {
  return MODEL_KINDS.filter(({ backbone }) => backbone === null).map((kind) => ({
    name: kind.name,
    settings: settingsOf(kind).flatMap(([key, setting]) => settingView(key, setting)),
  }));
}

function settingView(key: string, setting: Setting): readonly SettingView[] {
  const { flag, help, type } = setting;
  if (flag === undefined || type === "pair" || type === "text") return [];
  const choices = type === "choice" ? setting.choices.map(String) : null;
  const label = flag.replaceAll("-", " ");
  return [{ key, label, help, choices, value: String(setting.default) }];
}

/** Throws UsageError, naming the setting, for a value that it cannot have. */
export function configOf(name: string, given: Readonly<Record<string, string>>): ModelConfig {
  const settings = new Map(settingsOf(kindOf(name)));
  const entries = Object.entries(given).flatMap(([key, text]) => {
    const setting = settings.get(key);
    if (!setting) throw new UsageError(`${key}: is no setting of ${name}`);
    const value = valueFrom(setting, text);
    const [rule, holds] = ruleOf(setting);
    if (!holds(value)) throw new UsageError(`${setting.flag ?? key}: ${rule}, got ${text}`);
    return value === setting.default ? [] : [[key, value]];
  });
  return { name, ...Object.fromEntries(entries) } as ModelConfig;
}

function valueFrom(setting: Setting, text: string): unknown {
  if (setting.type !== "choice") return text.trim() === "" ? Number.NaN : Number(text);
  return setting.choices.find((choice) => String(choice) === text);
}
