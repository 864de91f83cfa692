// What steps took: what ran at once counts once, and earlier processes' time counts too.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { StudyClock } from "../../src/study/step-clock.ts";

const test = suite("study clock");

/** A clock that a test sets, in seconds. */
function setClock() {
  let seconds = 0;
  const clock = new StudyClock(() => 1000 * seconds);
  const at = (time: number): void => {
    seconds = time;
  };
  return { clock, at };
}

test("a step knows how long it ran beside earlier ones", () => {
  const { clock, at } = setClock();
  const training = clock.begin("04", null);
  at(2);
  const folds = clock.begin("06", null);
  at(10);
  assert.equal(training.spent(), { seconds: 10, beside: 0 });
  training.end();
  at(11);
  const evaluation = clock.begin("05", null);
  at(14);
  assert.equal(evaluation.spent(), { seconds: 3, beside: 0 });
  evaluation.end();
  at(20);
  assert.equal(folds.spent(), { seconds: 18, beside: 11 });
  // Together 10 + 3 + 18 − 11: the 20 seconds that there were.
  assert.equal(training.spent(), { seconds: 10, beside: 0 });
});

test("earlier processes count by what they said, else by the parts that they left", () => {
  const { clock, at } = setClock();
  const told = clock.begin("03", { seconds: 5, beside: 1 });
  told.keep(100);
  const untold = clock.begin("06", null);
  untold.keep(7);
  at(2);
  assert.equal(told.spent(), { seconds: 7, beside: 1 });
  assert.equal(untold.spent(), { seconds: 9, beside: 2 });
});

test.run();
