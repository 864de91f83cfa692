// Ticks at even distances, whose labels say where they are.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { evenTicks, wholeTicks } from "../../src/report/charts/panels.ts";

const test = suite("panels");

test("ticks of values stand at a round step around them, each with the digits of the step", () => {
  assert.equal(evenTicks([0.903, 0.911, 0.897], "share"), {
    domain: [0.895, 0.915],
    values: [0.895, 0.9, 0.905, 0.91, 0.915],
    format: ".1%",
  });
  assert.equal(evenTicks([0.44, 0.53], "number").values, [0.44, 0.46, 0.48, 0.5, 0.52, 0.54]);
  assert.is(evenTicks([0.44, 0.53], "number").format, ".2f");
  assert.is(evenTicks([0.4, 0.9], "share").format, ".0%");
  for (const values of [[], [0.5], [0, 0], [3, 700], [1e-5, 2e-5]]) {
    const { domain, values: ticks } = evenTicks(values, "number");
    const gaps = ticks.slice(1).map((tick, i) => tick - (ticks[i] ?? 0));
    assert.ok(ticks.length > 1);
    assert.ok(Math.max(...gaps) - Math.min(...gaps) < 1e-9 * Math.max(...gaps), `${ticks}`);
    for (const value of values) assert.ok(value >= domain[0] && value <= domain[1], `${values}`);
  }
});

test("epochs are ticked from 1 at one distance", () => {
  assert.equal(wholeTicks(1, 10), [1]);
  assert.equal(wholeTicks(8, 10), [1, 2, 3, 4, 5, 6, 7, 8]);
  assert.equal(wholeTicks(14, 10), [1, 3, 5, 7, 9, 11, 13]);
  assert.equal(wholeTicks(8, 7), [1, 3, 5, 7]);
});

test.run();
