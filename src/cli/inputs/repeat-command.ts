// The command line that trains a saved run again, from its configuration: the way back from flags to settings. Every flag is
// said, defaults too, so that it stays true when a default changes.

import type { JsonValue } from "../../io/files.ts";
import { isOwn, isTransfer, kindOfConfig, settingsOf } from "../../models/models.ts";
import { isRecord } from "../../report/run/run-files.ts";
import type { Repeat } from "../../report/run/run-story.ts";
import type { RunConfig } from "../../runs/run-record.ts";
import { quoted } from "../../study/part-commands.ts";
import { type Augment, augmentText } from "../../train/augment.ts";
import type { ClassWeight } from "../../train/class-weights.ts";
import { kebabCase } from "../frame/flags.ts";
import { classWeightText } from "./class-weight-flag.ts";
import { TRAINING_FLAGS } from "./training-flags.ts";

export function repeatCommand(config: RunConfig): Repeat {
  const origin = originOf(config);
  if (origin !== null) return { command: null, isExact: false, notes: [origin] };
  const { model, training, data } = config;
  const ofModel = modelWords(model);
  const ofTraining = trainingWords(training);
  const [unsaid, unflagged] = [ofModel.unsaid, ofTraining.unsaid];
  return {
    command: ["npm run train --", ...ofModel.words, ...ofTraining.words].join(" "),
    isExact: unsaid.length + unflagged.length === 0 && !isOwn(model),
    notes: notesOf({ model, data, training, unsaid, unflagged }),
  };
}

interface Spelled {
  readonly words: readonly string[];
  /** What no flag gives. */
  readonly unsaid: readonly string[];
}

function modelWords(model: RunConfig["model"]): Spelled {
  const { name, ...settings } = model;
  const words = [`--model ${isOwn(model) ? "FILE" : name}`];
  const unsaid: string[] = [];
  const known = new Map(settingsOf(kindOfConfig(model)));
  for (const [key, value] of Object.entries(settings)) {
    const setting = known.get(key);
    if (setting?.flag !== undefined) words.push(`--${setting.flag} ${quoted(spelled(key, value))}`);
    else if (!SILENT.has(key) && !isSame(value, setting?.default)) {
      unsaid.push(`${key} ${JSON.stringify(value)}`);
    }
  }
  if (isTransfer(model) && (model.pretrained ?? null) === null) words.push("--weights none");
  return { words, unsaid };
}

function trainingWords(training: RunConfig["training"]): Spelled {
  const ofFile = training[STEPS_BEFORE] === undefined ? [] : [STEPS_BEFORE, ...OF_THE_FILE];
  const words: string[] = [];
  const unsaid: string[] = [];
  for (const [key, value] of Object.entries(training)) {
    if (value === null || value === undefined || value === false || ofFile.includes(key)) continue;
    const flag = kebabCase(key);
    if (key === "kernels") words.push("--kernels RUN");
    else if (!FLAGS.has(flag)) unsaid.push(`${key} ${JSON.stringify(value)}`);
    else words.push(value === true ? `--${flag}` : `--${flag} ${quoted(spelled(key, value))}`);
  }
  return { words, unsaid };
}

/** What `train` records of an optimiser that went on from a file: how many steps it had made. */
export const STEPS_BEFORE = "stepsBefore";

/** What such a file says of the training; --optimizer would begin it anew. */
const OF_THE_FILE = ["optimizer", "schedule", "stepSchedule"];

/** That `train` has beside those of the model, without dashes. */
const FLAGS: ReadonlySet<string> = new Set([
  ...Object.keys(TRAINING_FLAGS),
  ...["epochs", "batch-size", "seed", "validation", "patience", "limit"],
]);

/** As the flag takes it. */
function spelled(key: string, value: unknown): string {
  if (key === "augment") return augmentText(value as Augment);
  if (key === "classWeight") return classWeightText(value as ClassWeight);
  // The data decided that images are resized.
  if (key === "preprocessing")
    return String(value)
      .replace(/^resized-/, "")
      .replace("resized", "unit");
  return String(value);
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
const SILENT: ReadonlySet<string> = new Set([
  ...["classes", "channels", "preprocessing", "pretrained", "architecture"],
]);

function notesOf({
  model,
  data,
  training,
  unsaid,
  unflagged,
}: Pick<RunConfig, "model" | "data" | "training"> &
  Readonly<Record<"unsaid" | "unflagged", readonly string[]>>): string[] {
  const notes: string[] = [];
  if (isOwn(model)) {
    const from = model.pretrained ? `, with weights of SHA-256 \`${model.pretrained}\`` : "";
    notes.push(
      `**FILE stands for a program, or a file of Keras's:** the network \`${model.name}\` came from it${from}. \`config.json\` holds the network in Keras's terms.`,
    );
  }
  if (training["kernels"] !== undefined) {
    notes.push(
      "**RUN stands for this run's folder:** its `kernels.json` has the kernels that it was trained with, which were measured.",
    );
  }
  if (unflagged.length > 0) {
    notes.push(
      `**No flag gives ${unflagged.join(", ")}:** they are from a search (\`--hyperparameters\`), or from the Keras file that the training went on from.`,
    );
  }
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
