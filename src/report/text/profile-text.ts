// A profile in words and tables of 80 columns: what takes the time, what the host adds, how the sum and the step differ,
// and what lies in memory.

import { formatCount, formatMemory } from "../../format/number-format.ts";
import { bandwidthEnds } from "../../inspect/profile/bandwidths.ts";
import type {
  Profile,
  ProfiledDispatch,
  ProfileTotal,
} from "../../inspect/profile/profile-schema.ts";
import { spreadOf } from "../../inspect/profile/statistics.ts";
import { columns } from "./columns.ts";

/** Dispatches listed one by one before the rest is a line. */
const LISTED = 20;
const TOTALS = 12;

const KERNEL = 18;
const ROW = [
  { head: "share", width: 6 },
  { head: "ms", width: 7 },
  { head: "±", width: 4 },
  { head: "layer", width: 15, isText: true },
  { head: "kernel", width: KERNEL, isText: true },
  { head: "GFLOPS", width: 6 },
  { head: "GB/s", width: 5 },
  { head: "bound by", width: 12 },
] as const;

/** The dispatches by their share of the time, so many at most, in 80 columns; the first line is the head. */
export function dispatchTable({ dispatches }: Profile, listed = LISTED): readonly string[] {
  const sorted = dispatches.toSorted((a, b) => b.ms.median - a.ms.median);
  const rows = sorted
    .slice(0, listed)
    .map((dispatch) => [
      percent(dispatch.share),
      milliseconds(dispatch.ms.median),
      percent(spreadOf(dispatch.ms), 0),
      dispatch.layer ?? dispatch.pass,
      shortKernel(dispatch),
      rate(dispatch.gflops),
      rate(dispatch.gbs),
      boundText(dispatch),
    ]);
  const rest = sorted.slice(listed);
  const ms = rest.reduce((sum, one) => sum + one.ms.median, 0);
  const share = rest.reduce((sum, one) => sum + one.share, 0);
  const last = [percent(share), milliseconds(ms), "", `${rest.length} more`, "", "", "", ""];
  return columns(ROW, rest.length > 0 ? [...rows, last] : rows);
}

/** `← subgroup/forward`: in which pass, and the kernel with its file where there is room. */
function shortKernel({ kernel, pass }: ProfiledDispatch): string {
  const [entry = kernel, file] = kernel.split("/").toReversed();
  const long = `${PASS_SIGNS[pass]} ${file === undefined ? entry : `${file}/${entry}`}`;
  return long.length <= KERNEL ? long : `${PASS_SIGNS[pass]} ${entry}`;
}

/** Told apart by how they point. */
const PASS_SIGNS = { data: "·", forward: "→", backward: "←", update: "+", metric: "Σ" } as const;
export const PASS_LEGEND = Object.entries(PASS_SIGNS)
  .map(([pass, sign]) => `${sign} ${pass}`)
  .join("  ");

/** And how much of the time that takes at least. */
function boundText({ bound, ofCompute, ofMemory, ofLaunch }: ProfiledDispatch): string {
  const share = { compute: ofCompute, memory: ofMemory, launch: ofLaunch }[bound];
  return `${bound} ${percent(share, 0)}`;
}

const TOTAL_ROW = [
  { head: "share", width: 6 },
  { head: "ms", width: 8 },
  { head: "dispatches", width: 10 },
  { head: "", width: 34, isText: true },
  { head: "GFLOPS", width: 6 },
  { head: "GB/s", width: 5 },
] as const;

