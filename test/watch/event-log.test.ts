// The log of what a page is told: what is kept, in which order, and what listeners hear.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { LiveEvent } from "../../src/page/live/live-events.ts";
import { EventLog } from "../../src/watch/event-log.ts";

const test = suite("event log");

const stopping: LiveEvent = { type: "stopping", isByPage: false };
const compile: LiveEvent = { type: "compile", label: "conv2d/forward", index: 0, total: 2 };
const statistics = (step: number): LiveEvent => ({
  ...{
    type: "statistics",
    epoch: 1,
    step,
    entries: [],
    gradientNorm: Number.NaN,
    updateRatios: {},
  },
});
const ids = (log: EventLog, after = 0) => [...log.after(after)].map(({ id }) => id);

test("ids rise from 1, with the time since the start", () => {
  let now = 1000;
  const log = new EventLog(() => now);
  log.tell(stopping);
  now = 1234.6;
  log.tell(stopping);
  assert.equal(ids(log), [1, 2]);
  assert.equal(ids(log, 1), [2]);
  const [, second] = [...log.after(0)];
  assert.equal(JSON.parse(second?.text ?? ""), { ...stopping, at: 235 });
});

test("what passes is heard and not kept", () => {
  const log = new EventLog();
  const heard: number[] = [];
  const stop = log.listen(({ id }) => heard.push(id));
  log.tell(compile);
  log.tell(stopping);
  stop();
  log.tell(stopping);
  assert.equal(heard, [0, 1]);
  assert.equal(ids(log), [1, 2]);
});

test("of statistics the newest are kept, and everything else beside them", () => {
  const log = new EventLog();
  log.tell(stopping);
  for (let step = 1; step <= 305; step++) log.tell(statistics(step));
  const kept = ids(log);
  assert.is(kept.length, 301);
  assert.equal(kept.slice(0, 2), [1, 7]);
});

test("a figure that is no number is sent as null", () => {
  const log = new EventLog();
  log.tell(statistics(1));
  const [first] = [...log.after(0)];
  assert.is(JSON.parse(first?.text ?? "").gradientNorm, null);
});

test.run();
