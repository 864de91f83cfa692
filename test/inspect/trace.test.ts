// The trace by the published rules of the Trace Event Format: required fields, slices that nest, arrows whose ends pair up and
// lie in slices, microseconds.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Profile } from "../../src/inspect/profile/profile-schema.ts";
import { chromeTrace, type TraceEvent } from "../../src/inspect/profile/trace.ts";
import { profiledLenet } from "../support/profiled-step.ts";

const test = suite("trace");

/** A nanosecond, in microseconds: what times are rounded to, and half of it lost in adding. */
const ROUNDING = 0.0015;

type Slice = Extract<TraceEvent, { ph: "X" }>;

function slicesOf(events: readonly TraceEvent[]): Slice[] {
  return events.filter((event): event is Slice => event.ph === "X");
}

/** By a stack for each thread, as viewers do it. */
function checkNesting(events: readonly TraceEvent[]): void {
  const threads = new Map<string, Slice[]>();
  for (const slice of slicesOf(events)) {
    const thread = `${slice.pid}/${slice.tid}`;
    threads.set(thread, [...(threads.get(thread) ?? []), slice]);
  }
  for (const [thread, slices] of threads) {
    const open: number[] = [];
    for (const { name, ts, dur } of slices.toSorted((a, b) => a.ts - b.ts || b.dur - a.dur)) {
      while (open.length > 0 && (open.at(-1) ?? 0) <= ts + ROUNDING) open.pop();
      const end = ts + dur;
      const outer = open.at(-1) ?? Number.POSITIVE_INFINITY;
      assert.ok(end <= outer + ROUNDING, `${thread} ${name} ends at ${end}, after ${outer}`);
      open.push(end);
    }
  }
}

function checkFields(events: readonly TraceEvent[]): void {
  for (const event of events) {
    const { name, ph, pid, tid, ts } = event;
    const text = JSON.stringify(event);
    assert.ok(typeof name === "string" && name !== "", text);
    assert.ok(["M", "X", "C", "s", "f"].includes(ph), text);
    assert.ok(Number.isInteger(pid) && Number.isInteger(tid), text);
    assert.ok(Number.isFinite(ts) && ts >= 0, text);
    if (event.ph === "X") assert.ok(event.dur >= 0 && event.cat !== "", text);
    if (event.ph === "C") {
      assert.ok(Object.values(event.args ?? {}).every(Number.isFinite), text);
      assert.ok(Object.keys(event.args ?? {}).length > 0, text);
    }
    if (event.ph === "M") {
      assert.ok(["process_name", "thread_name"].includes(name), text);
      assert.type(event.args?.["name"], "string");
    }
  }
}

function checkArrows(events: readonly TraceEvent[]): number {
  const slices = slicesOf(events);
  const inside = ({ pid, tid, ts }: TraceEvent) =>
    slices.filter((s) => s.pid === pid && s.tid === tid && s.ts <= ts && ts <= s.ts + s.dur);
  const starts = new Map<string, TraceEvent>();
  let pairs = 0;
  for (const event of events) {
    if (event.ph !== "s" && event.ph !== "f") continue;
    const key = `${event.cat} ${event.name} ${event.id}`;
    assert.ok(inside(event).length > 0, `${event.ph} ${key} lies in no slice`);
    if (event.ph === "s") {
      assert.not(starts.has(key), `${key} begins twice`);
      starts.set(key, event);
    } else {
      const start = starts.get(key);
      assert.ok(start && start.ts <= event.ts, `${key} ends before it begins`);
      assert.is(event.bp, "e");
      pairs++;
    }
  }
  assert.is(pairs, starts.size);
  return pairs;
}

function checkTracks(events: readonly TraceEvent[]): void {
  const named = (kind: string) =>
    events.filter(({ ph, name }) => ph === "M" && name === kind).map(({ pid, tid }) => [pid, tid]);
  const processes = new Set(named("process_name").map(([pid]) => pid));
  const threads = new Set(named("thread_name").map((both) => both.join("/")));
  for (const { ph, pid, tid } of events) {
    assert.ok(processes.has(pid));
    if (ph === "X") assert.ok(threads.has(`${pid}/${tid}`), `${pid}/${tid} has no name`);
  }
}

for (const method of ["timestamps", "replays"] as const) {
  test(`of ${method}: fields, tracks, nesting, arrows`, async () => {
    const { profile, step } = await profiledLenet(method);
    const { traceEvents, displayTimeUnit } = chromeTrace(profile);
    assert.is(displayTimeUnit, "ms");
    checkFields(traceEvents);
    checkTracks(traceEvents);
    checkNesting(traceEvents);
    const run = new Set(step.executable.dispatches.map(({ id }) => id));
    const backward = step.executable.dispatches.filter(
      ({ forwardOf }) => forwardOf !== null && run.has(forwardOf),
    );
    assert.is(checkArrows(traceEvents), backward.length);
    assert.ok(backward.length >= 10);
  });

  test(`of ${method}: microseconds, and every dispatch with what is known of it`, async () => {
    const { profile } = await profiledLenet(method);
    const { traceEvents } = chromeTrace(profile);
    const device = slicesOf(traceEvents).filter(({ cat }) => cat !== "host");
    assert.is(device.length, profile.dispatches.length);
    const us = device.reduce((sum, { dur }) => sum + dur, 0);
    const ms = profile.dispatches.reduce((sum, one) => sum + one.typicalMs, 0);
    assert.ok(Math.abs(us - 1000 * ms) < 0.01 * us, `${us} µs of ${ms} ms`);
    const gemm = device.find(({ name }) => name === "gemm/subgroup/multiply");
    for (const key of ["kernel", "rung", "rungs not taken", "grid", "tensors", "flops", "bytes"]) {
      assert.ok(gemm?.args?.[key] !== undefined, key);
    }
    assert.match(String(gemm?.args?.["site"]), /lenet5\.ts:\d+/);
    const memory = traceEvents.filter(({ ph, name }) => ph === "C" && name === "live in slots");
    const values = memory.map(({ args }) => Number(args?.["bytes"]));
    assert.is(Math.max(...values), profile.memory.peak.bytes);
  });
}

test("dispatches that a device runs at the same time do not overlap on a track", async () => {
  const { profile } = await profiledLenet("timestamps");
  const hasty = structuredClone(profile) as Profile;
  // Each begins when the one before is half done.
  let start = 0;
  for (const dispatch of hasty.dispatches) {
    dispatch.startMs = start;
    start += dispatch.typicalMs / 2;
  }
  const { traceEvents } = chromeTrace(hasty);
  checkNesting(traceEvents);
  checkArrows(traceEvents);
});

test.run();
