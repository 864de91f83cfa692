// The first two steps: what the rows are, and which of them are held out.

import { join } from "node:path";
import { classCounts, type Dataset, takeRows } from "../data/dataset.ts";
import type { FashionMnist } from "../data/fashion-mnist.ts";
import { lookAtData } from "../data/first-look.ts";
import { formatCount } from "../format/number-format.ts";
import { writeAtomically } from "../io/files.ts";
import { classesSvg, samplesSvg } from "../report/charts/data-charts.ts";
import type { SplitLook, StudyData } from "../report/story/study-record.ts";
import type { StudyContext } from "./context.ts";

/** Of the rows as they were found, which the other steps never see; the pictures are of the cleaned ones. */
export async function lookStep(
  { data, screen }: StudyContext,
  found: FashionMnist,
  folder: string,
): Promise<StudyData> {
  const { train, test, source } = data;
  await writeAtomically(join(folder, "classes.svg"), await classesSvg(train, test));
  await writeAtomically(join(folder, "samples.svg"), samplesSvg(train));
  const look = lookAtData(found);
  const duplicates = formatCount(look.train.duplicates + look.test.duplicates);
  const missing = formatCount(look.train.missingRows + look.test.missingRows);
  screen.say(
    `${formatCount(train.rows)} rows to train, ${formatCount(test.rows)} to test; ${duplicates} duplicates, ${missing} without all values`,
  );
  return { ...look, source, kept: { train: train.rows, test: test.rows } };
}

export function splitStep({ data, rows, screen }: StudyContext): SplitLook {
  const { train, heldOut } = rows;
  screen.say(
    `${formatCount(train.length)} rows to train on, ${formatCount(heldOut.length)} held out`,
  );
  return {
    trainRows: train.length,
    heldOutRows: heldOut.length,
    trainCounts: countsOf(data.train, train),
    heldOutCounts: countsOf(data.train, heldOut),
  };
}

function countsOf(dataset: Dataset, rows: Uint32Array): readonly number[] {
  return classCounts(takeRows(dataset, rows));
}
