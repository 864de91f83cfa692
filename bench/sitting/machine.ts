// Whether the machine was quiet enough for its figures to be believed: how far samples of one and the same work lie apart, how
// long a fixed loop takes at start and end, and how many processes wanted to run.

import { availableParallelism, loadavg } from "node:os";
import { BUSY, type Sampled, sampled, spreadOf } from "../../src/inspect/profile/statistics.ts";

export interface Machine {
  /** Any of the spreads is above what the profiler calls busy. */
  readonly noisy: boolean;
  /** Of the samples of the cases, their median: the distance of the quartiles over the median. Null without a case. */
  readonly spread: number | null;
  /** The fixed loop, in milliseconds; `drift` is how much longer it took at the end, or at the start, as a share. */
  readonly spin: { readonly start: Sampled; readonly end: Sampled; readonly drift: number };
  /** Processes that ran or wanted to, a minute's mean; null on systems that do not count them. */
  readonly load: { readonly start: number; readonly end: number } | null;
  readonly cores: number;
}

const SPIN_MS = 5;
const SPINS = 15;

/** The fixed loop, as long as a few milliseconds at the start, and what it took then. */
export interface Spin {
  readonly rounds: number;
  readonly taken: Sampled;
  readonly load: number | null;
}

export function startSpin(): Spin {
  let rounds = 2 ** 16;
  // Also what makes the loop be compiled before it counts.
  while (timeSpin(rounds) < SPIN_MS) rounds *= 2;
  return { rounds, taken: spinSamples(rounds), load: loadNow() };
}

/** `cases` are what was timed in between. */
export function judgeMachine(start: Spin, cases: readonly Sampled[]): Machine {
  const load = loadNow();
  return machineOf({
    spreads: cases.map(spreadOf),
    spin: { start: start.taken, end: spinSamples(start.rounds) },
    load: load === null || start.load === null ? null : { start: start.load, end: load },
    cores: availableParallelism(),
  });
}

interface Observed {
  readonly spreads: readonly number[];
  readonly spin: { readonly start: Sampled; readonly end: Sampled };
  readonly load: Machine["load"];
  readonly cores: number;
}

/** Without a clock. The load alone accuses nobody: the bench of a minute ago is in it. */
export function machineOf({ spreads, spin, load, cores }: Observed): Machine {
  const { start, end } = spin;
  const spread = spreads.length > 0 ? sampled(spreads).median : null;
  const [less, more] = [start.median, end.median].sort((a, b) => a - b);
  const drift = less && more ? more / less - 1 : 0;
  const noisy = [spread ?? 0, drift, spreadOf(start), spreadOf(end)].some((one) => one > BUSY);
  return { noisy, spread, spin: { start, end, drift }, load, cores };
}

/** One line of at most 80 columns. */
export function machineLine({ noisy, spread, spin, load, cores }: Machine): string {
  const shaken = Math.max(spreadOf(spin.start), spreadOf(spin.end));
  const reasons = [
    ...(spread === null ? [] : [{ size: spread, text: `samples spread over ${share(spread)}` }]),
    { size: spin.drift, text: `a fixed loop drifts by ${share(spin.drift)}` },
    { size: shaken, text: `a fixed loop varies by ${share(shaken)}` },
  ];
  const [first] = noisy ? reasons.toSorted((a, b) => b.size - a.size) : reasons;
  const busy = load === null ? [] : [`load ${load.start.toFixed(1)} on ${cores} cores`];
  const title = noisy ? "warning    too noisy to believe" : "machine    quiet";
  return `${title}: ${[first?.text ?? "", ...busy].join(", ")}`;
}

function share(value: number): string {
  return `${(100 * value).toFixed(0)} %`;
}

/** Windows counts none, and says 0 for it. */
function loadNow(): number | null {
  return process.platform === "win32" ? null : (loadavg()[0] ?? null);
}

function spinSamples(rounds: number): Sampled {
  return sampled(Array.from({ length: SPINS }, () => timeSpin(rounds)));
}

/** What a loop comes to is written here, or the loop could be dropped. */
const RESULT = new Int32Array(1);

function timeSpin(rounds: number): number {
  const start = performance.now();
  let state = 1;
  for (let round = 0; round < rounds; round++) state = (Math.imul(state, 1664525) + round) | 0;
  RESULT[0] = state;
  return performance.now() - start;
}
