// Several runs beside each other as a story: who is better, whether chance explains it, what was set differently, and which
// rows they dispute.

import type { Dataset } from "../../data/dataset.ts";
import { formatCount } from "../../format/number-format.ts";
import type { JsonValue } from "../../io/files.ts";
import { classDotsSvg } from "../charts/class-dots-chart.ts";
import {
  accuracySvg,
  agreementSvg,
  compareCurvesSvg,
  type MeasuredShare,
} from "../charts/compare-charts.ts";
import { countOf, lossOf, NONE, percent } from "../story/numbers.ts";
import { type Block, chapter, columns, type Pictures, type Story, text } from "../story/story.ts";
import {
  AGREEMENT_PICTURE,
  agreementChapter,
  disputedChapter,
  disputedPictures,
} from "./agreement-chapters.ts";
import { type ComparedRun, type Comparison, DIGESTS } from "./compare-figures.ts";
import { significanceChapter } from "./significance-chapter.ts";

const PICTURES = {
  accuracy: "accuracy.svg",
  validation: "curves-validation.svg",
  training: "curves-training.svg",
  classes: "classes.svg",
} as const;

export interface CompareView {
  readonly comparison: Comparison;
  readonly classNames: readonly string[];
  /** The rows that all were scored on. */
  readonly test: Dataset;
  readonly allTestRows: number;
  readonly source: string;
  readonly adapter: string;
}

export function compareStory(view: CompareView): Story {
  const { comparison, classNames, test, source, adapter } = view;
  const { runs } = comparison;
  const models = [...new Set(runs.map(({ config }) => config.model.name))];
  return {
    title: `${countWord(runs.length)} runs compared`,
    subtitle: `${models.join(", ")}, on the same ${countOf(test.rows, "test row")}`,
    facts: [`data: ${source}`, `adapter: ${adapter}`],
    blocks: [
      ...resultsChapter(view),
      ...curvesChapter(runs),
      ...settingsChapter(comparison),
      ...significanceChapter(comparison),
      ...agreementChapter(comparison),
      ...classesChapter(comparison, classNames),
      ...disputedChapter(comparison, classNames, test),
    ],
  };
}

export async function comparePictures({
  comparison,
  classNames,
  test,
}: CompareView): Promise<Pictures> {
  const { runs, agreement } = comparison;
  const histories = runs.map(({ name, files }) => ({ name, history: files.history }));
  const series = runs.map(({ name, figures }) => ({
    name,
    values: figures.scores.classes.map(({ f1 }) => f1),
  }));
  const names = runs.map(({ name }) => name);
  return new Map<string, string | Uint8Array>([
    [PICTURES.accuracy, await accuracySvg(runs.map(measured))],
    [PICTURES.validation, await compareCurvesSvg(histories, "validation")],
    [PICTURES.training, await compareCurvesSvg(histories, "training")],
    [
      PICTURES.classes,
      await classDotsSvg({
        ...{ title: "F1 of every class", subtitle: "a dot a run, on the same test rows" },
        ...{ unit: "F1", classNames, series },
      }),
    ],
    [AGREEMENT_PICTURE, await agreementSvg(names, agreement)],
    ...disputedPictures(comparison, test),
  ]);
}

function measured({ name, figures: { scores, interval } }: ComparedRun): MeasuredShare {
  return { name, share: scores.accuracy, interval };
}

function countWord(count: number): string {
  return ["", "", "Two", "Three", "Four", "Five", "Six"][count] ?? String(count);
}

function resultsChapter({ comparison, test, allTestRows }: CompareView): Block[] {
  const { runs, best } = comparison;
  const rest = runs.filter((run) => run !== best);
  const gaps = rest.map((run) => best.figures.scores.hits - run.figures.scores.hits);
  const least = Math.min(...gaps);
  const nearest = rest[gaps.indexOf(least)];
  const lead =
    least === 0
      ? `**${best.name}** and **${nearest?.name}** have equally many rows right.`
      : `**${best.name}** has the most rows right: ${percent(best.figures.scores.accuracy)}, ${formatCount(least)} more than ${nearest?.name}.`;
  return [
    chapter("results", "Results"),
    text(
      `${lead} All figures were computed anew, for every run on the same ${countOf(test.rows, "test row")}, whatever rows a run scored when it was trained.`,
    ),
    ...notesOf(comparison, test.rows, allTestRows).map(
      (note): Block => ({ kind: "note", text: note }),
    ),
    {
      kind: "figure",
      file: PICTURES.accuracy,
      alt: "Accuracy of every run with its 95 % interval",
      caption:
        "Intervals say how far another draw of test rows might move a run by itself. They may overlap although the runs differ: on the same rows, McNemar's test below is the sharper one.",
    },
    {
      kind: "table",
      columns: columns(
        "run",
        "accuracy",
        "95 % interval",
        "macro F1",
        "loss",
        "ECE",
        "parameters",
        "epochs",
        "step",
      ),
      rows: runs.map((run) => ({ cells: resultCells(run), strong: run === best })),
      caption:
        "ECE is the expected calibration error; step is the time of a training step as the run recorded it.",
    },
  ];
}

