// Numbers as the page says them.

/** `8 s`, `3 min 20 s`, `1 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

export function count(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+$)/g, ",");
}

export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)} %`;
}

/** Four significant digits, exponents where they are shorter: `0.001`, `9.05e-5`. */
export function short(value: number | null | undefined, digits = 4): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "-";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) {
    return value.toExponential(Math.max(0, digits - 2)).replace(/\.?0+e/, "e");
  }
  return String(Number(value.toPrecision(digits)));
}

/** A figure of the logs as people call it. */
export function figureName(name: string): string {
  return name.replace(/^val_/, "validation ").replaceAll("_", " ");
}

export function figureText(name: string, value: number): string {
  return /accuracy$/.test(name) ? percent(value, 2) : short(value);
}
