// A row of a data set that lacks values, and how that is said.

/** A row that lacks values. */
export interface MissingRow {
  readonly file: string;
  /** From 1, the header's. */
  readonly line: number;
  readonly columns: readonly string[];
}

/** `a row must have every value, got none for pixel12 and 3 more columns`. */
export function missingRule({ columns }: MissingRow): string {
  const [first = ""] = columns;
  const more = columns.length - 1;
  const others = more === 0 ? "" : ` and ${more} more ${more === 1 ? "column" : "columns"}`;
  return `a row must have every value, got none for ${first}${others}`;
}