function resultCells({ name, figures, files, parameters }: ComparedRun): string[] {
  const { scores, interval, loss, calibration } = figures;
  const [low, high] = interval;
  const step = files.metrics["msPerStep"];
  return [
    name,
    percent(scores.accuracy),
    `${(100 * low).toFixed(1)} to ${percent(high, 1)}`,
    scores.macro.f1.toFixed(4),
    lossOf(loss),
    percent(calibration.expectedError),
    formatCount(parameters),
    files.history.length === 0 ? NONE : String(files.history.length),
    typeof step === "number" ? `${step.toFixed(1)} ms` : NONE,
  ];
}

/** What makes the runs harder to compare than they look. */
function notesOf({ runs, settings }: Comparison, rows: number, allRows: number): string[] {
  const differs = (...names: readonly string[]): boolean =>
    settings.some(({ name }) => names.includes(name));
  const notes: string[] = [];
  if (rows < allRows) {
    notes.push(
      `**A part of the test rows:** the first ${formatCount(rows)} of ${formatCount(allRows)} (\`--test-limit\`).`,
    );
  }
  const digests = settings.some(({ name }) => name.startsWith(DIGESTS));
  if (digests || (differs("data.source") && !runs.every(hasDigest))) {
    notes.push(
      digests
        ? "**The runs were trained on different data.** Here all are scored on one test set; its rows may be nearer to what one of them was trained on."
        : "**The runs may have been trained on different data:** they name different sources, and not all recorded digests of their rows.",
    );
  }
  if (differs("training.seed", "training.validation", "training.limit", "data.heldOutRows")) {
    notes.push(
      "**Validation curves are of different rows:** the runs held out different ones (seed, share or limit), so their `val_` figures are near each other only by nature, not row by row. The test rows are the same for all.",
    );
  }
  return notes;
}

function hasDigest({ config }: ComparedRun): boolean {
  return config.data["sha256"] !== undefined;
}

function curvesChapter(runs: readonly ComparedRun[]): Block[] {
  if (runs.every(({ files }) => files.history.length === 0)) return [];
  const missing = runs.filter(({ files }) => files.history.length === 0);
  const figure = (set: "validation" | "training"): Block => ({
    kind: "figure",
    file: PICTURES[set],
    alt: `Loss and accuracy on ${set} rows, epoch by epoch, a line a run`,
  });
  return [
    chapter("curves", "How they learnt"),
    text(
      `Rings mark each run's best epoch.${missing.length > 0 ? ` ${missing.map(({ name }) => name).join(", ")} recorded no history.` : ""}`,
    ),
    {
      kind: "tabs",
      label: "Rows that the curves are of",
      items: [
        { title: "validation", blocks: [figure("validation")] },
        { title: "training", blocks: [figure("training")] },
      ],
    },
  ];
}

function settingsChapter({ runs, settings }: Comparison): Block[] {
  return [
    chapter("settings", "What was set differently"),
    ...(settings.length === 0
      ? [text("Nothing: the configurations are the same.")]
      : [
          {
            kind: "table" as const,
            columns: [{ title: "" }, ...runs.map(({ name }) => ({ title: name }))],
            rows: settings.map(({ name, values }) => ({
              cells: [name, ...values.map(shownValue)],
            })),
            caption: `Only what is not the same for all; ${NONE} where a run does not say: it is at its default, or no setting of the run's model.`,
          },
        ]),
  ];
}

function shownValue(value: JsonValue): string {
  if (value === undefined || value === null) return NONE;
  const shown = typeof value === "string" ? value : JSON.stringify(value);
  return /^[0-9a-f]{64}$/.test(shown) ? `\`${shown.slice(0, 12)}…\`` : shown;
}

function classesChapter({ runs }: Comparison, classNames: readonly string[]): Block[] {
  return [
    chapter("classes", "Class by class"),
    {
      kind: "figure",
      file: PICTURES.classes,
      alt: "F1 of every class, a dot a run",
    },
    {
      kind: "details",
      summary: "F1 of every class in figures",
      blocks: [
        {
          kind: "table",
          columns: columns("class", ...runs.map(({ name }) => name), "support"),
          rows: classNames.map((name, label) => ({
            cells: [
              name,
              ...runs.map(({ figures }) => {
                const f1 = figures.scores.classes[label]?.f1 ?? null;
                return f1 === null ? NONE : f1.toFixed(4);
              }),
              formatCount(runs[0].figures.scores.classes[label]?.support ?? 0),
            ],
          })),
        },
      ],
    },
  ];
}
