// Loads the data set for a command, telling the person what is read from where and how far it is; and cleans it, so that
// every command trains and scores the same rows.

import { basename, join, resolve } from "node:path";
import { type CleanData, type CleanOptions, cleanData, describeDropped } from "../../data/clean.ts";
import { FASHION_MNIST, type FashionMnist, loadFashionMnist } from "../../data/fashion-mnist.ts";
import { saysFashion } from "../../data/fashion-mnist-classes.ts";
import type { Progress, SourceOptions } from "../../data/sources/source.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { CACHE } from "../../setup/files.mjs";
import { startProgress } from "../display/progress.ts";
import type { Terminal } from "../frame/terminal.ts";

/** The rows to work with: duplicates dropped, rows without all values refused or dropped; says how many. */
export async function loadData(
  terminal: Terminal,
  data: string | undefined,
  options: CleanOptions & DataOptions = {},
): Promise<CleanData> {
  const clean = cleanData(await loadRawData(terminal, data, options), options);
  const dropped = describeDropped(clean.cleaning);
  if (dropped !== "") terminal.print(`dropped    ${dropped}`);
  return clean;
}

/** What the data set is called before it is read: the folder or file that was given. */
export function titleOfFlag(data: string | undefined): string {
  if (data === undefined || saysFashion(data)) return FASHION_MNIST;
  return basename(resolve(data));
}

/** The rows as they are found. */
export async function loadRawData(
  terminal: Terminal,
  data: string | undefined,
  options: DataOptions = {},
): Promise<FashionMnist> {
  const steps = showSteps(terminal);
  const loaded = await loadFashionMnist({
    data,
    options: sourceOptions(data, options),
    cacheDir: join(CACHE, "fashion-mnist"),
    say: (line) => terminal.print(line),
    progress: steps.progress,
  });
  steps.finish();
  return loaded;
}

/** What flags say of given data. */
export interface DataOptions {
  readonly shape?: string | undefined;
  readonly labelColumn?: string | undefined;
  readonly classNames?: string | undefined;
}

/** Throws UsageError for a shape that is none, and for options without data that they are of. */
function sourceOptions(data: string | undefined, options: DataOptions): SourceOptions {
  const { labelColumn, classNames, shape } = options;
  if (data === undefined) {
    const given = Object.entries({ shape, labelColumn, classNames }).find(([, value]) => value);
    if (given === undefined) return {};
    const [argument] = given;
    throw new UsageError(`${argument}: is for data that --data names, got it without`, {
      argument,
    });
  }
  return {
    labelColumn,
    shape: shape === undefined ? undefined : parseShape(shape),
    classNames: classNames?.split(",").map((name) => name.trim()),
    cacheDir: join(CACHE, "pictures"),
  };
}

const MOST_SIDE = 1024;

function parseShape(text: string): NonNullable<SourceOptions["shape"]> {
  const sizes = /^\d+x\d+(x[13])?$/.test(text) ? text.split("x").map(Number) : [];
  const [height = 0, width = 0, channels] = sizes;
  if (height < 1 || width < 1 || Math.max(height, width) > MOST_SIDE) {
    throw new UsageError(
      `shape: must be rows and columns from 1 to ${MOST_SIDE}, and 1 or 3 channels if you like, got ${text}`,
      { argument: "shape", help: "such as 32x32 or 64x64x3" },
    );
  }
  return channels === undefined ? [height, width] : [height, width, channels];
}

/** A bar for whatever step something slow is in. */
export function showSteps(terminal: Terminal) {
  let shown: { readonly label: string; readonly bar: ReturnType<typeof startProgress> } | null =
    null;
  return {
    progress: ({ label, fraction }: Progress): void => {
      if (shown?.label !== label) {
        shown?.bar.finish("");
        shown = { label, bar: startProgress(terminal, { label, total: 100, unit: "percent" }) };
      }
      shown.bar.update(Math.round(100 * fraction));
    },
    finish: (): void => shown?.bar.finish(""),
  };
}
