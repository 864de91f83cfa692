// Names made from a pattern, as Python's str.format makes them: `{epoch:02d}`, `{val_loss:.2f}`, `{lr}`. Numbers only,
// and of its mini-language what file names need: padding with spaces or zeros, d, and f and e with a precision.

import { UsageError } from "../engine/core/errors.ts";
import { formatExponent, formatFixed, formatRepr } from "./number-format.ts";

const FIELD = /\{\{|\}\}|\{([A-Za-z_]\w*)(?::(0?)(\d*)(?:d|(?:\.(\d+))?([fe]))?)?\}|[{}]/g;

/**
 * Fills a pattern. `{{` and `}}` stand for braces.
 * @throws UsageError for a name that is not among the values, or a format that is not understood.
 */
export function formatPattern(pattern: string, values: Readonly<Record<string, number>>): string {
  return pattern.replace(FIELD, (field, name, zero, width, precision, type) => {
    if (field === "{{" || field === "}}") return field.charAt(0);
    if (name === undefined) {
      throw new UsageError(
        `file name: fields must be like {epoch:02d} or {val_loss:.2f}, got ${pattern}`,
      );
    }
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) {
      const known = Object.keys(values).join(", ");
      throw new UsageError(`file name: ${field} must be one of ${known}, got ${pattern}`);
    }
    const text = formatNumber(value, { type, precision });
    return pad(text, Number(width ?? 0), zero === "0");
  });
}

function formatNumber(
  value: number,
  { type, precision }: { type: string | undefined; precision: string | undefined },
): string {
  if (type === "f") return formatFixed(value, Number(precision ?? 6));
  if (type === "e") return formatExponent(value, Number(precision ?? 6));
  return Number.isInteger(value) ? String(value) : formatRepr(value);
}

/** Zeros go between the sign and the digits. */
function pad(text: string, width: number, zeros: boolean): string {
  if (!zeros) return text.padStart(width);
  const sign = text.startsWith("-") ? "-" : "";
  return sign + text.slice(sign.length).padStart(width - sign.length, "0");
}
