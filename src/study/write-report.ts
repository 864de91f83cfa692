// The last step: record, report.md and report.html, from what the other steps left.

import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { CleanData } from "../data/clean.ts";
import { writeAtomically, writeJson } from "../io/files.ts";
import { drawFolds } from "../report/charts/saved-charts.ts";
import { comparisonSvg } from "../report/story/comparison.ts";
import { storyHtml } from "../report/story/html.ts";
import { storyMarkdown } from "../report/story/markdown.ts";
import { STUDY_PICTURES } from "../report/story/numbers.ts";
import type { Block } from "../report/story/story.ts";
import { type StudyRecord, studyJson } from "../report/story/study-record.ts";
import { studyStory } from "../report/story/study-story.ts";
import { loadFolds, type SavedFold } from "../runs/kfold-folder.ts";
import { narrowPictures } from "./narrow-pictures.ts";

export interface WrittenReport {
  readonly html: string;
  readonly markdown: string;
}

/** Where the report of a study lies. */
export function writtenReport(folder: string): WrittenReport {
  return { html: join(folder, "report.html"), markdown: join(folder, "report.md") };
}

/** `data`: all the rows, of which the report shows samples. */
export async function writeReport(
  folder: string,
  record: StudyRecord,
  data: CleanData,
): Promise<WrittenReport> {
  await writeJson(join(folder, "record.json"), studyJson(record));
  const picture = join(folder, STUDY_PICTURES.comparison);
  await mkdir(dirname(picture), { recursive: true });
  await writeAtomically(picture, await comparisonSvg(record));
  const folds = await foldsOf(folder, record);
  const story = studyStory(record);
  const wide = await readPictures(folder, story.blocks);
  const narrow = await narrowPictures(folder, record, data, folds);
  const pictures = new Map([...wide, ...narrow]);
  const written = writtenReport(folder);
  await writeAtomically(written.markdown, storyMarkdown(story));
  await writeAtomically(written.html, storyHtml(story, pictures));
  return written;
}

/** Draws their pictures where an earlier version left fewer. */
async function foldsOf(folder: string, { settings }: StudyRecord): Promise<readonly SavedFold[]> {
  const folds = await loadFolds(join(folder, "06-folds"), settings.folds);
  const sorted = [...folds.values()].sort((a, b) => a.fold - b.fold);
  if (!existsSync(join(folder, STUDY_PICTURES.foldCurves))) {
    await drawFolds(join(folder, "06-folds"), sorted);
  }
  return sorted;
}

async function readPictures(
  folder: string,
  blocks: readonly Block[],
): Promise<Map<string, string>> {
  const pictures = new Map<string, string>();
  for (const block of blocks) {
    if (block.kind !== "figure") continue;
    pictures.set(block.file, await readFile(join(folder, block.file), "utf8"));
  }
  return pictures;
}
