// Chapters 4 to 7 of the study's report: training, evaluation, folds, and the place of the transfer models.

import { formatCount } from "../../format/number-format.ts";
import type { Logs } from "../../train/callbacks/callback.ts";
import type { Score } from "../../train/score.ts";
import { average, lossOf, NONE, percent, percentSpread, STUDY_PICTURES } from "./numbers.ts";
import { PRINTED_FOLDS, PRINTED_MODELS, PRINTED_TUNER } from "./printed.ts";
import { type Block, chapter, columns, part, type Row, type Table, text } from "./story.ts";
import type { FoldLook, StudyRecord, ThreeFigures, TransferTraining } from "./study-record.ts";

export function trainingChapter(record: StudyRecord): Block[] {
  const { settings, training } = record;
  const { history, bestEpoch, stoppedEarly, batchSize, learningRate } = training;
  const end = stoppedEarly
    ? `It stopped early after ${history.length} epochs`
    : `It ran all ${history.length} epochs`;
  return [
    chapter("training", "4. The best model, trained"),
    text(
      `The winner is built anew and trained from fresh weights: Adam at ${Number(learningRate.toPrecision(3))}, batches of ${batchSize} (${formatCount(training.stepsPerEpoch)} steps an epoch), at most ${settings.epochs} epochs. As in the study, the rate holds for ten epochs and is then multiplied by exp(−0.1) each epoch, and training stops when val_loss has not improved for ${settings.patience} epochs. ${end}; the weights of epoch ${bestEpoch}, where val_loss was lowest, are kept.`,
    ),
    { kind: "code", text: training.summary, caption: "The network, as Keras summarises it." },
    {
      kind: "figure",
      file: STUDY_PICTURES.curves,
      alt: `Loss and accuracy of ${history.length} epochs, training against validation; lowest val_loss in epoch ${bestEpoch}`,
    },
    trainingTable(record),
    { kind: "details", summary: "Every epoch in figures", blocks: [epochsTable(training)] },
  ];
}

function trainingTable({ training, steps }: StudyRecord): Block {
  const areFoldsBeside = steps.some(({ folder, beside }) => folder === "06-folds" && beside > 0);
  const where = areFoldsBeside ? `${training.adapter}, beside the folds` : training.adapter;
  const { history, bestEpoch, batchSize } = training;
  const printed = PRINTED_MODELS.lenet5;
  return {
    kind: "table",
    columns: columns("", "this report", "the study"),
    rows: [
      { cells: ["epochs run", String(history.length), String(printed.epochs)] },
      {
        cells: [
          "lowest val_loss (epoch)",
          `${lossOf(epochValue(history, bestEpoch, "val_loss"))} (${bestEpoch})`,
          `${lossOf(printed.bestValLoss)} (${printed.bestEpoch})`,
        ],
      },
      {
        cells: [
          "val_accuracy in the last epoch",
          percent(epochValue(history, history.length, "val_accuracy")),
          percent(printed.valAccuracy),
        ],
      },
      {
        cells: [
          "best val_accuracy",
          percent(Math.max(...history.map((logs) => logs["val_accuracy"] ?? 0))),
          percent(printed.bestValAccuracy),
        ],
      },
      {
        cells: [
          "time of a training step",
          `${training.msPerStep.toFixed(1)} ms`,
          `${printed.msPerStep} ms`,
        ],
      },
    ],
    caption: `Steps are of ${batchSize} rows here, on ${where}; of 50 in the study, on a Colab GPU.`,
  };
}

function epochValue(history: readonly Logs[], epoch: number, name: string): number {
  return history[epoch - 1]?.[name] ?? Number.NaN;
}

