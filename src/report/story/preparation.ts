// Chapters 1 to 3 of the study's report: the data, the split, the search.

import type { PartLook } from "../../data/first-look.ts";
import { formatCount } from "../../format/number-format.ts";
import { NONE, percent, STUDY_PICTURES } from "./numbers.ts";
import { PRINTED_ROWS, PRINTED_TUNER } from "./printed.ts";
import { type Block, type Column, chapter, columns, type Row, text } from "./story.ts";
import type { StudyRecord, TrialLook, TunerLook } from "./study-record.ts";

export function dataChapter({ data }: StudyRecord): Block[] {
  const { train, test, kept } = data;
  const fact = (title: string, read: (part: PartLook) => string): Row => ({
    cells: [title, read(train), read(test)],
  });
  return [
    chapter("data", "1. The data"),
    text(
      "Fashion-MNIST is 70,000 grey pictures of clothes, 28 × 28 pixels, in ten classes. Rows that lack values are refused, and rows that equal an earlier one in label and every pixel are dropped, train and test each by itself, as pandas' `drop_duplicates` does.",
    ),
    {
      kind: "table",
      columns: columns("", "train", "test"),
      rows: [
        fact("rows found", ({ rows }) => formatCount(rows)),
        fact("rows with missing values", ({ missingRows }) => formatCount(missingRows)),
        fact("duplicate rows", ({ duplicates }) => formatCount(duplicates)),
        fact("pixel values", ({ least, greatest }) => `${least} to ${greatest}`),
        { strong: true, cells: ["rows left", formatCount(kept.train), formatCount(kept.test)] },
      ],
      caption: `The study: ${formatCount(PRINTED_ROWS.train)} training rows, no missing values, ${formatCount(PRINTED_ROWS.cleaned)} rows without duplicates.`,
    },
    text(aboutCleaning(data)),
    {
      kind: "figure",
      file: STUDY_PICTURES.classes,
      alt: `Images per class in train and test: ${data.classNames.map((name, k) => `${name} ${train.classCounts[k]} and ${test.classCounts[k]}`).join(", ")}`,
      caption: "Images per class: the classes are balanced, so that accuracy is a fair measure.",
    },
    {
      kind: "figure",
      file: STUDY_PICTURES.samples,
      alt: `Sample images of each class: ${data.classNames.join(", ")}`,
      caption: "The first images of every class.",
      type: "photograph",
    },
  ];
}

function aboutCleaning({ train, test, shared, kept }: StudyRecord["data"]): string {
  const dropped = train.rows - kept.train + test.rows - kept.test;
  const both =
    shared === 0
      ? "No test row is also in train."
      : `${formatCount(shared)} test rows are also in train; they were kept, as in the study.`;
  if (dropped > 0) return `${formatCount(dropped)} rows were dropped. ${both}`;
  return `There is nothing to drop. ${both} The study had the release from before 31 August 2017, with 43 duplicates in train and one in test; that many rows in 60,000 move no figure of this report by more than chance does.`;
}

export function splitChapter({ settings, split, data }: StudyRecord): Block[] {
  const { trainRows, heldOutRows } = split;
  const used = trainRows + heldOutRows;
  const share = percent(settings.validation, 0);
  const all =
    used === data.kept.train
      ? `All ${formatCount(used)} training rows are used.`
      : `The first ${formatCount(used)} training rows are used.`;
  return [
    chapter("split", "2. The split"),
    text(
      `${all} ${share} of them are held out: shuffled with seed ${settings.seed} and stratified by class, index for index as scikit-learn's \`train_test_split\` does it. Every choice from here on, of hyper-parameters and of the epoch to keep, is made on the held-out rows. The ${formatCount(data.kept.test)} test rows choose nothing; they are scored when everything is decided.`,
    ),
    {
      kind: "table",
      columns: columns("", "trained on", "held out", "test"),
      rows: [
        {
          cells: [
            "this report",
            formatCount(trainRows),
            formatCount(heldOutRows),
            formatCount(data.kept.test),
          ],
        },
        {
          cells: [
            "the study",
            formatCount(PRINTED_ROWS.trained),
            formatCount(PRINTED_ROWS.heldOut),
            "never scored",
          ],
        },
      ],
    },
  ];
}

export function tunerChapter({ settings, tuner }: StudyRecord): Block[] {
  const best = tuner.trials.find(({ number }) => number === tuner.best);
  const score = best?.score ?? Number.NaN;
  return [
    chapter("tuner", "3. The tuner"),
    text(
      `A random search, after KerasTuner's: ${tuner.trials.length} trials of ${settings.trialEpochs} epochs each, judged by accuracy on the held-out rows in their best epoch. The search is over the network (filters, kernel size, activation, pooling, dense units, dropout) and over how it is trained (learning rate, batch size). Its ranges were drawn before it began, around what is known of such networks: more filters than the six and sixteen of 1998, and some dropout in every trial, because a network without it remembers sooner than it learns.`,
    ),
    text(
      `Trial ${tuner.best} is the best with **${percent(score)}**; the study's ${PRINTED_TUNER.trials} trials came to ${percent(PRINTED_TUNER.bestValAccuracy)}. The network that it describes has ${formatCount(tuner.parameters)} parameters. A few epochs rank the trials and do not finish them: the next chapter trains the winner to its end.`,
    ),
    trialsTable(tuner),
    {
      kind: "figure",
      file: STUDY_PICTURES.trials,
      alt: `The trials' hyper-parameters and scores; trial ${tuner.best} has the best, ${percent(score)}`,
      caption: "Every trial's choices and where they led.",
    },
  ];
}

/** Only what differs between trials gets a column; the rest is said once. */
function trialsTable({ names, trials, best }: TunerLook): Block {
  const differs = (name: string): boolean =>
    new Set(trials.map(({ values }) => values[name])).size > 1;
  const shown = names.filter(differs);
  const same = names.filter((name) => !differs(name));
  const common = same.map((name) => `${plain(name)} ${shownValue(trials[0], name)}`);
  return {
    kind: "table",
    columns: [
      { title: "trial" },
      { title: "val. accuracy", type: "number" },
      { title: "best epoch", type: "number" },
      ...shown.map((name): Column => ({ title: plain(name), type: "number" })),
    ],
    rows: trials.map((trial) => ({
      strong: trial.number === best,
      cells: [
        String(trial.number),
        trial.score === null ? (trial.message ?? "failed") : percent(trial.score),
        trial.bestEpoch === null ? NONE : String(trial.bestEpoch),
        ...shown.map((name) => shownValue(trial, name)),
      ],
    })),
    ...(common.length > 0 ? { caption: `The same in every trial: ${common.join(", ")}.` } : {}),
  };
}

/** `units_1` is a name for programs. */
function plain(name: string): string {
  return name.replaceAll("_", " ");
}

function shownValue(trial: TrialLook | undefined, name: string): string {
  const value = trial?.values[name];
  if (value === undefined) return NONE;
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "number" ? String(Number(value.toPrecision(3))) : value;
}
