// Precision, recall, F1 and support of every class, and their averages, from a confusion matrix: the numbers of scikit-learn's
// classification_report.

/** Of one class. */
export interface ClassScores {
  /** Of the rows that were taken for the class, the share that is of it; null where none was. */
  readonly precision: number | null;
  /** Of the rows of the class, the share that was taken for it; null where there are none. */
  readonly recall: number | null;
  /** Harmonic mean of the two: 2 tp / (2 tp + fp + fn); null where the class occurs nowhere. */
  readonly f1: number | null;
  /** Rows of the class. */
  readonly support: number;
}

/** Means over the classes. */
export interface AverageScores {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** Of all classes, and their means. */
export interface ClassificationScores {
  readonly rows: number;
  readonly hits: number;
  /** NaN without rows. */
  readonly accuracy: number;
  readonly classes: readonly ClassScores[];
  /** Every class alike. */
  readonly macro: AverageScores;
  /** Every class by its support. */
  readonly weighted: AverageScores;
}

/**
 * Counts by [label][predicted]. What cannot be computed is null, and counts as 0 in the averages; classes that are neither
 * labels nor predictions count in none. Both are scikit-learn's rules (zero_division=0, labels=None).
 */
export function classificationScores(
  confusion: readonly (readonly number[])[],
): ClassificationScores {
  const classes = confusion.map((counts, label): ClassScores => {
    const hits = counts[label] ?? 0;
    const support = sum(counts);
    const taken = sum(confusion.map((line) => line[label] ?? 0));
    return {
      precision: ratio(hits, taken),
      recall: ratio(hits, support),
      f1: ratio(2 * hits, support + taken),
      support,
    };
  });
  const rows = sum(classes.map(({ support }) => support));
  const hits = sum(confusion.map((counts, label) => counts[label] ?? 0));
  const present = classes.filter(({ f1 }) => f1 !== null);
  return {
    ...{ rows, hits, accuracy: hits / rows, classes },
    macro: averageOf(present, () => 1),
    weighted: averageOf(present, ({ support }) => support),
  };
}

function averageOf(
  classes: readonly ClassScores[],
  weight: (scores: ClassScores) => number,
): AverageScores {
  const total = sum(classes.map(weight));
  const mean = (key: keyof AverageScores): number =>
    sum(classes.map((scores) => weight(scores) * (scores[key] ?? 0))) / total;
  return { precision: mean("precision"), recall: mean("recall"), f1: mean("f1") };
}

/** A class that is taken for another. */
export interface Mistake {
  readonly label: number;
  readonly predicted: number;
  readonly count: number;
  /** Of the rows of the class. */
  readonly share: number;
}

/** The `most` most frequent; of equal counts the one that comes first in the matrix. */
export function frequentMistakes(
  confusion: readonly (readonly number[])[],
  most: number,
): readonly Mistake[] {
  return confusion
    .flatMap((counts, label) =>
      counts.map((count, predicted) => ({ label, predicted, count, share: count / sum(counts) })),
    )
    .filter(({ label, predicted, count }) => label !== predicted && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, most);
}

function ratio(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
