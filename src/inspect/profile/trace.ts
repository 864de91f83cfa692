// A profile's typical run in the Trace Event Format, which Perfetto (ui.perfetto.dev) and chrome://tracing show: tracks for
// the host, for each pass and for memory, and arrows from a forward dispatch to its backward ones.
// https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU

import type { Profile, ProfiledDispatch } from "./profile-schema.ts";

/** Times are microseconds. */
interface EventBase {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly args?: Readonly<Record<string, unknown>>;
}

export type TraceEvent =
  /** A name for a process or a thread. */
  | (EventBase & { readonly ph: "M" })
  /** A slice. */
  | (EventBase & { readonly ph: "X"; readonly cat: string; readonly dur: number })
  /** A counter. */
  | (EventBase & { readonly ph: "C" })
  /** Beginning and end of an arrow, each within a slice. */
  | (EventBase & { readonly ph: "s"; readonly cat: string; readonly id: number })
  | (EventBase & {
      readonly ph: "f";
      readonly cat: string;
      readonly id: number;
      /** Binds to the slice around it, not to the next one. */
      readonly bp: "e";
    });

/** As the JSON format of Chrome's traces has it. */
export interface Trace {
  readonly traceEvents: readonly TraceEvent[];
  readonly displayTimeUnit: "ms";
  readonly otherData: Readonly<Record<string, string>>;
}

const HOST = 1;
const DEVICE = 2;
const PASSES = ["data", "forward", "backward", "update", "metric"] as const;

/** One typical sample as events: its JSON is what ui.perfetto.dev and chrome://tracing open. */
export function chromeTrace(profile: Profile): Trace {
  const { adapter, program, method, typicalHost: host } = profile;
  const slices = deviceSlices(profile);
  const notes = {
    program,
    adapter,
    timing:
      method === "timestamps"
        ? "one run; the device's clock is shifted so that the step begins when it is submitted"
        : "replays of each dispatch, laid end to end: between them the method tells nothing",
    host: "of the same step alone, in one pass",
  };
  return {
    traceEvents: [
      ...names(adapter),
      ...hostSlices(host),
      ...slices,
      ...arrows(profile, slices),
      ...counters(profile, slices),
    ],
    displayTimeUnit: "ms",
    otherData: notes,
  };
}

function names(adapter: string): TraceEvent[] {
  const named = (pid: number, tid: number, what: "process_name" | "thread_name", name: string) =>
    ({ name: what, ph: "M", pid, tid, ts: 0, args: { name } }) as const;
  return [
    named(HOST, 1, "process_name", "host"),
    named(HOST, 1, "thread_name", "main thread"),
    named(DEVICE, 1, "process_name", adapter),
    ...PASSES.map((pass) => named(DEVICE, threadOf(pass), "thread_name", pass)),
  ];
}

function threadOf(pass: ProfiledDispatch["pass"]): number {
  return PASSES.indexOf(pass) + 1;
}

type Slice = Extract<TraceEvent, { ph: "X" }>;

function hostSlices({ encodeMs, submitMs, waitMs }: Profile["typicalHost"]): Slice[] {
  const slice = (name: string, fromMs: number, ms: number): Slice => ({
    ...{ name, cat: "host", ph: "X", pid: HOST, tid: 1 },
    ...between(fromMs, fromMs + ms),
  });
  return [
    slice("step", 0, encodeMs + submitMs + waitMs),
    slice("encode", 0, encodeMs),
    slice("submit", encodeMs, submitMs),
    slice("wait", encodeMs + submitMs, waitMs),
  ];
}

/** Microseconds, to the nanosecond, so that what ends together ends in the same number. */
function between(fromMs: number, toMs: number): { readonly ts: number; readonly dur: number } {
  const [from, to] = [Math.round(1e6 * fromMs), Math.round(1e6 * toMs)];
  return { ts: from / 1000, dur: (to - from) / 1000 };
}

/** One for each dispatch, in order. */
function deviceSlices({ dispatches, typicalHost }: Profile): Slice[] {
  const origin = typicalHost.encodeMs;
  let end = 0;
  const times = dispatches.map(({ startMs, typicalMs }) => {
    const start = startMs ?? end;
    end = start + typicalMs;
    return { start, end };
  });
  return dispatches.map((dispatch, index) => {
    const { pass } = dispatch;
    const { start = 0, end: own = 0 } = times[index] ?? {};
    // A device may begin the next dispatch early; slices of a track must not overlap.
    const next = dispatches.findIndex((other, at) => at > index && other.pass === pass);
    const until = next < 0 ? own : Math.max(start, Math.min(own, times[next]?.start ?? own));
    return {
      ...{ name: dispatch.kernel, cat: pass, ph: "X", pid: DEVICE, tid: threadOf(pass) },
      ...between(origin + start, origin + until),
      args: argsOf(dispatch),
    };
  });
}

function argsOf(dispatch: ProfiledDispatch): Readonly<Record<string, unknown>> {
  const { id, layers, kernel, solution, grid, bindings, site, flops, bytes } = dispatch;
  const shapes = Object.entries(bindings).map(([name, { tensor, shape, access }]) => [
    name,
    `${tensor} (${shape.join(", ")}) ${access}`,
  ]);
  return {
    ...{ dispatch: id, layers: layers.join(", "), kernel },
    ...(solution && {
      ladder: solution.ladder,
      rung: solution.rung,
      "rungs not taken": solution.fitting.filter((rung) => rung !== solution.rung).join(", "),
    }),
    grid: grid.join("×"),
    ...{ tensors: Object.fromEntries(shapes), flops, bytes },
    ...{ gflops: dispatch.gflops, gbs: dispatch.gbs, bound: dispatch.bound },
    ...{ "this run ms": dispatch.typicalMs, "median ms": dispatch.ms.median },
    ...(site === null ? {} : { site }),
  };
}

/** A backward dispatch has one forward dispatch, which may have several backward ones: an arrow for each. */
function arrows({ dispatches }: Profile, slices: readonly Slice[]): TraceEvent[] {
  const places = new Map(dispatches.map(({ id }, index) => [id, slices[index]]));
  return dispatches.flatMap(({ id, forwardOf }) => {
    const from = forwardOf === null ? undefined : places.get(forwardOf);
    const to = places.get(id);
    if (!from || !to) return [];
    const arrow = { name: "gradient", cat: "gradient", id, pid: DEVICE };
    // Within the slices, because an arrow binds to the slice that is open at its time.
    return [
      { ...arrow, ph: "s", tid: from.tid, ts: from.ts + from.dur / 2 },
      { ...arrow, ph: "f", bp: "e", tid: to.tid, ts: to.ts + to.dur / 2 },
    ] as const;
  });
}

function counters({ memory }: Profile, slices: readonly Slice[]): TraceEvent[] {
  const counter = (name: string, ts: number, bytes: number): TraceEvent => ({
    ...{ name, ph: "C", pid: DEVICE, tid: 0, ts },
    args: { bytes },
  });
  const live = memory.live.map(({ bytes }, index) =>
    counter("live in slots", slices[index]?.ts ?? 0, bytes),
  );
  const last = slices.at(-1);
  const end = last ? last.ts + last.dur : 0;
  return [
    counter("persistent", 0, memory.persistentBytes),
    counter("slots", 0, memory.slotBytes),
    ...live,
    counter("live in slots", end, 0),
  ];
}
