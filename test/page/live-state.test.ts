// What the page of a run knows after its events.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { LiveEvent, ProgressEvent, RunEvent } from "../../src/page/live/live-events.ts";
import { LiveState } from "../../src/page/live/live-state.ts";

const test = suite("live state");

const run: RunEvent = {
  ...{ type: "run", command: "train", model: "lenet5", facts: [], classNames: [] },
  ...{ epochs: 2, hasRate: true, parts: null },
};
const progress = (step: number, rows: number, loss: number): ProgressEvent => ({
  ...{ type: "progress", curve: "run", epoch: 1, step, rows, loss, accuracy: 0 },
  ...{ msPerStep: null, imagesPerSecond: null, eta: null },
});

function after(...events: readonly LiveEvent[]): LiveState {
  const state = new LiveState();
  for (const [at, event] of events.entries()) state.tell({ ...event, at });
  return state;
}

test("of running means, what the steps between two of them came to", () => {
  const state = after(
    run,
    { type: "epochBegin", curve: "run", epoch: 1, steps: 10 },
    progress(2, 100, 2),
    progress(4, 200, 1.5),
    progress(4, 200, 1.5),
  );
  assert.equal(state.curve("run").recentLoss, [
    [0.2, 2],
    [0.4, 1],
  ]);
});

test("a new epoch's means begin anew", () => {
  const begin = { type: "epochBegin", curve: "run", epoch: 1, steps: 10 } as const;
  const state = after(
    run,
    begin,
    progress(10, 500, 2),
    { ...begin, epoch: 2 },
    {
      ...progress(5, 250, 1),
      epoch: 2,
    },
  );
  assert.equal(state.curve("run").recentLoss.at(-1), [1.5, 1]);
});

test("phases: from the first event to the last, and a stop in between", () => {
  const begin = { type: "epochBegin", curve: "run", epoch: 1, steps: 10 } as const;
  const stopping = { type: "stopping", isByPage: true } as const;
  assert.is(after().phase, "waiting");
  assert.is(after(run).phase, "preparing");
  assert.is(after(run, begin).phase, "training");
  assert.is(after(run, begin, stopping, begin).phase, "stopping");
  const end = { type: "end", ended: "interrupted", message: "", stays: false } as const;
  assert.is(after(run, begin, stopping, end).phase, "ended");
});

test("parts that an earlier run finished bring their epochs along", () => {
  const state = after(run, {
    ...{ type: "partEnd", part: "trial 1", score: 0.5, figures: {}, bestEpoch: 1, seconds: 2 },
    message: null,
    history: { "trial 1": [{ epoch: 3, loss: 1 }, { loss: 2 }] },
  });
  assert.equal(
    state.curve("trial 1").epochs.map(({ epoch }) => epoch),
    [3, 2],
  );
  assert.is(state.partOf("trial 1, fold 2"), "trial 1");
  assert.is(state.parts.get("trial 1")?.ended?.score, 0.5);
});

test("a part that another process trains says how far it is until it ends", () => {
  const begun = { type: "part", part: "fold 2", values: {}, places: {} } as const;
  const progress = { type: "partProgress", part: "fold 2", fold: null } as const;
  const at = { ...progress, epoch: 2, epochs: 5, share: 0.25 };
  assert.is(after(run, begun).parts.get("fold 2")?.progress, null);
  assert.is(after(run, begun, at).parts.get("fold 2")?.progress?.epoch, 2);
  assert.is(after(run, at).parts.has("fold 2"), false, "of none that began");
});

test.run();
