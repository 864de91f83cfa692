// The part of rich's table that Keras 3's summary needs: columns squeezed into a width, words wrapped, words too long cut
// with an ellipsis. ASCII cells only; not a general table.

/** Text with an SGR code (or "") for each character. */
export interface StyledText {
  readonly text: string;
  readonly codes: readonly string[];
}

export function styled(...parts: readonly (readonly [text: string, code?: string])[]): StyledText {
  const codes = parts.flatMap(([text, code = ""]) => Array.from(text, () => code));
  return { text: parts.map(([text]) => text).join(""), codes };
}

/** Inner widths, with a space of padding on both sides, of columns squeezed evenly until borders fit (rich's ratio_reduce). */
export function collapseWidths(columns: readonly number[], tableWidth: number): number[] {
  const widths = columns.map((width) => width + 2);
  let excess = widths.reduce((a, b) => a + b, 0) - (tableWidth - columns.length - 1);
  if (excess <= 0) return widths;
  return widths.map((width, i) => {
    const share = Math.min(width, roundHalfEven(excess / (widths.length - i)));
    excess -= share;
    return width - share;
  });
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** A horizontal rule; `corners` is left, line, crossing, right. */
export function rule(corners: string, widths: readonly number[]): string {
  const [left = "", line = "", crossing = "", right = ""] = Array.from(corners);
  return left + widths.map((width) => line.repeat(width)).join(crossing) + right;
}

interface BoxRow {
  readonly cells: readonly StyledText[];
  readonly widths: readonly number[];
  /** The vertical line. */
  readonly bar: string;
  /** Index of the column that is flush right. */
  readonly rightAligned: number;
  readonly colour: boolean;
  /** A header stands on its rule; other cells hang from theirs. */
  readonly header?: boolean;
}

/** The lines of one row, as many as its highest cell needs. */
export function boxRow(row: BoxRow): string[] {
  const { cells, widths, bar, rightAligned, colour, header = false } = row;
  const wrapped = cells.map((cell, i) => wrapCell(cell, (widths[i] ?? 2) - 2));
  const height = Math.max(1, ...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    const parts = widths.map((width, i) => {
      const lines = wrapped[i] ?? [];
      const content = lines[header ? line - height + lines.length : line] ?? styled();
      const space = " ".repeat(Math.max(0, width - 2 - content.text.length));
      const shown = colour ? paint(content) : content.text;
      return i === rightAligned ? ` ${space}${shown} ` : ` ${shown}${space} `;
    });
    return bar + parts.join(bar) + bar;
  });
}

function wrapCell(cell: StyledText, width: number): StyledText[] {
  const cuts = [0, ...breakPositions(cell.text, width), cell.text.length];
  return cuts.slice(1).map((end, i) => {
    const start = cuts[i] ?? 0;
    const text = cell.text.slice(start, end).trimEnd();
    if (text.length <= width) return { text, codes: cell.codes.slice(start, start + text.length) };
    const kept = Math.max(0, width - 1);
    return {
      text: `${text.slice(0, kept)}…`,
      codes: cell.codes.slice(start, start + kept + 1),
    };
  });
}

/** Where lines begin, except the first: rich's divide_line without folding. */
function breakPositions(text: string, width: number): number[] {
  const breaks: number[] = [];
  let used = 0;
  for (const match of text.matchAll(/\s*\S+\s*/g)) {
    const [word] = match;
    const length = word.trimEnd().length;
    if (width - used >= length) {
      used += word.length;
      continue;
    }
    if (match.index > 0) breaks.push(match.index);
    used = word.length;
  }
  return breaks;
}

function paint({ text, codes }: StyledText): string {
  let out = "";
  let active = "";
  for (const [i, character] of Array.from(text).entries()) {
    const code = codes[i] ?? "";
    if (code !== active)
      out += (active === "" ? "" : "\x1b[0m") + (code === "" ? "" : `\x1b[${code}m`);
    active = code;
    out += character;
  }
  return active === "" ? out : `${out}\x1b[0m`;
}
