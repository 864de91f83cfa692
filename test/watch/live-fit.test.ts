// What a page is told of speed and of the time that is left, on a clock of the test's own.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ProgressEvent, Told } from "../../src/page/live/live-events.ts";
import { EventLog } from "../../src/watch/event-log.ts";
import { LiveFit } from "../../src/watch/live-fit.ts";

const test = suite("live fit");

function clocked() {
  let now = 0;
  const log = new EventLog(() => now);
  const fit = new LiveFit(log, () => now);
  const progress = () =>
    [...log.after(0)]
      .map(({ text }) => JSON.parse(text) as Told)
      .filter((event): event is Told & ProgressEvent => event.type === "progress")
      .at(-1);
  const at = (seconds: number) => {
    now = 1000 * seconds;
  };
  return { fit, progress, at };
}

const values = { loss: 1, accuracy: 0.5, rows: 50 };
const logs = { loss: 1 };

test("speed is that of the steps since the report before", () => {
  const { fit, progress, at } = clocked();
  fit.begin({ name: "run", epochs: 2, batchSize: 50, remaining: 0 });
  fit.onEpochBegin(1, 100);
  at(1);
  fit.onProgress(10, values);
  assert.equal([progress()?.msPerStep, progress()?.imagesPerSecond], [null, null]);
  at(2);
  fit.onProgress(60, values);
  assert.equal([progress()?.msPerStep, progress()?.imagesPerSecond], [20, 2500]);
  assert.equal(fit.place, { epoch: 1, step: 60 });
});

test("what is left: by the steps within the first epoch, by whole epochs after it", () => {
  const { fit, progress, at } = clocked();
  fit.begin({ name: "run", epochs: 3, batchSize: 50, remaining: 0 });
  fit.onEpochBegin(1, 100);
  at(2);
  fit.onProgress(20, values);
  // Ten seconds an epoch: eight of this one, twenty of the others.
  assert.is(progress()?.eta, 28);
  at(12);
  fit.onEpochEnd(1, logs);
  fit.onEpochBegin(2, 100);
  at(15);
  fit.onProgress(20, values);
  assert.is(progress()?.eta, 9 + 12);
});

test("trainings that follow count as those before them took", () => {
  const { fit, progress, at } = clocked();
  fit.begin({ name: "fold 1", epochs: 1, batchSize: 50, remaining: 2 });
  fit.onEpochBegin(1, 100);
  at(5);
  fit.onProgress(50, values);
  assert.is(progress()?.eta, 5 + 2 * 10);
  at(10);
  fit.onEpochEnd(1, logs);
  at(20);
  fit.end();
  fit.begin({ name: "fold 2", epochs: 1, batchSize: 50, remaining: 1 });
  fit.onEpochBegin(1, 100);
  at(25);
  fit.onProgress(50, values);
  assert.is(progress()?.curve, "fold 2");
  assert.is(progress()?.eta, 5 + 20);
});

test("where nobody knows how many follow, nothing is promised", () => {
  const { fit, progress, at } = clocked();
  fit.begin({ name: "trial 1", epochs: 1, batchSize: 50, remaining: null });
  fit.onEpochBegin(1, 100);
  at(5);
  fit.onProgress(50, values);
  assert.is(progress()?.eta, null);
});

test.run();