export function totalsTable(title: string, totals: readonly ProfileTotal[]): readonly string[] {
  const rows = totals
    .slice(0, TOTALS)
    .map(({ name, dispatches, ms, share, gflops, gbs }) => [
      ...[percent(share), milliseconds(ms), String(dispatches), name, rate(gflops), rate(gbs)],
    ]);
  const rest = totals.slice(TOTALS);
  const sum = (key: "share" | "ms" | "dispatches") => rest.reduce((all, one) => all + one[key], 0);
  const more = [percent(sum("share")), milliseconds(sum("ms")), String(sum("dispatches"))];
  const named = TOTAL_ROW.map((column) =>
    column.head === "" ? { ...column, head: title } : column,
  );
  const last = [...more, `${rest.length} more`, "", ""];
  return columns(named, rest.length > 0 ? [...rows, last] : rows);
}

/** What the figures were taken with. */
export function ceilingLines(profile: Profile): readonly string[] {
  const { ceilings, samples, method } = profile;
  const { cache, memory } = bandwidthEnds(ceilings);
  const how =
    method === "timestamps"
      ? "timestamps around each, in a pass of its own"
      : "replays of each alone, by the host's clock (no timestamps)";
  return [
    ...wrapped(
      `ceilings   ${ceilings.gflops.toFixed(1)} GFLOPS between registers, ${cache.toFixed(1)} GB/s in caches, ${memory.toFixed(1)} in memory`,
    ),
    ...wrapped(`timing     ${how}; ${samples} samples`),
  ];
}

/** The step as it runs, its sum, the host; and why the first two differ. */
export function stepLines(profile: Profile): readonly string[] {
  const { stepMs, sumMs, host, idleMs, emptyMs, dispatches, batch } = profile;
  const images = (1000 * batch) / Math.max(stepMs.median, 1e-9);
  const spread = (time: typeof stepMs) => `±${percent(spreadOf(time), 0)}`;
  const idle =
    idleMs === null
      ? "not told by replays"
      : `${milliseconds(idleMs.median)} ms between dispatches that are timed one by one`;
  return [
    ...wrapped(
      `step       ${milliseconds(stepMs.median)} ms ${spread(stepMs)} as it runs, many in a row: ${formatCount(Math.round(images))} rows/s`,
    ),
    ...wrapped(
      `sum        ${milliseconds(sumMs.median)} ms ${spread(sumMs)} of ${dispatches.length} dispatches timed one by one`,
    ),
    ...wrapped(`           ${differenceText(profile)}`),
    ...wrapped(
      `host       encode ${milliseconds(host.encodeMs.median)}, submit ${milliseconds(host.submitMs.median)}, wait ${milliseconds(host.waitMs.median)} ms for one step alone`,
    ),
    ...wrapped(`idle       ${idle}`),
    ...wrapped(
      `launch     a dispatch that does nothing takes ${micro(emptyMs.median)} so timed, ${micro(profile.ceilings.launchMs)} in a row`,
    ),
  ];
}

/** With its figures: what timing adds, and what no timer splits. */
export function differenceText(profile: Profile): string {
  const { stepMs, sumMs, emptyMs, ceilings, dispatches, method } = profile;
  const difference = sumMs.median - stepMs.median;
  const more = `the sum is ${milliseconds(Math.abs(difference))} ms ${difference < 0 ? "less" : "more"} than the step:`;
  const each = Math.max(0, emptyMs.median - ceilings.launchMs);
  const added = each * dispatches.length;
  const rest = difference - added;
  const noise = Math.max(stepMs.upper - stepMs.lower, sumMs.upper - sumMs.lower);
  const extra =
    method === "timestamps" ? "a pass and two timestamps of its own" : "being timed alone";
  const cost = `${extra} adds ${micro(each)} to each of ${dispatches.length}, ${milliseconds(added)} ms`;
  const sign = rest < 0 ? "−" : "+";
  const left = `${sign}${milliseconds(Math.abs(rest))} ms`;
  if (Math.abs(rest) <= noise) {
    return `${more} ${cost}; the rest, ${left}, is within the spread of the samples (${milliseconds(noise)} ms)`;
  }
  const reason =
    rest < 0
      ? "is what the step pays beyond its dispatches, which no timer splits: commands, and caches that others have emptied"
      : "is what dispatches save one another in the step, which no timer splits: they overlap, and follow one another at once";
  return `${more} ${cost}; the rest, ${left}, ${reason}`;
}

