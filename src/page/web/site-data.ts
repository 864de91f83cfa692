// What lies beside the page: the data set, as `data/index.json` describes it, and what is fetched late. The site's maker writes it and
// the page's worker reads it.

export const DATA_INDEX = "data/index.json";
/** The worker that reads and writes files of Keras's, which is fetched when there is one. */
export const KERAS_SCRIPT = "keras.js";

export interface SiteData {
  readonly format: 1;
  /** `Fashion-MNIST` */
  readonly title: string;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classNames: readonly string[];
  /** What was done to the rows. */
  readonly notes: readonly string[];
  readonly train: SitePart;
  readonly test: SitePart;
}

/** A file of all images, row by row, and then all labels, as one byte or four each; packed by gzip. */
export interface SitePart {
  /** `fashion-mnist/train`: of the rows, in records. */
  readonly name: string;
  /** Beside the index. */
  readonly file: string;
  readonly rows: number;
  readonly labelBytes: 1 | 4;
  /** Of the file as it lies there. */
  readonly bytes: number;
}
