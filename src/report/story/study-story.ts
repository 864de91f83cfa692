// The report of a study as a story: what was done, what came out, and the study's printed number beside each of ours.
// Written from the record alone; the pictures are files that the steps left.

import { formatCount } from "../../format/number-format.ts";
import { conclusionChapter } from "./conclusion.ts";
import { average, figureCards, percent, points } from "./numbers.ts";
import { dataChapter, splitChapter, tunerChapter } from "./preparation.ts";
import { PRINTED_FOLDS, PRINTED_MODELS } from "./printed.ts";
import { evaluationChapter, foldsChapter, trainingChapter, transferChapter } from "./results.ts";
import type { Block, Story } from "./story.ts";
import { chapter, text } from "./story.ts";
import type { StudyRecord } from "./study-record.ts";

export function studyStory(record: StudyRecord): Story {
  const { settings, data, steps, training, folds } = record;
  const adapters = [...new Set([training.adapter, folds.adapter])];
  return {
    title: "LeNet-5 on Fashion-MNIST",
    subtitle: settings.quick
      ? "A study repeated and corrected: the quick run, on a part of the data"
      : "A study repeated and corrected",
    facts: [
      `data: ${data.source}`,
      `adapter: ${adapters.join(", ")}`,
      `seed ${settings.seed}`,
      "made by Vitrine",
      `time: ${duration(timeOf(steps))}`,
    ],
    blocks: [
      ...inShort(record),
      ...dataChapter(record),
      ...splitChapter(record),
      ...tunerChapter(record),
      ...trainingChapter(record),
      ...evaluationChapter(record),
      ...foldsChapter(record),
      ...transferChapter(record),
      ...conclusionChapter(record),
      ...repeatChapter(record),
    ],
  };
}

function inShort(record: StudyRecord): Block[] {
  const { settings, evaluation, folds, data } = record;
  const { test, leaked } = evaluation.model;
  const foldTest = average(folds.folds.map((fold) => fold.test.accuracy));
  const foldLeaked = average(folds.folds.map((fold) => fold.leaked.accuracy));
  const gap = points(leaked.accuracy - test.accuracy);
  const quick: Block[] = settings.quick
    ? [
        {
          kind: "note",
          text: `**This is the quick run.** It uses the first ${formatCount(settings.rows ?? 0)} training rows of ${formatCount(data.kept.train)} and fewer epochs, to show every step within minutes. Its figures are lower than the full study's and are not to be quoted; \`npm run study\` without \`--quick\` makes those.`,
        },
      ]
    : [];
  return [
    ...quick,
    text(
      `A Keras study compared a tuned and cross-validated LeNet-5 with two ImageNet networks on 28 × 28 pictures of clothes. It printed ${percent(PRINTED_MODELS.lenet5.leaked.accuracy)} “on test” for LeNet-5, and ${percent(Math.min(...PRINTED_FOLDS.accuracy), 0)} and more for each of its five folds. This report goes through the same steps, from raw rows to the concluding table, and finds **${percent(test.accuracy)} on the ${formatCount(test.rows)} test images** for the tuned network, and ${percent(foldTest)} on average for the five networks of the folds.`,
    ),
    text(
      `The study's figures were not measured on test images. They were measured on the training rows, most of which the networks had been trained on: scored in that way, ours reach ${percent(leaked.accuracy)} and, in the folds, ${percent(foldLeaked)}. The ${gap} between ${percent(test.accuracy)} and ${percent(leaked.accuracy)} are memory, not skill. So every model has three figures here, and each is called what it is.`,
    ),
    figureCards(evaluation.model),
  ];
}

/** What ran at once counts once. */
function timeOf(steps: StudyRecord["steps"]): number {
  return steps.reduce((sum, { seconds, beside }) => sum + seconds - beside, 0);
}

/** `38 s`, `4 min`, `1 h 5 min`: a report has no use for more. */
export function duration(seconds: number): string {
  if (seconds < 1) return "under 1 s";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function repeatChapter({ command, commands, steps }: StudyRecord): Block[] {
  return [
    chapter("repeat", "Repeat it"),
    text(
      "The whole study is one command. Interrupted, it goes on where it was when it is given again; with the same seed on the same adapter it ends with the same figures.",
    ),
    { kind: "code", text: command, type: "commands" },
    text("Each part can also be repeated by itself:"),
    {
      kind: "code",
      type: "commands",
      text: steps
        .filter(({ folder }) => (commands[folder] ?? []).length > 0)
        .map(({ folder, title }) => [`# ${title}`, ...(commands[folder] ?? [])].join("\n"))
        .join("\n\n"),
    },
    {
      kind: "details",
      summary: "Time of each step",
      blocks: [
        {
          kind: "table",
          columns: [{ title: "step" }, { title: "folder" }, { title: "time", type: "number" }],
          rows: steps.map(({ title, folder, seconds }) => ({
            cells: [title, `\`${folder}\``, duration(seconds)],
          })),
        },
        ...besideText(steps),
      ],
    },
  ];
}

function besideText(steps: StudyRecord["steps"]): Block[] {
  const besides = steps.filter(({ beside }) => beside > 0);
  if (besides.length === 0) return [];
  const told = besides.map(({ title, beside }) => `${title} for ${duration(beside)}`).join(", ");
  return [
    text(
      `Beside an earlier step ran ${told}: together, the steps took ${duration(timeOf(steps))}.`,
    ),
  ];
}
