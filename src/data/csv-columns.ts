// Which column of a CSV is what: Kaggle's names and others that exports have, the label first or last, a column of row numbers.

const SIDE = 28;
export const PIXELS = SIDE * SIDE;
/** Kaggle's. */
export const HEADER = ["label", ...Array.from({ length: PIXELS }, (_, i) => `pixel${i + 1}`)];

export interface CsvColumns {
  /** Of the values in the order of the file, without a column of row numbers. */
  readonly names: readonly string[];
  readonly labelAt: number;
  /** The first column numbers the rows, and is left out. */
  readonly hasIndex: boolean;
  /** False: the first line is a row already. */
  readonly hasHeader: boolean;
}

const KAGGLE: CsvColumns = {
  ...{ names: HEADER, labelAt: 0, hasIndex: false, hasHeader: true },
};

/** How pixels are named: from 1, from 0, by row and column. */
const PIXEL_NAMES: readonly ((i: number) => string)[] = [
  (i) => `pixel${i + 1}`,
  (i) => `pixel${i}`,
  (i) => `${Math.floor(i / SIDE) + 1}x${(i % SIDE) + 1}`,
];
/** What pandas and others call a column of row numbers. */
const INDEX_NAMES = new Set(["", "unnamed: 0", "index", "id"]);
const LABEL_NAMES = new Set(["label", "labels", "class", "target"]);

/** From the fields of the first line; null for columns that are none of these. */
export function csvColumns(fields: readonly string[]): CsvColumns | null {
  const isRow = fields.length === PIXELS + 1 && fields.every((field) => /^\d+(\.0*)?$/.test(field));
  if (isRow) return { ...KAGGLE, hasHeader: false };
  const lower = fields.map((field) => field.toLowerCase());
  const hasIndex = lower.length === PIXELS + 2 && INDEX_NAMES.has(lower[0] ?? "-");
  const own = hasIndex ? lower.slice(1) : lower;
  if (own.length !== PIXELS + 1) return null;
  const names = hasIndex ? fields.slice(1) : fields;
  const labelAt = LABEL_NAMES.has(own[0] ?? "")
    ? 0
    : LABEL_NAMES.has(own.at(-1) ?? "")
      ? PIXELS
      : -1;
  const pixelsFrom = labelAt === 0 ? 1 : 0;
  const arePixels = PIXEL_NAMES.some((nameOf) => {
    return own.slice(pixelsFrom, pixelsFrom + PIXELS).every((name, i) => name === nameOf(i));
  });
  if (labelAt < 0 || !arePixels) return null;
  return { names, labelAt, hasIndex, hasHeader: true };
}

/** Of a CSV whose header is not Kaggle's: every column but the label's is a pixel, in the order of the file. */
export interface CsvLayout {
  /** Default: the one that is called label, class or target. */
  readonly labelColumn?: string | undefined;
}

/** What such a header says, or what is wrong with it. */
export function layoutColumns(
  fields: readonly string[],
  { labelColumn }: CsvLayout,
): CsvColumns | string {
  const hasIndex = INDEX_NAMES.has((fields[0] ?? "-").toLowerCase()) && fields[0] !== labelColumn;
  const names = hasIndex ? fields.slice(1) : fields;
  const isLabel = (name: string): boolean =>
    labelColumn === undefined ? LABEL_NAMES.has(name.toLowerCase()) : name === labelColumn;
  const labelAt = names.findIndex(isLabel);
  const wanted = labelColumn ?? "label, class or target";
  const some = names.slice(0, 4).map(shorten).join(", ");
  if (labelAt < 0) return `the header must have a column ${wanted}, got ${names.length}: ${some} …`;
  if (names.length < 2) return `there must be pixels beside ${wanted}, got no other column`;
  return { names, labelAt, hasIndex, hasHeader: true };
}

/** What is wrong with a header that is none, as a message has it. */
export function wrongHeader(fields: readonly string[]): string {
  const wrong = HEADER.findIndex((name, i) => fields[i] !== name);
  const [first = "", last = ""] = [fields[0], fields.at(-1)];
  return fields.length === HEADER.length
    ? `"${fields[wrong]}" in place of ${HEADER[wrong]}`
    : `${fields.length} columns from "${shorten(first)}" to "${shorten(last)}"`;
}

export function shorten(text = ""): string {
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
