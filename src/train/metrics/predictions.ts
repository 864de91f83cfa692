// What a network says of some rows, beside what they are: the one input of every figure in this folder. In float64; nothing
// here needs a device.

/** Labels and class probabilities of some rows, and what follows from them row by row; made by predictionsOf. */
export interface Predictions {
  /** One class number per row. */
  readonly labels: ArrayLike<number>;
  /** Class probabilities, row by row. */
  readonly probabilities: readonly Float32Array[];
  /** The class of the largest probability; the first of equals, as NumPy's argmax. */
  readonly predicted: Uint16Array;
  /** That probability. */
  readonly confidences: Float64Array;
}

/** A row each for class 0 and class 1 where a network has one output, the probability of the latter; others as they are. */
export function classShares(outputs: readonly Float32Array[]): readonly Float32Array[] {
  return outputs.map((row) => {
    const [one = 0, ...others] = row;
    return others.length > 0 ? row : Float32Array.of(1 - one, one);
  });
}

/** `outputs`: class probabilities, row by row, or of a network with one output that of class 1. */
export function predictionsOf(
  labels: ArrayLike<number>,
  outputs: readonly Float32Array[],
): Predictions {
  const probabilities = classShares(outputs);
  const predicted = Uint16Array.from(probabilities, largest);
  const confidences = Float64Array.from(
    probabilities,
    (row, i) => row[predicted[i] ?? 0] ?? Number.NaN,
  );
  return { labels, probabilities, predicted, confidences };
}

function largest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if ((values[i] ?? 0) > (values[best] ?? 0)) best = i;
  }
  return best;
}

/** The mean of several networks' probabilities, row by row, as the predictions of one: a soft-voting ensemble. */
export function meanPredictions(all: readonly Predictions[]): Predictions {
  const [first] = all;
  const probabilities = (first?.probabilities ?? []).map((shares, row) =>
    shares.map((_, label) => {
      const sum = all.reduce((total, one) => total + (one.probabilities[row]?.[label] ?? 0), 0);
      return sum / all.length;
    }),
  );
  return predictionsOf(first?.labels ?? [], probabilities);
}

export function isRight({ labels, predicted }: Predictions, row: number): boolean {
  return labels[row] === predicted[row];
}

/** Counts by [label][predicted]. */
export function confusionOf({ labels, predicted }: Predictions, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (const [row, guess] of predicted.entries()) {
    const line = counts[labels[row] ?? -1];
    if (line) line[guess] = (line[guess] ?? 0) + 1;
  }
  return counts;
}

/** Smallest normal float32: what a probability that came out as 0 is taken for, so that its logarithm is finite. */
const LEAST_PROBABILITY = 2 ** -126;

/** Mean of −ln p(true class): the cross-entropy that training minimises, without penalties. NaN without rows. */
export function logLoss({ labels, probabilities }: Predictions): number {
  let sum = 0;
  for (const [row, p] of probabilities.entries()) {
    sum -= Math.log(Math.max(p[labels[row] ?? -1] ?? Number.NaN, LEAST_PROBABILITY));
  }
  return sum / probabilities.length;
}

/** Mean of Σ (p − onehot)² over the classes, from 0 to 2 (Brier 1950). NaN without rows. */
export function brierScore({ labels, probabilities }: Predictions): number {
  let sum = 0;
  for (const [row, p] of probabilities.entries()) {
    for (const [label, share] of p.entries()) sum += (share - Number(label === labels[row])) ** 2;
  }
  return sum / probabilities.length;
}