function epochsTable({
  history,
  bestEpoch,
}: Pick<StudyRecord["training"], "history" | "bestEpoch">): Block {
  return {
    kind: "table",
    columns: columns("epoch", "loss", "accuracy", "val_loss", "val_accuracy", "rate"),
    rows: history.map((logs, i) => ({
      strong: i + 1 === bestEpoch,
      cells: [
        String(i + 1),
        lossOf(logs["loss"] ?? Number.NaN),
        percent(logs["accuracy"] ?? Number.NaN),
        lossOf(logs["val_loss"] ?? Number.NaN),
        percent(logs["val_accuracy"] ?? Number.NaN),
        (logs["lr"] ?? Number.NaN).toPrecision(3),
      ],
    })),
  };
}

export function evaluationChapter({ evaluation, split, data }: StudyRecord): Block[] {
  const { model, checkpoint, confusion } = evaluation;
  const printed = PRINTED_MODELS.lenet5;
  return [
    chapter("evaluation", "5. The evaluation"),
    text(
      `The trained network is scored on three sets of rows: the held-out ones, the real test set, and, only to repeat what the study did, all ${formatCount(model.leaked.rows)} training rows, of which ${formatCount(split.trainRows)} were trained on.`,
    ),
    part("The tuned network, trained to its end"),
    scoresTable(model, percent(printed.valAccuracy), "not printed"),
    part("The tuner's checkpoint"),
    text(
      `The study's “LeNet 89.54 %” is not the network whose training it shows: it is the best trial's checkpoint, after a few epochs. So ours is scored too: what trial and error had at hand before the long training.`,
    ),
    {
      ...scoresTable(
        checkpoint,
        percent(PRINTED_TUNER.bestValAccuracy),
        percent(printed.leaked.accuracy),
      ),
      caption: `The study's loss on that protocol was ${lossOf(printed.leaked.loss)}.`,
    },
    part("What is taken for what"),
    {
      kind: "figure",
      file: STUDY_PICTURES.confusion,
      alt: `Confusion matrix of ${confusion.length} classes on the test set, accuracy ${percent(model.test.accuracy)}`,
      caption: `The trained network on the test set. ${hardest(confusion, data.classNames)}`,
    },
  ];
}

/** A model's three figures, and the accuracies that the study printed for the first and the last. */
function scoresTable(figures: ThreeFigures, heldOut: string, leaked: string): Table {
  const row = (title: string, ours: Score, theirs: string): Row => ({
    cells: [title, formatCount(ours.rows), lossOf(ours.loss), percent(ours.accuracy), theirs],
  });
  return {
    kind: "table",
    columns: columns("", "rows", "loss", "accuracy", "the study's accuracy"),
    rows: [
      row("held-out", figures.heldOut, heldOut),
      { ...row("test", figures.test, "never scored"), strong: true },
      row("study's leaked protocol", figures.leaked, leaked),
    ],
  };
}

/** `The hardest class is Shirt: 64.1 % are found, and 13.0 % are taken for Coat.` */
function hardest(confusion: readonly (readonly number[])[], names: readonly string[]): string {
  const rows = confusion.map((counts, label) => {
    const total = Math.max(1, average(counts) * counts.length);
    const mistakes = counts.map((count, other) => (other === label ? -1 : count));
    const most = Math.max(...mistakes);
    const name = names[label] ?? "";
    const instead = names[mistakes.indexOf(most)] ?? "";
    return { name, instead, recall: (counts[label] ?? 0) / total, share: most / total };
  });
  const [worst] = rows.sort((a, b) => a.recall - b.recall);
  if (!worst) return "";
  const { name, instead, recall, share } = worst;
  return `The hardest class is ${name}: ${percent(recall, 1)} are found, and ${percent(share, 1)} are taken for ${instead}.`;
}

