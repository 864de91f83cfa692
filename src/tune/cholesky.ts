// Cholesky's factor of a small symmetric matrix and solving with it, in float64. Own code because a Gaussian process over
// a hundred trials needs these forty lines and nothing else of a linear algebra package.

/** Row-major, lower triangle. */
export interface Factor {
  readonly n: number;
  readonly l: Float64Array;
}

/** L with L·Lᵀ = a (row-major n×n); null when `a` is not positive definite to working precision. */
export function cholesky(a: Float64Array, n: number): Factor | null {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = at(a, i * n + j);
      for (let k = 0; k < j; k++) sum -= at(l, i * n + k) * at(l, j * n + k);
      if (i !== j) l[i * n + j] = sum / at(l, j * n + j);
      else if (sum > 0) l[i * n + i] = Math.sqrt(sum);
      else return null;
    }
  }
  return { n, l };
}

/** x with L·x = b */
export function solveLower({ n, l }: Factor, b: ArrayLike<number>): Float64Array {
  const x = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    let sum = at(b, i);
    for (let k = 0; k < i; k++) sum -= at(l, i * n + k) * at(x, k);
    x[i] = sum / at(l, i * n + i);
  }
  return x;
}

/** x with Lᵀ·x = b */
export function solveUpper({ n, l }: Factor, b: ArrayLike<number>): Float64Array {
  const x = new Float64Array(n);
  for (let i = n - 1; i >= 0; i--) {
    let sum = at(b, i);
    for (let k = i + 1; k < n; k++) sum -= at(l, k * n + i) * at(x, k);
    x[i] = sum / at(l, i * n + i);
  }
  return x;
}

/** log |L·Lᵀ| / 2 */
export function halfLogDeterminant({ n, l }: Factor): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += Math.log(at(l, i * n + i));
  return sum;
}

function at(values: ArrayLike<number>, i: number): number {
  return values[i] ?? Number.NaN;
}
