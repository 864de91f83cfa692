// The commands that repeat the parts of a study by themselves, as the report lists them. Flags that a command has by
// default are left out.

import { join } from "node:path";
import type { StudyRecord } from "../report/story/study-record.ts";
import type { StudyOptions } from "./study-options.ts";

type Commands = StudyRecord["commands"];

/** By the step's folder; a step without a command of its own is not there. */
export function partCommands({ store, dataFlags, command }: StudyOptions): Commands {
  const { settings, path } = store;
  const { seed, rows, validation, trials, trialEpochs, folds, foldEpochs, patience } = settings;
  const limit = rows === null ? "" : `--limit ${rows}`;
  const seeded = `--seed ${seed}`;
  const tuned = quoted(join(path, "03-tuner"));
  const trained = quoted(join(path, "04-training"));
  return {
    "01-data": [line("data", dataFlags)],
    "03-tuner": [
      "# over a wider space; the study's own is searched again when its folder is removed",
      line(
        "tune",
        `--model lenet5 --tuner random --trials ${trials} --objective val_accuracy`,
        `--epochs ${trialEpochs} --validation ${validation}`,
        ...[seeded, limit, dataFlags],
      ),
    ],
    "04-training": [`rm -r ${trained}`, command],
    "05-evaluation": [line("evaluate", trained, dataFlags)],
    "06-folds": [
      "# over all training rows; the study leaves its held-out rows out of the folds",
      line(
        "kfold",
        `--hyperparameters ${tuned} --folds ${folds} --leaked`,
        `--epochs ${foldEpochs} --patience ${patience}`,
        ...[seeded, limit, dataFlags],
      ),
    ],
  };
}

function line(command: string, ...flags: readonly string[]): string {
  const given = flags.filter((flag) => flag !== "");
  return [`npm run ${command}`, ...(given.length > 0 ? ["--"] : []), ...given].join(" ");
}

/** For a shell, where it needs it. */
export function quoted(word: string): string {
  return /^[\w./:@%+=,~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