/** None on a quiet machine. */
export function busyWarning({ isBusy, stepMs, sumMs }: Profile): readonly string[] {
  if (!isBusy) return [];
  const spread = percent(Math.max(spreadOf(stepMs), spreadOf(sumMs)), 0);
  return wrapped(
    `warning    the machine is busy: the middle half of the samples of one and the same step spreads over ${spread}; end what else runs, and profile again`,
  );
}

export function memoryLines({ memory, dispatches }: Profile): readonly string[] {
  const { slots, slotBytes, unsharedBytes, persistent, persistentBytes, peak } = memory;
  const held = new Map<string, number>();
  for (const { holds, bytes } of persistent) held.set(holds, (held.get(holds) ?? 0) + bytes);
  const parts = [...held].map(([holds, bytes]) => `${holds} ${formatMemory(bytes)}`);
  const at = dispatches.find(({ id }) => id === peak.dispatch);
  const saved = unsharedBytes > 0 ? 1 - slotBytes / unsharedBytes : 0;
  return [
    ...wrapped(
      `memory     ${formatMemory(memory.totalBytes)}: ${formatMemory(persistentBytes)} persist, ${formatMemory(slotBytes)} in ${slots.length} slots, ${formatMemory(memory.paramsBytes)} of Params`,
    ),
    ...wrapped(`persistent ${parts.join(", ")}`),
    `slots      ${formatMemory(unsharedBytes)} without sharing; sharing saves ${percent(saved, 0)}`,
    ...wrapped(
      `peak       ${formatMemory(peak.bytes)} live in slots, at #${peak.dispatch} ${at?.kernel ?? ""} ${at?.layer ? `of ${at.layer}` : ""}`.trimEnd(),
    ),
    `in time    ${sparkline(memory.live.map(({ bytes }) => bytes))}`,
  ];
}

const LEVELS = Array.from("▁▂▃▄▅▆▇█");
const SPARK_WIDTH = 64;

/** Live bytes from the first dispatch to the last, the most of every column. */
export function sparkline(values: readonly number[], width = SPARK_WIDTH): string {
  const most = Math.max(1, ...values);
  const count = Math.min(width, values.length);
  return Array.from({ length: count }, (_, column) => {
    const from = Math.floor((column * values.length) / count);
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / count));
    const value = Math.max(...values.slice(from, to));
    return LEVELS[Math.min(LEVELS.length - 1, Math.floor((value / most) * LEVELS.length))] ?? "";
  }).join("");
}

const WIDTH = 80;
const INDENT = 11;

/** Words in lines of 80 columns, the later ones indented to stand under the first. */
/** Lines of 80 columns; the first so many characters are a title, below which the others begin. */
export function wrapped(text: string): string[] {
  const lines: string[] = [];
  let line = text.slice(0, INDENT);
  for (const word of text.slice(INDENT).split(" ")) {
    const isFull = line.length > INDENT && line.length + 1 + word.length > WIDTH;
    if (isFull) lines.push(line);
    if (isFull) line = " ".repeat(INDENT);
    line += line.length > INDENT ? ` ${word}` : word;
  }
  return [...lines, line];
}

/** Three digits, of large and of small ones. */
export function milliseconds(ms: number): string {
  return ms.toFixed(ms >= 100 ? 0 : ms >= 10 ? 2 : 3);
}

function micro(ms: number): string {
  return `${(1000 * ms).toFixed(ms >= 0.01 ? 0 : 1)} µs`;
}

export function percent(share: number, digits = 1): string {
  return `${(100 * share).toFixed(digits)}%`;
}

function rate(value: number): string {
  return value > 0 ? value.toFixed(value >= 100 ? 0 : 1) : "";
}
