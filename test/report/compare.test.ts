// What a comparison makes of runs: the best, the pairs, the settings that really differ, and what it says of them in words.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { JsonValue } from "../../src/io/files.ts";
import { compareRuns, type ScoredRun } from "../../src/report/compare/compare-figures.ts";
import { probability, significanceChapter } from "../../src/report/compare/significance-chapter.ts";
import { runConfig } from "../../src/runs/run-record.ts";
import { type Predictions, predictionsOf } from "../../src/train/metrics/predictions.ts";

const test = suite("comparison");

const ROWS = 200;
const labels = Array.from({ length: ROWS }, (_, row) => row % 2);

/** Two classes; the first `wrong` rows are taken for the other one. */
function predictions(wrong: number): Predictions {
  return predictionsOf(
    labels,
    labels.map((label, row) => {
      const p = row < wrong ? 0.25 : 0.75;
      return Float32Array.from(label === 0 ? [p, 1 - p] : [1 - p, p]);
    }),
  );
}

interface Facts {
  readonly letter: string;
  readonly wrong: number;
  readonly training?: Readonly<Record<string, JsonValue>>;
  readonly data?: Readonly<Record<string, JsonValue>>;
}

function scored({ letter, wrong, training = {}, data = {} }: Facts): ScoredRun {
  const model = { name: "lenet5" } as const;
  const classNames = ["left", "right"];
  return {
    ...{ letter, name: `${letter}: run`, run: `runs/${letter}`, parameters: 1 },
    config: runConfig({ model, classNames, training, data, adapter: "none" }),
    files: { history: [], metrics: {}, statistics: [] },
    predictions: predictions(wrong),
  };
}

test("the most accurate is the best; every pair is tested, and p corrected for all", () => {
  const { best, pairs, ensemble } = compareRuns(
    [
      scored({ letter: "A", wrong: 60 }),
      scored({ letter: "B", wrong: 20 }),
      scored({ letter: "C", wrong: 24 }),
    ],
    2,
  );
  assert.is(best.letter, "B");
  assert.equal(
    pairs.map(({ first, second, counts: { onlyFirst, onlySecond } }) => [
      ...[first.letter, second.letter],
      ...[onlyFirst, onlySecond],
    ]),
    [
      ["A", "B", 0, 40],
      ["A", "C", 0, 36],
      ["B", "C", 4, 0],
    ],
  );
  // Exact: 2 · ½⁴.
  assert.equal([pairs[2]?.test.p, pairs[2]?.corrected], [0.125, 0.125]);
  assert.ok((pairs[0]?.corrected ?? 1) > (pairs[0]?.test.p ?? 0));
  // Two of three have the rows from 24 to 60 right; all three are wrong about the first 20.
  assert.is(ensemble.scores.hits, ROWS - 24);
});

test("settings that differ; a digest that one run lacks is no difference", () => {
  const sha256 = { train: "a".repeat(64), test: "b".repeat(64) };
  const names = (second: Facts) =>
    compareRuns(
      [
        scored({ letter: "A", wrong: 1, training: { seed: 1, limit: null }, data: { sha256 } }),
        scored(second),
      ],
      2,
    ).settings.map(({ name, values }) => [name, ...values]);
  const training = { seed: 2, momentum: 0.9 };
  assert.equal(names({ letter: "B", wrong: 2, training }), [
    ["training.seed", 1, 2],
    ["training.momentum", undefined, 0.9],
  ]);
  const other = { ...sha256, test: "c".repeat(64) };
  assert.equal(names({ letter: "B", wrong: 2, training: { seed: 1 }, data: { sha256: other } }), [
    ["data.sha256.test", sha256.test, other.test],
  ]);
});

test("in words: who is better, and for whom chance explains it", () => {
  const runs = ["A", "B", "C", "D"].map((letter, i) =>
    scored({ letter, wrong: i === 0 ? 60 : 20 + i }),
  );
  const [first, ...others] = runs;
  assert.ok(first);
  const blocks = significanceChapter(compareRuns([first, ...others], 2));
  const told = JSON.stringify(blocks);
  for (const letter of ["B", "C", "D"]) assert.match(told, `**${letter} is better than A** (p = `);
  assert.match(told, "For the other pairs (B–C, B–D, C–D) chance is explanation enough.");
});

test("probabilities as a reader wants them", () => {
  const told = [1, 0.0142, 0.001, 0.00099, 5.45e-6, 1.2e-110, 0].map(probability);
  assert.equal(told, [
    ...["1.0000", "0.0142", "0.0010", "9.9 × 10⁻⁴", "5.5 × 10⁻⁶", "1.2 × 10⁻¹¹⁰", "0"],
  ]);
});

test.run();