export function foldsChapter({ folds: { folds }, settings }: StudyRecord): Block[] {
  const trainRows = folds[0]?.trainRows ?? 0;
  return [
    chapter("folds", "6. Five folds"),
    text(
      `The training rows are shuffled into ${settings.folds} folds; ${settings.folds} networks with the tuned hyper-parameters are trained, each on all folds but one (about ${formatCount(trainRows)} rows, at most ${settings.foldEpochs} epochs, patience ${settings.patience}). Each is scored on the fold that it never saw, on the test set, and by the study's protocol.`,
    ),
    {
      kind: "figure",
      file: STUDY_PICTURES.foldCurves,
      alt: `Loss and accuracy of ${folds.length} folds, epoch by epoch; kept were the epochs ${folds.map(({ bestEpoch }) => bestEpoch).join(", ")}`,
      caption:
        "How each fold learnt. The epoch whose weights are scored is the one of its lowest val_loss.",
    },
    foldsTable(folds),
    {
      kind: "figure",
      file: STUDY_PICTURES.folds,
      alt: `Accuracy of ${folds.length} folds: held-out ${percentSpread(accuraciesOf(folds, "heldOut"))}, test ${percentSpread(accuraciesOf(folds, "test"))}`,
    },
  ];
}

function accuraciesOf(folds: readonly FoldLook[], figure: keyof ThreeFigures): number[] {
  return folds.map((fold) => fold[figure].accuracy);
}

function foldsTable(folds: readonly FoldLook[]): Table {
  return {
    kind: "table",
    columns: columns("fold", "epochs", "held-out", "test", "leaked protocol", "the study printed"),
    rows: [
      ...folds.map(({ fold, epochs, heldOut, test, leaked }) => ({
        cells: [
          String(fold),
          String(epochs),
          percent(heldOut.accuracy),
          percent(test.accuracy),
          percent(leaked.accuracy),
          printedFold(fold),
        ],
      })),
      {
        strong: true,
        cells: [
          "mean ± s.d.",
          average(folds.map(({ epochs }) => epochs)).toFixed(1),
          percentSpread(accuraciesOf(folds, "heldOut")),
          percentSpread(accuraciesOf(folds, "test")),
          percentSpread(accuraciesOf(folds, "leaked")),
          percentSpread(PRINTED_FOLDS.accuracy),
        ],
      },
    ],
    caption:
      "Accuracy. The held-out fold also chose the epoch that was kept, so its figure is a little kind; the test set chose nothing. What the study printed belongs beside the leaked column: chapter 8 tells why.",
  };
}

function printedFold(fold: number): string {
  const accuracy = PRINTED_FOLDS.accuracy[fold - 1];
  return accuracy === undefined ? NONE : percent(accuracy);
}

export function transferChapter({ transfer }: StudyRecord): Block[] {
  const missing = transfer.filter(({ figures }) => figures === null);
  const trained = transfer.filter(({ training }) => training !== null);
  const intro =
    missing.length === 0
      ? "Networks whose base comes from a file of weights, named below (Keras publishes such files, trained on ImageNet), with a new head for the ten classes of clothes."
      : `The study's other two networks were trained on ImageNet and got a new head for the ten classes of clothes. **${missing.length === transfer.length ? "They were skipped in this run" : `${missing.map(({ title }) => title).join(" and ")} was skipped in this run`}:** nothing below about them is ours.`;
  return [
    chapter("transfer", "7. Transfer models"),
    text(intro),
    ...trained.flatMap(({ title, training }) => (training ? trainedHead(title, training) : [])),
    ...(missing.length === 0
      ? []
      : [
          {
            kind: "list" as const,
            items: missing.map(({ title, reason, enable }) => `**${title}**: ${reason} ${enable}`),
          },
          text("Their lines in the concluding table hold what the study printed."),
        ]),
  ];
}

function trainedHead(title: string, training: TransferTraining): Block[] {
  const { parameters, file, history, bestEpoch, seconds, adapter } = training;
  const minutes = (seconds / 60).toFixed(1);
  return [
    text(
      `**${title}**: ${formatCount(parameters)} parameters, the base's from ${file}, held fixed. Its features were computed once; on them the head was trained for ${history.length} epochs, and the weights of epoch ${bestEpoch} are kept. ${minutes} minutes in all, on ${adapter}.`,
    ),
    {
      kind: "details",
      summary: `Every epoch of ${title} in figures`,
      blocks: [epochsTable(training)],
    },
  ];
}
