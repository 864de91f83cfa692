// Two profiles side by side: only what lies beyond both spreads counts, and another rung is compared with the one before it.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { compareProfiles } from "../../src/inspect/profile/compare-profiles.ts";
import type { Profile, ProfiledDispatch } from "../../src/inspect/profile/profile-schema.ts";
import { comparisonLines } from "../../src/report/text/profile-comparison.ts";
import { profiledLenet } from "../support/profiled-step.ts";

const test = suite("compare profiles");

/** A steady profile: every quartile a hundredth from the median. */
async function steady(): Promise<Profile> {
  const { profile } = await profiledLenet("timestamps");
  const copy = structuredClone(profile) as Profile;
  const settle = (time: ProfiledDispatch["ms"]) => {
    time.lower = 0.995 * time.median;
    time.upper = 1.005 * time.median;
  };
  for (const { ms } of copy.dispatches) settle(ms);
  settle(copy.stepMs);
  settle(copy.sumMs);
  return copy;
}

test("a profile beside itself differs in nothing", async () => {
  const one = await steady();
  const { step, sum, changes, unlike } = compareProfiles(one, one);
  assert.equal([step.verdict, sum.verdict, unlike.length], ["same", "same", 0]);
  assert.is(changes.length, one.dispatches.length);
  assert.ok(changes.every(({ verdict }) => verdict === "same"));
});

test("a difference counts where it is beyond both spreads", async () => {
  const before = await steady();
  const after = structuredClone(before);
  const [first, second, third] = after.dispatches.toSorted((a, b) => b.ms.median - a.ms.median);
  if (!first || !second || !third) throw new Error("none");
  for (const [dispatch, factor] of [
    [first, 1.3],
    [second, 0.5],
    [third, 1.3],
  ] as const) {
    const { ms } = dispatch;
    dispatch.ms = {
      median: factor * ms.median,
      lower: factor * ms.lower,
      upper: factor * ms.upper,
    };
  }
  // The third was slower by as much, but its samples spread over more than that.
  third.ms.upper = third.ms.lower + 0.5 * third.ms.median;
  after.isBusy = false;
  before.isBusy = false;
  const { changes } = compareProfiles(before, after);
  const told = changes.filter(({ verdict }) => verdict !== "same");
  assert.equal(told.map(({ verdict }) => verdict).sort(), ["faster", "slower"]);
  const slower = told.find(({ verdict }) => verdict === "slower");
  assert.is(slower?.after, first.kernel);
  assert.is(slower?.layer, first.layer);
  const text = comparisonLines(compareProfiles(before, after));
  assert.ok(text.includes("slower") && text.includes("faster"), text.join("\n"));
  assert.match(text.join("\n"), /×1\.30/);
  for (const line of text) assert.ok(line.length <= 80, line);
});

test("another rung is compared with the one before, all dispatches of the solution", async () => {
  const before = await steady();
  const after = structuredClone(before);
  const isDw = ({ solution, layer }: ProfiledDispatch) =>
    solution?.ladder === "conv2d.dw" && layer === "conv2d";
  const [whole, ...parts] = after.dispatches.filter(isDw);
  if (!whole?.solution || parts.length === 0) throw new Error("one dispatch only");
  whole.kernel = "conv2d/naive/weight_gradient";
  whole.solution = { ...whole.solution, rung: "naive" };
  whole.ms = { median: 20, lower: 19.9, upper: 20.1 };
  after.dispatches = after.dispatches.filter((one) => !parts.includes(one));
  const { changes } = compareProfiles(before, after);
  const [change] = changes;
  assert.is(change?.before, "conv2d.dw subgroup");
  assert.is(change?.after, "conv2d.dw naive");
  assert.is(change?.verdict, "slower");
  const sum = before.dispatches.filter(isDw).reduce((all, { ms }) => all + ms.median, 0);
  assert.ok(Math.abs((change?.beforeMs?.median ?? 0) - sum) < 1e-9);
  assert.ok(changes.every(({ verdict }) => !verdict.startsWith("only")));
});

test("what is there once only is told, and so are unlike circumstances", async () => {
  const before = await steady();
  const after = structuredClone(before);
  after.dispatches = after.dispatches.filter(({ pass }) => pass !== "update");
  after.adapter = "another";
  after.batch = 64;
  const { changes, unlike } = compareProfiles(before, after);
  assert.equal(unlike, ["adapter", "batch"]);
  const gone = changes.filter(({ verdict }) => verdict === "only before");
  assert.equal(gone.map(({ before: kernel }) => kernel).sort(), ["adam/advance", "adam/update"]);
  after.isBusy = true;
  const [unlikeLine = "", busyLine = ""] = comparisonLines(compareProfiles(before, after));
  assert.match(unlikeLine, /not alike in adapter, batch/);
  assert.match(busyLine, /machine was busy/);
});

test.run();
