// A profile's figures, each by a second way: the other method of timing, the problems that were solved, the recording, a
// walk over the plan.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { ConvGeometry } from "../../src/engine/ops/conv2d/problem.ts";
import { plan } from "../../src/engine/program/planner.ts";
import { writeRecording } from "../../src/engine/program/write-recording.ts";
import { memoryOf } from "../../src/inspect/profile/memory.ts";
import { profileCsv } from "../../src/inspect/profile/profile-csv.ts";
import { readProfile } from "../../src/inspect/profile/profile-schema.ts";
import { isCoarse } from "../../src/inspect/profile/timestamp-sampler.ts";
import { workOf } from "../../src/inspect/profile/work.ts";
import { openLenet, profiledLenet } from "../support/profiled-step.ts";

const test = suite("profile");

const METHODS = ["timestamps", "replays"] as const;

for (const method of METHODS) {
  test(`${method}: no share exceeds a ceiling, but by the dispatch's own spread`, async () => {
    const { profile } = await profiledLenet(method);
    assert.is(profile.method, method);
    for (const { id, kernel, ms, ofCompute, ofMemory } of profile.dispatches) {
      const spread = ms.median > 0 ? (ms.upper - ms.lower) / ms.median : 0;
      for (const share of [ofCompute, ofMemory]) {
        assert.ok(share <= 1 + spread, `#${id} ${kernel}: ${share}, spread ${spread}`);
      }
    }
  });

  test(`${method}: shares add up, and totals hold every dispatch`, async () => {
    const { profile, step } = await profiledLenet(method);
    const { dispatches, byLayer, byKernel, byPass } = profile;
    assert.is(dispatches.length, step.executable.dispatches.length);
    const ms = dispatches.reduce((sum, one) => sum + one.ms.median, 0);
    for (const totals of [dispatches, byLayer, byKernel, byPass]) {
      const share = totals.reduce((sum, one) => sum + one.share, 0);
      assert.ok(Math.abs(share - 1) < 1e-9, `${share}`);
    }
    for (const totals of [byLayer, byKernel, byPass]) {
      assert.is(
        totals.reduce((sum, one) => sum + one.dispatches, 0),
        dispatches.length,
      );
      assert.ok(Math.abs(totals.reduce((sum, one) => sum + one.ms, 0) - ms) < 1e-9);
    }
    for (const time of [profile.stepMs, profile.sumMs, profile.emptyMs, profile.host.waitMs]) {
      assert.ok(time.lower <= time.median && time.median <= time.upper);
    }
    // What a submit of many steps takes and what its dispatches take one by one are the same work.
    const ratio = profile.sumMs.median / profile.stepMs.median;
    assert.ok(ratio > 1 / 4 && ratio < 4, `sum is ${ratio} of the step`);
  });
}

test("a clock that browsers have rounded is told from a true one", () => {
  const ms = [0.012, 0.31, 0.05, 0.004, 0.09, 0.2];
  let end = 0;
  const starts = ms.map((one) => {
    const start = end + 0.003;
    end = start + one;
    return start;
  });
  const rounded = (step: number) => {
    const at = (moment: number): number => Math.floor(moment / step) * step;
    const begun = starts.map(at);
    return { starts: begun, ms: ms.map((one, i) => at((starts[i] ?? 0) + one) - (begun[i] ?? 0)) };
  };
  assert.not(isCoarse({ ms, starts, emptyMs: 0 }));
  assert.not(isCoarse({ ...rounded(0.001), emptyMs: 0 }));
  for (const step of [0.065536, 0.1]) assert.ok(isCoarse({ ...rounded(step), emptyMs: 0 }));
  assert.not(isCoarse({ ms, starts: null, emptyMs: 0 }));
  assert.not(isCoarse({ ms: [0.1], starts: [0], emptyMs: 0 }));
});

test("timestamps and replays agree within a factor of 2.5, what timing adds apart", async () => {
  const [first, second] = await Promise.all(METHODS.map(profiledLenet));
  if (!first || !second) throw new Error("none");
  let compared = 0;
  for (const [index, one] of first.profile.dispatches.entries()) {
    const own = one.ms.median - first.profile.emptyMs.median;
    const other = second.profile.dispatches[index];
    const others = (other?.ms.median ?? 0) - second.profile.emptyMs.median;
    // Less than that is lost in what a dispatch costs that does nothing.
    if (own < 3 * first.profile.emptyMs.median) continue;
    compared++;
    const ratio = own / others;
    assert.ok(ratio > 1 / 2.5 && ratio < 2.5, `#${one.id} ${one.kernel}: ${own} and ${others} ms`);
  }
  assert.ok(compared >= 3, `${compared} dispatches`);
});

