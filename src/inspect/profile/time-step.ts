// Times an open step in three ways, sample by sample in turn: dispatch by dispatch; alone, with the host's part; and as
// training runs it, many times in a row. Weights and running sums are put back, so that every sample is of the same work.

import type { Weights } from "../../engine/layers/variables.ts";
import { runPaced } from "../../train/pace.ts";
import type { OpenStep } from "../step.ts";
import { replaySampler } from "./replay-sampler.ts";
import { type Sampled, sampled } from "./statistics.ts";
import {
  compileEmpty,
  type Sampler,
  type SamplerRequest,
  type StepSample,
  type TimingMethod,
} from "./step-samples.ts";
import { canTimestamp, isCoarse, timestampSampler } from "./timestamp-sampler.ts";

export interface TimeStepOptions {
  /** Default: timestamps where the device has them. */
  readonly method?: TimingMethod | undefined;
  /** Of each kind; default: as many as ten seconds hold, from 5 to 30. */
  readonly samples?: number | undefined;
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Milliseconds of the host while one step runs alone. */
export interface HostSample {
  /** Writing the commands down. */
  readonly encodeMs: number;
  /** Handing them over. */
  readonly submitMs: number;
  /** Until the device is done. */
  readonly waitMs: number;
}

export interface StepTiming {
  readonly method: TimingMethod;
  readonly samples: number;
  /** Milliseconds of each dispatch, in the order of the plan. */
  readonly dispatches: readonly Sampled[];
  /** Of all dispatches of a sample together. */
  readonly sum: Sampled;
  /** Of the device between dispatches; null where the method cannot tell. */
  readonly idle: Sampled | null;
  /** A dispatch that does nothing, timed in the same way. */
  readonly empty: Sampled;
  readonly host: Readonly<Record<keyof HostSample, Sampled>>;
  /** The step as it really runs: many in a row, two submits in flight. */
  readonly step: Sampled;
  readonly replaysPerSample: number;
  /** The sample whose sum is nearest to the median's, with the host's in the same turn. */
  readonly typical: { readonly sample: StepSample; readonly host: HostSample };
}

const TOTAL_MS = 10_000;
const FEWEST = 5;
const MOST = 30;
/** Milliseconds that the steps of one sample in a row should fill. */
const IN_A_ROW_MS = 60;

interface Turn {
  readonly dispatches: StepSample;
  readonly host: HostSample;
  readonly stepMs: number;
}

export async function timeStep(step: OpenStep, options: TimeStepOptions = {}): Promise<StepTiming> {
  const { onProgress } = options;
  const empty = await compileEmpty(step.device);
  const weights = await step.variables.snapshot(step.device);
  const sampler = await samplerOf({ step, empty }, options.method);
  const { method } = sampler;
  try {
    const turns = new Turns(step, sampler, weights);
    const first = await turns.warmUp();
    const replays = turns.inARow(first.stepMs);
    const cost = first.dispatchMs + first.stepMs * (replays + 1);
    const samples =
      options.samples ?? Math.max(FEWEST, Math.min(MOST, Math.round(TOTAL_MS / cost)));
    const taken: Turn[] = [];
    for (let done = 0; done < samples; done++) {
      options.signal?.throwIfAborted();
      onProgress?.(done, samples);
      taken.push(await turns.take(replays));
    }
    onProgress?.(samples, samples);
    return timingOf(method, taken, replays);
  } finally {
    step.variables.load(step.device, weights);
    step.rewind();
    sampler.close();
    empty.dispose();
  }
}

/** By timestamps where they are fine enough, unless another way is asked for. */
async function samplerOf(request: SamplerRequest, asked?: TimingMethod): Promise<Sampler> {
  const { step } = request;
  const method = asked ?? (canTimestamp(step.device) ? "timestamps" : "replays");
  if (method === "replays") return replaySampler(request);
  const sampler = timestampSampler(request);
  if (asked !== undefined) return sampler;
  step.rewind();
  if (!isCoarse(await sampler.sample())) return sampler;
  sampler.close();
  return replaySampler(request);
}

class Turns {
  readonly #step: OpenStep;
  readonly #sampler: Sampler;
  readonly #weights: Weights;

