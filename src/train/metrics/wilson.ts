// How far a share that was counted on some rows may lie from the share on all rows like them.

/** 97.5 % point of the normal distribution: two-sided 95 %. */
const Z = 1.959963984540054;

/**
 * Wilson's score interval, 95 %. Stays within 0 and 1 and holds its level also near them, where the usual p ± z·se does not.
 * Source: Wilson 1927; Brown, Cai, DasGupta 2001.
 */
export function wilsonInterval(hits: number, rows: number): readonly [low: number, high: number] {
  if (rows === 0) return [0, 1];
  const share = hits / rows;
  const square = Z ** 2 / rows;
  const middle = (share + square / 2) / (1 + square);
  const reach = (Z * Math.sqrt((share * (1 - share)) / rows + square / (4 * rows))) / (1 + square);
  return [Math.max(0, middle - reach), Math.min(1, middle + reach)];
}
