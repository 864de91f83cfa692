// The command line that trains a saved run again, from its configuration: the way back from flags to settings. Every flag is
// said, defaults too, so that it stays true when a default changes.

import { isTransfer, kindOf, settingsOf } from "../../models/models.ts";
import type { Repeat } from "../../report/run/run-story.ts";
import type { RunConfig } from "../../runs/run-folder.ts";
import { quoted } from "../../study/part-commands.ts";
import { kebabCase } from "../frame/flags.ts";

export function repeatCommand({ model, training, data }: RunConfig): Repeat {
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
  return { command: words.join(" "), notes: notesOf({ model, data, unsaid }) };
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
