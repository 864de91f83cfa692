// Numbers as Python's % operator prints them, which Keras's console output is made of. Ties go to the even digit, where
// JavaScript's toFixed rounds them up: 29/32 is 0.9062 in Keras. No locale, no units.

/** Enough decimals to write any double that can be a tie exactly (100 is the platform's limit). */
const EXACT_DIGITS = 100;

/** `%.{digits}f` */
export function formatFixed(value: number, digits: number): string {
  const special = formatSpecial(value);
  if (special !== undefined) return special;
  const rounded = value.toFixed(digits);
  const exact = Math.abs(value) < 2 ** 53 ? value.toFixed(EXACT_DIGITS) : "";
  const point = exact.indexOf(".");
  if (point < 0 || !isTie(exact.slice(point + 1 + digits))) return rounded;
  const below = digits === 0 ? exact.slice(0, point) : exact.slice(0, point + 1 + digits);
  return isEven(below) ? below : rounded;
}

/** `%.{digits}e` for one digit or more; at least two digits of exponent. */
export function formatExponent(value: number, digits: number): string {
  const special = formatSpecial(value);
  if (special !== undefined) return special;
  const [rounded = "", exponent = "+0"] = value.toExponential(digits).split("e");
  const [exact = ""] = value.toExponential(EXACT_DIGITS).split("e");
  const below = exact.slice(0, exact.indexOf(".") + 1 + digits);
  const mantissa = isTie(exact.slice(below.length)) && isEven(below) ? below : rounded;
  return `${mantissa}e${exponent.slice(0, 1)}${exponent.slice(1).padStart(2, "0")}`;
}

/** `repr(value)` of a Python float: the shortest digits that read back as the same double; whole numbers end in `.0`. */
export function formatRepr(value: number): string {
  const special = formatSpecial(value);
  if (special !== undefined) return special;
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 16)) {
    const sign = power < 0 ? "-" : "+";
    return `${mantissa}e${sign}${String(Math.abs(power)).padStart(2, "0")}`;
  }
  const text =
    power < 0 ? value.toFixed(mantissa.replace(/\D/g, "").length - power - 1) : `${value}`;
  return (Object.is(value, -0) ? "-0" : text) + (text.includes(".") ? "" : ".0");
}

/** The shortest number of up to 7 digits that is the same float32, else the number itself: 0.001 for 0.0010000000474974513. */
export function shortestFloat(value: number): number {
  const short = Number(value.toPrecision(7));
  return Math.fround(short) === Math.fround(value) ? short : value;
}

/** Thousands separated by commas, as Python's `{:,}`. */
export function formatCount(value: number): string {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}

/** `1.50 MB` for a size in bytes, in steps of 1024. */
export function formatMemory(bytes: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let size = bytes;
  let unit = units.shift();
  while (size >= 1024 && units.length > 0) {
    size /= 1024;
    unit = units.shift();
  }
  return `${formatFixed(size, 2)} ${unit}`;
}

function formatSpecial(value: number): string | undefined {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  return undefined;
}

function isTie(rest: string): boolean {
  return /^50*$/.test(rest);
}

function isEven(digits: string): boolean {
  return "02468".includes(digits.slice(-1));
}
