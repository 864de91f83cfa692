// `npm run data`: a first look at the data set before anything is trained on it, with two pictures; and its rows as CSV.

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type CleanData, cleanData, describeDropped } from "../../data/clean.ts";
import { writeKaggleCsv } from "../../data/csv.ts";
import type { Dataset } from "../../data/dataset.ts";
import type { FashionMnist } from "../../data/fashion-mnist.ts";
import { type DataLook, lookAtData } from "../../data/first-look.ts";
import type { MissingRow } from "../../data/missing-row.ts";
import type { Part } from "../../data/official-files.ts";
import { UsageError } from "../../engine/core/errors.ts";
import { formatCount } from "../../format/number-format.ts";
import { prepareOut, writeAtomically } from "../../io/files.ts";
import { classesSvg, samplesSvg } from "../../report/charts/data-charts.ts";
import { startProgress } from "../display/progress.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { loadRawData, titleOfFlag } from "../inputs/data-set.ts";
import { DATA_FLAGS, defaultOut } from "../inputs/shared-flags.ts";

/** Rows listed one by one before the rest is a count. */
const LISTED = 20;

const FLAGS = {
  ...DATA_FLAGS,
  out: {
    type: "string",
    value: "folder",
    help: "where to save the pictures; default runs/<time>-data",
  },
  "to-csv": {
    type: "string",
    value: "folder",
    help: "also write the rows as Kaggle's two CSVs into this folder",
  },
} as const;

type Context = CommandContext<typeof FLAGS, readonly []>;

const command = defineCommand({
  name: "npm run data --",
  summary:
    "A first look at Fashion-MNIST or at data of yours: rows, missing values, duplicates, value range, classes, and two pictures.",
  examples: [
    { command: "npm run data", does: "of the data set that train uses" },
    { command: "npm run data -- --data archive/", does: "of the CSVs in a folder" },
    { command: "npm run data -- --to-csv csv/", does: "writes the CSVs as Kaggle has them" },
  ],
  flags: FLAGS,
  run: look,
});

async function look(context: Context): Promise<void> {
  const { flags, say, style, terminal, json } = context;
  const title = titleOfFlag(flags.data);
  say(style.bold(`vitrine: a first look at ${title}`));
  const out = flags.out ?? (await defaultOut("data"));
  const csvs = csvFiles(title);
  if (flags.toCsv !== undefined) await refuseOverwrite(flags.toCsv, csvs);
  const data = await loadRawData(terminal, flags.data, flags);
  say(`data set   ${data.source}`);
  const { height, width, channels } = data.train;
  if (`${height}×${width}×${channels}` !== "28×28×1") {
    say(`images     ${height}×${width}×${channels}`);
  }
  say();
  const found = lookAtData(data);
  for (const line of lookLines(found)) say(line);
  sayMissing(context, data);
  sayBroken(context, data);
  // The same rule as training's: it refuses here what it would refuse there.
  const clean = cleanData(data, flags);
  sayKept(context, clean, found.shared);
  await prepareOut(out);
  await writeAtomically(join(out, "classes.svg"), await classesSvg(clean.train, clean.test));
  await writeAtomically(join(out, "samples.svg"), samplesSvg(clean.train));
  say();
  say(`saved in   ${out}: classes.svg, samples.svg`);
  if (flags.toCsv !== undefined) await writeCsvs(context, data, { folder: flags.toCsv, csvs });
  json({
    ...found,
    kept: { train: clean.train.rows, test: clean.test.rows },
    source: data.source,
    shape: [height, width, channels],
    ...(data.broken?.length ? { broken: data.broken.map((one) => ({ ...one })) } : {}),
    out,
  });
}

