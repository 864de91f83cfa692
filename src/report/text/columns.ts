// Rows of cells as lines of fixed columns, for a terminal: numbers flush right, texts flush left and cut with an ellipsis.

export interface Column {
  readonly head: string;
  readonly width: number;
  /** Default: a number. */
  readonly isText?: boolean;
}

/** The first line is the head. */
export function columns(
  specs: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  return [specs.map(({ head }) => head), ...rows].map((cells) =>
    specs
      .map((spec, index) => aligned(spec, cells[index] ?? ""))
      .join(" ")
      .trimEnd(),
  );
}

function aligned({ width, isText = false }: Column, cell: string): string {
  const text = cell.length > width ? `${cell.slice(0, width - 1)}…` : cell;
  return isText ? text.padEnd(width) : text.padStart(width);
}
