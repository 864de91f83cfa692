// `npm run compare`: saved runs beside each other in one HTML file, scored on the same test rows.

import { basename, resolve } from "node:path";
import { UsageError } from "../../engine/core/errors.ts";
import { describeModel } from "../../engine/layers/model.ts";
import { writeAtomically } from "../../io/files.ts";
import { MOST_SERIES } from "../../report/charts/series.ts";
import {
  type Comparison,
  compareRuns,
  comparisonJson,
  type ScoredRun,
} from "../../report/compare/compare-figures.ts";
import { comparePictures, compareStory } from "../../report/compare/compare-story.ts";
import { probability } from "../../report/compare/significance-chapter.ts";
import { type RunFiles, readRunFiles } from "../../report/run/run-files.ts";
import { storyHtml } from "../../report/story/html.ts";
import { withSpinner } from "../display/progress.ts";
import { type CommandContext, defineCommand, runCommand } from "../frame/command.ts";
import { usageOf } from "../frame/failure.ts";
import { checkOutputFile } from "../inputs/output-file.ts";
import { loadModel, type SavedModel } from "../inputs/saved-model.ts";
import {
  openTestRows,
  predictRows,
  TEST_ROWS_FLAGS,
  type TestRows,
} from "../outcomes/predict-rows.ts";

const FLAGS = {
  out: {
    type: "string",
    value: "file.html",
    default: "compare.html",
    help: "where to write the page",
  },
  ...TEST_ROWS_FLAGS,
} as const;

const POSITIONALS = [
  { name: "RUN", help: "folders of two or more saved runs, the same classes in each", many: true },
] as const;

const command = defineCommand({
  name: "npm run compare --",
  summary:
    "Writes a page that sets saved runs beside each other: results, curves, what was set differently, McNemar's test, and the rows that they dispute.",
  examples: [
    {
      command: "npm run compare -- runs/relu runs/tanh",
      does: "writes compare.html into the current folder",
    },
    {
      command: "npm run compare -- runs/* --test-limit 1000 --out /tmp/all.html",
      does: "every run, on the first 1,000 test rows",
    },
  ],
  positionals: POSITIONALS,
  flags: FLAGS,
  run: compare,
});

type Context = CommandContext<typeof FLAGS, typeof POSITIONALS>;

interface NamedRun {
  readonly run: string;
  readonly letter: string;
  readonly name: string;
  readonly saved: SavedModel;
  readonly files: RunFiles;
}

async function compare(context: Context): Promise<void> {
  const { flags, positionals, say, style, terminal, json, finish } = context;
  checkRuns(positionals);
  await checkOutputFile("out", flags.out, ".html");
  const runs: NamedRun[] = [];
  for (const [i, run] of positionals.entries()) runs.push(await openRun(run, i, positionals));
  const classNames = sameClasses(runs);
  say(style.bold(`vitrine: comparing ${runs.length} runs`));
  for (const { name, saved } of runs) say(`${name} (${saved.config.model.name})`);
  const rows = await openTestRows(
    context,
    flags,
    runs.map(({ saved }) => saved.model),
  );
  const [first, ...others] = await scoreAll(context, rows, runs);
  if (!first) return;
  const comparison = compareRuns([first, ...others], classNames.length);
  const { test, data, device } = rows;
  const view = {
    ...{ comparison, classNames, test, source: data.source, adapter: device.name },
    allTestRows: data.test.rows,
  };
  const pictures = await withSpinner(terminal, "drawing", () => comparePictures(view));
  await finish(() => writeAtomically(flags.out, storyHtml(compareStory(view), pictures)));
  say();
  for (const line of closingLines(comparison)) say(line);
  say(`written to ${flags.out}`);
  json({
    ...{ out: flags.out, rows: test.rows, adapter: device.name },
    ...comparisonJson(comparison, classNames),
  });
  device.destroy();
}

/** Throws UsageError for too few, too many, or the same folder twice. */
function checkRuns(runs: readonly string[]): void {
  if (runs.length < 2) {
    throw usageOf(command, `RUN: must be two runs or more, got ${runs.length}`);
  }
  if (runs.length > MOST_SERIES) {
    throw new UsageError(`RUN: must be at most ${MOST_SERIES} runs, got ${runs.length}`);
  }
  const again = runs.find((run, i) => runs.findIndex((r) => resolve(r) === resolve(run)) < i);
  if (again !== undefined) throw new UsageError(`RUN: must be different runs, got ${again} twice`);
}

async function openRun(run: string, i: number, all: readonly string[]): Promise<NamedRun> {
  const saved = await loadModel(run);
  const files = await readRunFiles(run);
  const letter = String.fromCharCode("A".charCodeAt(0) + i);
  const isAlone = all.filter((other) => shortName(other) === shortName(run)).length === 1;
  return { run, letter, name: `${letter}: ${isAlone ? shortName(run) : run}`, saved, files };
}

function shortName(run: string): string {
  return basename(resolve(run));
}

/** Throws UsageError where the runs do not tell the same classes apart. */
function sameClasses([first, ...others]: readonly NamedRun[]): readonly string[] {
  const names = first?.saved.config.classNames ?? [];
  for (const { run, saved } of others) {
    const own = saved.config.classNames;
    if (own.length === names.length && own.every((name, i) => name === names[i])) continue;
    const at = names.findIndex((name, i) => name !== own[i]);
    const where = at < 0 ? `${own.length} classes` : `"${own[at] ?? "none"}" as class ${at}`;
    const wanted = at < 0 ? `${names.length}` : `"${names[at]}"`;
    throw new UsageError(
      `RUN: must tell the same classes apart, got ${where} in ${run} and ${wanted} in ${first?.run}`,
    );
  }
  return names;
}

async function scoreAll(
  context: Context,
  rows: TestRows,
  runs: readonly NamedRun[],
): Promise<ScoredRun[]> {
  const scored: ScoredRun[] = [];
  for (const { run, letter, name, saved, files } of runs) {
    const { trainable, nonTrainable } = describeModel(saved.model);
    const predictions = await predictRows(context, rows, { saved, label: `predicting ${name}` });
    const parameters = trainable + nonTrainable;
    scored.push({ run, letter, name, config: saved.config, files, parameters, predictions });
  }
  return scored;
}

/** A line a run, then a line a pair. */
function closingLines({ runs, pairs }: Comparison): string[] {
  const width = Math.max(...runs.map(({ name }) => name.length));
  return [
    ...runs.map(({ name, figures: { scores, loss } }) => {
      const share = `${(100 * scores.accuracy).toFixed(2)} %`;
      return `${name.padEnd(width)}  loss ${loss.toFixed(4)}  accuracy ${share}`;
    }),
    ...pairs.map(({ first, second, counts, test, corrected }) => {
      const method = test.method === "exact" ? "exact" : "χ²";
      const holm = pairs.length > 1 ? `, Holm ${probability(corrected)}` : "";
      return `${first.letter}–${second.letter}  only ${first.letter} right ${counts.onlyFirst}, only ${second.letter} right ${counts.onlySecond}; McNemar (${method}) p ${probability(test.p)}${holm}`;
    }),
  ];
}

await runCommand(command);
