// The command line that trains a saved run again, from its configuration: the way back from flags to settings. Every flag is
// said, defaults too, so that it stays true when a default changes.

import type { JsonValue } from "../../io/files.ts";
import { isTransfer, kindOf, settingsOf } from "../../models/models.ts";
import { isRecord } from "../../report/run/run-files.ts";
import type { Repeat } from "../../report/run/run-story.ts";
import type { RunConfig } from "../../runs/run-folder.ts";
import { quoted } from "../../study/part-commands.ts";
import { kebabCase } from "../frame/flags.ts";

export function repeatCommand(config: RunConfig): Repeat {
  const origin = originOf(config);
  if (origin !== null) return { command: null, isExact: false, notes: [origin] };
  const { model, training, data } = config;
  const { name, ...settings } = model;
  const words = ["npm run train --", `--model ${name}`];
  const unsaid: string[] = [];
  const known = new Map(settingsOf(kindOf(name)));
  for (const [key, value] of Object.entries(settings)) {
    const setting = known.get(key);
    if (setting?.flag !== undefined) words.push(`--${setting.flag} ${quoted(String(value))}`);
    else if (!SILENT.has(key) && !isSame(value, setting?.default)) {
      unsaid.push(`${key} ${JSON.stringify(value)}`);
    }
  }
  if (isTransfer(model) && (model.pretrained ?? null) === null) words.push("--weights none");
  for (const [key, value] of Object.entries(training)) {
    if (value === null || value === undefined || value === false) continue;
    const flag = `--${kebabCase(key)}`;
    words.push(value === true ? flag : `${flag} ${quoted(String(value))}`);
  }
  return {
    command: words.join(" "),
    isExact: unsaid.length === 0,
    notes: notesOf({ model, data, unsaid }),
  };
}

/** A fold or a trial says so; what made it is a command of its own, with the settings of the folder above. */
function originOf(config: RunConfig): string | null {
  const origin: JsonValue = "origin" in config ? (config.origin as JsonValue) : undefined;
  if (!isRecord(origin)) return null;
  const { kind, fold, folds, trial, tuner } = origin;
  const ofFolds = `fold ${fold} of ${folds}`;
  if (kind === "fold") {
    return `This is ${ofFolds} of a cross-validation: \`npm run kfold\`, with the settings that \`kfold.json\` in the folder above records, trains it again.`;
  }
  const part = fold === undefined ? "" : `, ${ofFolds}`;
  return `This is trial ${trial}${part} of a search (${tuner}): \`npm run tune\`, with the settings that the search's folder records, trains it again.`;
}

/** The data says how many classes there are; --weights which file. */
const SILENT: ReadonlySet<string> = new Set(["classes", "pretrained"]);

function notesOf({
  model,
  data,
  unsaid,
}: Pick<RunConfig, "model" | "data"> & { readonly unsaid: readonly string[] }): string[] {
  const notes: string[] = [];
  if (unsaid.length > 0) {
    notes.push(
      `**No flag gives the model's ${unsaid.join(", ")}:** they are from a search (\`npm run tune\`); \`config.json\` holds the whole network.`,
    );
  }
  if (isTransfer(model) && model.pretrained) {
    notes.push(
      `The base began with weights of SHA-256 \`${model.pretrained}\`; without \`--weights FILE\` Keras's published file is taken.`,
    );
  }
  if (typeof data["source"] === "string") {
    notes.push(`The run read ${data["source"]}; \`--data\` names another place.`);
  }
  return notes;
}

function isSame(value: unknown, other: unknown): boolean {
  return JSON.stringify(value) === JSON.stringify(other);
}
