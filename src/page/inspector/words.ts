// Figures in words, as short as a block of the picture needs them: `512 µs`, `1.2 MB`, `37.6 M`.

export function ofTime(ms: number): string {
  if (ms >= 1000) return `${digits(ms / 1000)} s`;
  return ms >= 1 ? `${digits(ms)} ms` : `${digits(1000 * ms)} µs`;
}

export function ofBytes(bytes: number): string {
  return scaled(bytes, 1024, ["B", "KB", "MB", "GB", "TB"]);
}

/** Counts of operations and elements. */
export function ofCount(count: number): string {
  return scaled(count, 1000, ["", "K", "M", "G", "T"]).trim();
}

export function ofShare(share: number): string {
  const percent = 100 * share;
  if (percent > 0 && percent < 0.1) return "< 0.1 %";
  return `${percent >= 10 ? percent.toFixed(0) : percent.toFixed(1)} %`;
}

export function ofShape(shape: readonly number[]): string {
  return shape.length === 0 ? "one number" : shape.join(" × ");
}

/** A value of a tensor, in a column of others. */
export function ofValue(value: number): string {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e6) return minus(String(value));
  return minus(size >= 1e-3 && size < 1e5 ? value.toPrecision(4) : value.toExponential(2));
}

/** Of an error: too small for anything but powers of ten. */
export function ofError(value: number): string {
  if (value === 0) return "0";
  return minus(value >= 1e-2 && value < 1e4 ? value.toPrecision(3) : value.toExponential(1));
}

/** `12×`, `1.3×`. */
export function ofFactor(factor: number): string {
  return `${factor >= 9.95 ? factor.toFixed(0) : factor.toFixed(1)}×`;
}

/** `1 dispatch`, `2 dispatches`. */
export function counted(count: number, one: string, more = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : more}`;
}

function scaled(value: number, step: number, units: readonly string[]): string {
  let [size, unit] = [value, 0];
  while (size >= step && unit < units.length - 1) {
    size /= step;
    unit++;
  }
  return `${unit === 0 && Number.isInteger(size) ? size : digits(size)} ${units[unit] ?? ""}`;
}

/** Three that count, and none that does not. */
function digits(value: number): string {
  if (value === 0) return "0";
  if (value >= 100) return Math.round(value).toLocaleString("en");
  return value >= 10 ? value.toFixed(1) : value.toFixed(value < 0.01 ? 4 : 2);
}

function minus(text: string): string {
  return text.replaceAll("-", "−");
}