/** A table with a column for train and one for test. */
function lookLines({ train, test, shared, classNames }: DataLook): string[] {
  const rows: (readonly [string, string, string])[] = [
    ["", "train", "test"],
    ["rows", formatCount(train.rows), formatCount(test.rows)],
    ["columns", String(train.columns), String(test.columns)],
    ["missing values", formatCount(train.missingValues), formatCount(test.missingValues)],
    ["duplicate rows", formatCount(train.duplicates), formatCount(test.duplicates)],
    ["also in train", "", formatCount(shared)],
    ["values", `${train.least} to ${train.greatest}`, `${test.least} to ${test.greatest}`],
    ["", "", ""],
    ...classNames.map(
      (name, label) =>
        [
          name,
          formatCount(train.classCounts[label] ?? 0),
          formatCount(test.classCounts[label] ?? 0),
        ] as const,
    ),
  ];
  const widths = [0, 1, 2].map((i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  const [first = 0, second = 0, third = 0] = widths;
  return rows.map(([a, b, c]) =>
    `${a.padEnd(first)}  ${b.padStart(second)}  ${c.padStart(third)}`.trimEnd(),
  );
}

function sayMissing({ say }: Context, { missing }: FashionMnist): void {
  const rows: readonly MissingRow[] = [...(missing?.train ?? []), ...(missing?.test ?? [])];
  if (rows.length === 0) return;
  say();
  say("rows without all values");
  for (const { file, line, columns } of rows.slice(0, LISTED)) {
    const named = columns.slice(0, 4).join(", ");
    const more = columns.length > 4 ? ` and ${columns.length - 4} more` : "";
    say(`  ${file}:${line}  ${named}${more}`);
  }
  if (rows.length > LISTED) say(`  and ${formatCount(rows.length - LISTED)} more`);
}

function sayBroken({ say }: Context, { broken = [] }: FashionMnist): void {
  if (broken.length === 0) return;
  say();
  say("pictures that cannot be read");
  for (const { problem } of broken.slice(0, LISTED)) say(`  ${problem}`);
  if (broken.length > LISTED) say(`  and ${formatCount(broken.length - LISTED)} more`);
}

function sayKept({ say }: Context, { train, test, cleaning }: CleanData, shared: number): void {
  const dropped = describeDropped(cleaning);
  if (dropped === "" && shared === 0) return;
  say();
  if (dropped !== "") say(`dropped    ${dropped}`);
  if (shared > 0) say(`kept       ${formatCount(shared)} rows of test that are also in train`);
  say(`rows left  ${formatCount(train.rows)} to train, ${formatCount(test.rows)} to test`);
}

/** Kaggle's names for Fashion-MNIST, which say what it is when they are read; others have a name of their own. */
function csvFiles(title: string): Record<Part, string> {
  const stem = title
    .toLowerCase()
    .replace(/\.csv$/, "")
    .replaceAll(/[^\p{L}\p{N}]+/gu, "-");
  return { train: `${stem}_train.csv`, test: `${stem}_test.csv` };
}

async function refuseOverwrite(folder: string, csvs: Record<Part, string>): Promise<void> {
  const file = Object.values(csvs).find((name) => existsSync(join(folder, name)));
  if (file === undefined) return;
  throw new UsageError(`--to-csv: must not overwrite a file, got ${folder} with ${file}`, {
    help: "choose another folder, or move the file away",
  });
}

/** The rows as they were found, duplicates and all. */
async function writeCsvs(
  { terminal }: Context,
  data: FashionMnist,
  { folder, csvs }: { readonly folder: string; readonly csvs: Record<Part, string> },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const parts: (readonly [Dataset, string])[] = [
    [data.train, csvs.train],
    [data.test, csvs.test],
  ];
  for (const [dataset, name] of parts) {
    const label = `writing ${name}`;
    const bar = startProgress(terminal, { label, total: dataset.rows, unit: "rows" });
    await writeKaggleCsv(dataset, join(folder, name), (fraction) =>
      bar.update(Math.round(fraction * dataset.rows)),
    );
    bar.finish(`wrote      ${join(folder, name)}, ${formatCount(dataset.rows)} rows`);
  }
}

await runCommand(command);
