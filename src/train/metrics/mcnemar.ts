// McNemar's test: whether two networks, scored on the same rows, differ in accuracy by more than chance explains. And Holm's
// correction, for when several pairs are tested at once.

/** Rows by whether each of two networks is right. */
export interface PairedCounts {
  readonly bothRight: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly bothWrong: number;
}

/** What McNemar's test comes to. */
export interface McNemar {
  readonly method: "exact" | "chi-square";
  /** exact: the smaller of the two discordant counts; chi-square: the statistic. */
  readonly statistic: number;
  /** Two-sided. */
  readonly p: number;
}

/** Fewer discordant rows than this are too few for the chi-square approximation. */
export const EXACT_BELOW = 25;

/**
 * Only the discordant rows count: b that the first network alone has right, c that the second alone has. Under the null
 * hypothesis each falls to either with probability ½.
 *
 * exact, for b + c < 25:  p = min(1, 2 · Σ_{k ≤ min(b, c)} C(b + c, k) / 2^(b + c))
 * chi-square, otherwise:  χ² = max(0, |b − c| − 1)² / (b + c), one degree of freedom, p = P(X ≥ χ²)
 *
 * Sources: McNemar 1947 (Psychometrika 12), the correction for continuity after Edwards 1948 (Psychometrika 13); Dietterich
 * 1998 for classifiers. Without a difference the corrected statistic is 0, as R's mcnemar.test has it (statsmodels squares −1).
 */
export function mcnemarTest(counts: Pick<PairedCounts, "onlyFirst" | "onlySecond">): McNemar {
  const { onlyFirst, onlySecond } = counts;
  const discordant = onlyFirst + onlySecond;
  if (discordant < EXACT_BELOW) {
    const statistic = Math.min(onlyFirst, onlySecond);
    const p = Math.min(1, 2 * binomialTail(statistic, discordant));
    return { method: "exact", statistic, p };
  }
  const statistic = Math.max(0, Math.abs(onlyFirst - onlySecond) - 1) ** 2 / discordant;
  return { method: "chi-square", statistic, p: chiSquareTail(statistic) };
}

/** P(X ≤ k) for X from n fair coins; exact in float64 while n is small. */
function binomialTail(k: number, n: number): number {
  let term = 1;
  let sum = 0;
  for (let i = 0; i <= k; i++) {
    sum += term;
    term *= (n - i) / (i + 1);
  }
  return sum / 2 ** n;
}

/** P(X ≥ x) of chi-square with one degree of freedom: erfc(√(x/2)), that is Γ(½, x/2) / Γ(½). */
export function chiSquareTail(x: number): number {
  if (x <= 0) return 1;
  const half = x / 2;
  return half < 1.5 ? 1 - lowerGamma(half) : upperGamma(half);
}

/** γ(½, x) / √π by its series: √x e^−x / √π · Σ x^k / (½ · 1½ · … · (½ + k)). */
function lowerGamma(x: number): number {
  let term = 2;
  let sum = 2;
  for (let k = 1; term > sum * Number.EPSILON; k++) {
    term *= x / (k + 0.5);
    sum += term;
  }
  return (sum * Math.sqrt(x) * Math.exp(-x)) / Math.sqrt(Math.PI);
}

/** Γ(½, x) / √π by Lentz's method on its continued fraction: 1/(x+½− (1·½)/(x+2½− (2·1½)/(x+4½− …))). */
function upperGamma(x: number): number {
  let b = x + 0.5;
  let c = Number.POSITIVE_INFINITY;
  let d = 1 / b;
  let h = d;
  for (let i = 1; i < 500; i++) {
    const a = -i * (i - 0.5);
    b += 2;
    d = 1 / (a * d + b);
    c = b + a / c;
    h *= d * c;
    if (Math.abs(d * c - 1) < Number.EPSILON) break;
  }
  return (h * Math.sqrt(x) * Math.exp(-x)) / Math.sqrt(Math.PI);
}

/**
 * Holm's step-down correction: the smallest of m p-values times m, the next times m − 1, and so on, none below the one before
 * it, none above 1. Keeps the chance of any false alarm among them at the level of a single test.
 * Source: Holm 1979, A Simple Sequentially Rejective Multiple Test Procedure.
 */
export function holmCorrection(values: readonly number[]): number[] {
  const order = [...values.keys()].sort((a, b) => (values[a] ?? 0) - (values[b] ?? 0));
  const corrected = new Array<number>(values.length).fill(1);
  let least = 0;
  for (const [rank, at] of order.entries()) {
    least = Math.max(least, Math.min(1, (values[at] ?? 1) * (values.length - rank)));
    corrected[at] = least;
  }
  return corrected;
}