  constructor(step: OpenStep, sampler: Sampler, weights: Weights) {
    this.#step = step;
    this.#sampler = sampler;
    this.#weights = weights;
  }

  /** Milliseconds of a sample of either kind, once everything is compiled. */
  async warmUp(): Promise<{ readonly dispatchMs: number; readonly stepMs: number }> {
    await this.#inARow(1);
    const stepMs = await this.#inARow(2);
    await this.#dispatches();
    const start = performance.now();
    await this.#dispatches();
    return { dispatchMs: performance.now() - start, stepMs };
  }

  /** Steps of one sample: no more than there are rows for. */
  inARow(stepMs: number): number {
    const wanted = Math.max(1, Math.round(IN_A_ROW_MS / stepMs));
    return Math.max(1, Math.min(wanted, this.#step.stepsPerPass));
  }

  async take(replays: number): Promise<Turn> {
    this.#step.variables.load(this.#step.device, this.#weights);
    const dispatches = await this.#dispatches();
    const host = await this.#alone();
    return { dispatches, host, stepMs: await this.#inARow(replays) };
  }

  async #dispatches(): Promise<StepSample> {
    this.#step.rewind();
    await this.#step.device.settle();
    return this.#sampler.sample();
  }

  async #alone(): Promise<HostSample> {
    const { device, executable } = this.#step;
    this.#step.rewind();
    await device.settle();
    const start = performance.now();
    const encoder = device.handle.createCommandEncoder({ label: "alone" });
    const pass = encoder.beginComputePass();
    for (const { id } of executable.dispatches) executable.encode(pass, id);
    pass.end();
    const encoded = performance.now();
    device.submit(encoder);
    const submitted = performance.now();
    await device.settle();
    const done = performance.now();
    return { encodeMs: encoded - start, submitMs: submitted - encoded, waitMs: done - submitted };
  }

  /** Milliseconds of a step. */
  async #inARow(replays: number): Promise<number> {
    const { device, executable } = this.#step;
    this.#step.rewind();
    await device.settle();
    const start = performance.now();
    await runPaced(device, { executable }, replays, () => true);
    return (performance.now() - start) / replays;
  }
}

function timingOf(method: TimingMethod, turns: readonly Turn[], replays: number): StepTiming {
  const samples = turns.map(({ dispatches }) => dispatches);
  const [first] = samples;
  const sums = samples.map(({ ms }) => total(ms));
  const host = (key: keyof HostSample) => sampled(turns.map((turn) => turn.host[key]));
  return {
    method,
    samples: turns.length,
    dispatches: (first?.ms ?? []).map((_, at) => sampled(samples.map(({ ms }) => ms[at] ?? 0))),
    sum: sampled(sums),
    idle: first?.starts ? sampled(samples.map(idleOf)) : null,
    empty: sampled(samples.map(({ emptyMs }) => emptyMs)),
    host: {
      encodeMs: host("encodeMs"),
      submitMs: host("submitMs"),
      waitMs: host("waitMs"),
    },
    step: sampled(turns.map(({ stepMs }) => stepMs)),
    replaysPerSample: replays,
    typical: typicalOf(turns),
  };
}

/** Between the end of one dispatch and the beginning of the next. */
function idleOf({ starts, ms }: StepSample): number {
  if (!starts) return 0;
  return starts.reduce((sum, start, at) => {
    const before = at === 0 ? start : (starts[at - 1] ?? 0) + (ms[at - 1] ?? 0);
    return sum + Math.max(0, start - before);
  }, 0);
}

function typicalOf(turns: readonly Turn[]): StepTiming["typical"] {
  const { median } = sampled(turns.map(({ dispatches }) => total(dispatches.ms)));
  const distance = (turn: Turn) => Math.abs(total(turn.dispatches.ms) - median);
  const [nearest] = turns.toSorted((a, b) => distance(a) - distance(b));
  if (!nearest) throw new Error("time-step: no samples");
  return { sample: nearest.dispatches, host: nearest.host };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
