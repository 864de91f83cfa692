// Class probabilities as horizontal bars of text, for a terminal or a file. Plain characters, no colour of its own, and
// no sorting: the caller's order stands unless it asks for the largest first.

export interface BarItem {
  readonly label: string;
  /** From 0 to 1. */
  readonly value: number;
}

export interface BarOptions {
  /** Columns that a line may take; default 80. */
  readonly width?: number;
  /** Largest first; default false. */
  readonly sorted?: boolean;
  /** Emphasis for the line of the largest value, e.g. bold. */
  readonly highlight?: (line: string) => string;
}

/** The longest bar is kept short enough to compare at a glance. */
const MAX_BAR = 40;
const MIN_BAR = 8;
const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** One line an item, `Ankle boot ███████▌  97.3%`, joined by line ends; an eighth of a column is the resolution. */
export function probabilityBars(items: readonly BarItem[], options: BarOptions = {}): string {
  const { width = 80, sorted = false, highlight = (line: string) => line } = options;
  const ordered = sorted ? [...items].sort((a, b) => b.value - a.value) : items;
  const largest = Math.max(...items.map((item) => item.value));
  const labels = Math.max(0, ...items.map((item) => item.label.length));
  const room = Math.max(MIN_BAR, Math.min(MAX_BAR, width - labels - 10));
  let marked = false;
  const lines = ordered.map(({ label, value }) => {
    const line = `${label.padEnd(labels)} ${bar(value, room)} ${percent(value)}`;
    if (marked || value !== largest) return line;
    marked = true;
    return highlight(line);
  });
  return lines.join("\n");
}

function bar(value: number, room: number): string {
  const share = Number.isFinite(value) ? Math.min(1, Math.max(0, value)) : 0;
  const eighths = Math.round(share * room * 8);
  return ("█".repeat(eighths >> 3) + (EIGHTHS[eighths & 7] ?? "")).padEnd(room);
}

/** Rounding must not turn a doubt into certainty: only 1 is "100.0%", only 0 is "0.0%". */
function percent(value: number): string {
  if (!Number.isFinite(value)) return `${value}`.padStart(7);
  const text = (100 * value).toFixed(1);
  if (text === "100.0" && value < 1) return "> 99.9%".padStart(7);
  if (text === "0.0" && value > 0) return "< 0.1%".padStart(7);
  return `${text}%`.padStart(7);
}