test("operations are those of the problems, bytes those of the recording", async () => {
  const { profile, step } = await profiledLenet("timestamps");
  const { program, executable } = step;
  const recorded = writeRecording(program, executable.plan);
  for (const one of profile.dispatches) {
    const written = recorded.dispatches[one.id];
    const bytes = Object.values(written?.bindings ?? {}).map(({ access, bytes: touched }) =>
      access === "update" ? 2 * touched : touched,
    );
    assert.is(
      one.bytes,
      bytes.reduce((a, b) => a + b, 0),
      `#${one.id}`,
    );
    assert.is(one.flops, written?.flops);
    assert.is(one.gflops * one.ms.median * 1e6 > 0, one.flops > 0);
  }
  // Without a look at any dispatch: what each solved problem asks for.
  let checked = 0;
  for (const { id, ladder, problem, within } of program.solutions) {
    if (within !== null) continue;
    const own = profile.dispatches.filter(({ solution }) => solution?.id === id);
    const {
      geometry,
      m = 0,
      n = 0,
      k = 0,
    } = problem as {
      readonly geometry?: ConvGeometry;
      readonly m?: number;
      readonly n?: number;
      readonly k?: number;
    };
    const wanted = geometry ? convolution(geometry) : 2 * m * n * k;
    const flops = own.reduce((sum, one) => sum + one.usefulFlops, 0);
    assert.is(flops, wanted, `${ladder} ${id}`);
    checked++;
  }
  // Of the last layer there is none: its products are one dispatch with the loss.
  assert.is(checked, 11);
});

/** LeNet-5 pads nothing. */
function convolution({ n, oh, ow, o, kh, kw, i }: ConvGeometry): number {
  return 2 * n * oh * ow * o * kh * kw * i;
}

test("products with padding are no work", async () => {
  const { program } = await openLenet("predict");
  const found = program.dispatches.find(({ kernel }) => kernel.label === "conv2d/subgroup/forward");
  const solution = found?.solution;
  if (!found || !solution) throw new Error("no convolution");
  const shape = { n: 2, h: 3, w: 1, i: 4, kh: 3, kw: 3, oh: 3, ow: 1, o: 8, sh: 1, sw: 1 };
  const geometry: ConvGeometry = { ...shape, top: 1, left: 1 };
  const all = 2 * 2 * 3 * 8 * 9 * 4;
  // Of nine taps each, the outer rows of the image meet two and the middle one three, in one column.
  const inside = (all / 27) * (2 + 3 + 2);
  const padded = { ...found, flops: all, solution: { ...solution, problem: { geometry } } };
  assert.is(workOf(padded).flops, inside);
});

test("memory: the peak is a walk over the plan, and what holds what", async () => {
  const { profile, step } = await profiledLenet("timestamps");
  const { program, executable } = step;
  const { memory } = profile;
  // From birth to death of each tensor, in turn, rather than summed at each dispatch.
  const changes = [...executable.plan.lives.values()]
    .filter(({ slot }) => slot !== null)
    .flatMap(({ storage: { bytes }, first, last, outlives }) => [
      { at: first, by: bytes },
      { at: (outlives ? Number.POSITIVE_INFINITY : last) + 0.5, by: -bytes },
    ])
    .sort((a, b) => a.at - b.at || b.by - a.by);
  let [now, most] = [0, 0];
  for (const { by } of changes) {
    now += by;
    most = Math.max(most, now);
  }
  assert.is(memory.peak.bytes, most);
  assert.is(now, 0);
  assert.ok(memory.slotBytes >= most && memory.unsharedBytes >= memory.slotBytes);
  const lone = plan(program, { sharesSlots: false }).slotBytes.reduce((a, b) => a + b, 0);
  assert.is(memory.unsharedBytes, lone);
  const held = new Map(memory.persistent.map(({ label, holds }) => [label, holds]));
  assert.is(held.get("arena0"), "weights");
  assert.is(held.get("arena0.dw"), "gradients");
  assert.is(held.get("arena0.m"), "optimiser");
  assert.is(held.get("meters.loss"), "metrics");
  assert.is([...held].find(([label]) => label.endsWith(".images"))?.[1], "data set");
  const persistent = program.persistent.reduce((sum, { bytes }) => sum + bytes, 0);
  assert.is(memory.persistentBytes, persistent);
  const whole = await openLenet("evaluate");
  assert.ok(memoryOf(whole.program, whole.executable.plan).peak.bytes < most);
  whole.close();
});

test("it is read back as it was written; anything else is refused by name", async () => {
  const { profile } = await profiledLenet("timestamps");
  assert.equal(readProfile(JSON.parse(JSON.stringify(profile)), "a.json"), profile);
  for (const [value, message] of [
    [null, /^a\.json: must be a profile, got no format "vitrine-profile"$/],
    [{ format: "vitrine-recording" }, /^a\.json: must be a profile, got a vitrine-recording$/],
    [{ ...profile, version: 7 }, /^a\.json: was written by another version, got version 7/],
    [{ ...profile, stepMs: "fast" }, /^a\.json: stepMs must be what a profile has there/],
    [{ ...profile, dispatches: [{}] }, /^a\.json: dispatches\.0\.id must be/],
  ] as const) {
    assert.throws(() => readProfile(value, "a.json"), message);
  }
});

test("the table has a row for each dispatch", async () => {
  const { profile } = await profiledLenet("timestamps");
  const [head = "", ...rows] = profileCsv(profile).trimEnd().split("\n");
  assert.is(rows.length, profile.dispatches.length);
  for (const row of rows) assert.is(row.split(",").length, head.split(",").length, row);
});

test("looking leaves the weights as they were, to the bit", async () => {
  const { step } = await profiledLenet("timestamps");
  const fresh = await openLenet();
  const [own, other] = [
    await step.variables.snapshot(step.device),
    await fresh.variables.snapshot(fresh.device),
  ];
  assert.is(own.size, 10);
  for (const [name, values] of own) assert.equal(values, other.get(name), name);
  fresh.close();
});

test.run();
