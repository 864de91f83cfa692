// A profile in words: 80 columns, the figures that are promised, and the sentence that explains the sum.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Profile } from "../../src/inspect/profile/profile-schema.ts";
import {
  busyWarning,
  ceilingLines,
  differenceText,
  dispatchTable,
  memoryLines,
  sparkline,
  stepLines,
  totalsTable,
} from "../../src/report/text/profile-text.ts";
import { profiledLenet } from "../support/profiled-step.ts";

const test = suite("profile text");

for (const method of ["timestamps", "replays"] as const) {
  test(`of ${method}: every line fits 80 columns`, async () => {
    const { profile } = await profiledLenet(method);
    const { byLayer, byKernel, byPass } = profile;
    const lines = [
      ...ceilingLines(profile),
      ...dispatchTable(profile),
      ...totalsTable("by layer", byLayer),
      ...totalsTable("by kernel", byKernel),
      ...totalsTable("by pass", byPass),
      ...stepLines(profile),
      ...memoryLines(profile),
      ...busyWarning({ ...profile, isBusy: true }),
    ];
    for (const line of lines) assert.ok(line.length <= 80, `${line.length}: ${line}`);
    assert.match(lines.join("\n"), method);
    assert.equal(busyWarning({ ...profile, isBusy: false }), []);
  });
}

test("the largest share comes first, and the rest is one line", async () => {
  const { profile } = await profiledLenet("timestamps");
  const [head = "", ...rows] = dispatchTable(profile, 5);
  assert.match(head, /^ share {6}ms {4}± layer/);
  assert.is(rows.length, 6);
  const shares = rows.map((row) => Number.parseFloat(row));
  assert.equal(
    shares.slice(0, 5),
    shares.slice(0, 5).toSorted((a, b) => b - a),
  );
  assert.ok(Math.abs(shares.reduce((a, b) => a + b, 0) - 100) < 0.5, `${shares}`);
  assert.match(rows.at(-1) ?? "", /15 more$/);
});

test("the sum's difference is what timing adds, and a rest", async () => {
  const { profile } = await profiledLenet("timestamps");
  const time = (median: number) => ({ median, lower: 0.99 * median, upper: 1.01 * median });
  const made = (sum: number, step: number): Profile => ({
    ...profile,
    ...{ sumMs: time(sum), stepMs: time(step), emptyMs: time(0.06) },
    ceilings: { ...profile.ceilings, launchMs: 0.01 },
  });
  // 20 dispatches, 50 µs each.
  const within = differenceText(made(10, 8.95));
  assert.match(
    within,
    /^the sum is 1\.050 ms more than the step: .* adds 50 µs to each of 20, 1\.000 ms/,
  );
  assert.match(within, /the rest, \+0\.050 ms, is within the spread of the samples \(0\.200 ms\)$/);
  assert.match(differenceText(made(10, 4)), /the rest, \+5\.000 ms, is what dispatches save/);
  assert.match(differenceText(made(4, 10)), /6\.000 ms less than the step/);
  assert.match(differenceText(made(4, 10)), /the rest, −7\.000 ms, is what the step pays/);
});

test("live bytes in time", () => {
  assert.is(sparkline([0, 7, 8, 4]), "▁██▅");
  // The most of each column.
  assert.is(sparkline([1, 8, 1, 1], 2), "█▂");
  assert.is(sparkline([]), "");
});

test.run();
