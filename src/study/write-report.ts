// The last step: record, report.md and report.html, from what the other steps left.

import { mkdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeAtomically, writeJson } from "../io/files.ts";
import { comparisonSvg } from "../report/story/comparison.ts";
import { storyHtml } from "../report/story/html.ts";
import { storyMarkdown } from "../report/story/markdown.ts";
import { STUDY_PICTURES } from "../report/story/numbers.ts";
import type { Block, Pictures } from "../report/story/story.ts";
import { type StudyRecord, studyJson } from "../report/story/study-record.ts";
import { studyStory } from "../report/story/study-story.ts";

export interface WrittenReport {
  readonly html: string;
  readonly markdown: string;
}

export async function writeReport(folder: string, record: StudyRecord): Promise<WrittenReport> {
  await writeJson(join(folder, "record.json"), studyJson(record));
  const picture = join(folder, STUDY_PICTURES.comparison);
  await mkdir(dirname(picture), { recursive: true });
  await writeAtomically(picture, await comparisonSvg(record));
  const story = studyStory(record);
  const pictures = await readPictures(folder, story.blocks);
  const written = { html: join(folder, "report.html"), markdown: join(folder, "report.md") };
  await writeAtomically(written.markdown, storyMarkdown(story));
  await writeAtomically(written.html, storyHtml(story, pictures));
  return written;
}

async function readPictures(folder: string, blocks: readonly Block[]): Promise<Pictures> {
  const pictures = new Map<string, string>();
  for (const block of blocks) {
    if (block.kind !== "figure") continue;
    pictures.set(block.file, await readFile(join(folder, block.file), "utf8"));
  }
  return pictures;
}
