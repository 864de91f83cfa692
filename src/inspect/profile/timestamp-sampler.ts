// Times a step's dispatches by timestamp queries: WebGPU has them around passes only, so each dispatch gets a pass of its
// own. One sample is a whole step in its own order, in one submit.

import type { Device } from "../../engine/core/device.ts";
import type { Executable } from "../../engine/program/executor.ts";
import type { Sampler, SamplerRequest, StepSample } from "./step-samples.ts";

const USAGE = { MAP_READ: 0x1, COPY_SRC: 0x4, COPY_DST: 0x8, QUERY_RESOLVE: 0x200 } as const;
const MAP_READ_MODE = 1;
/** WebGPU's limit is 4096 queries a set. */
const PASSES_A_SET = 2048;
/** A query is 64 bits. */
const BYTES = 8;
/** Where a set may be resolved to is a multiple of this. */
const RESOLVE_STRIDE = 256;

export function canTimestamp(device: Device): boolean {
  return device.handle.features.has("timestamp-query");
}

/**
 * Browsers round the clock to 0.1 ms (65,536 ns before the period is counted in), so that many short dispatches take nothing and the
 * others whole steps of it. A true clock tells some two moments of a step apart by much less: one pass ends just before the next begins.
 */
const COARSE_MS = 0.03;
/** Moments that differ, below which nothing can be said. */
const FEWEST_MOMENTS = 8;

/** Whether the clock's steps are too large to time dispatches by. */
export function isCoarse({ ms, starts }: StepSample): boolean {
  if (!starts) return false;
  const moments = starts.flatMap((start, index) => [start, start + (ms[index] ?? 0)]);
  const sorted = moments.sort((a, b) => a - b);
  const steps = sorted.slice(1).map((moment, index) => moment - (sorted[index] ?? 0));
  // What was rounded to the same moment, but for the last digits of a float.
  const apart = steps.filter((step) => step > 1e-6);
  return sorted.length >= FEWEST_MOMENTS && apart.every((step) => step >= COARSE_MS);
}

/** A dispatch, by its program and its id there. */
interface Timed {
  readonly executable: Executable;
  readonly id: number;
}

export function timestampSampler({ step, empty }: SamplerRequest): Sampler {
  const { device, executable } = step;
  const timed: readonly Timed[] = [
    ...executable.dispatches.map(({ id }) => ({ executable, id })),
    { executable: empty, id: 0 },
  ];
  const queries = new Queries(device.handle, timed.length);
  return {
    method: "timestamps",
    async sample() {
      const encoder = device.handle.createCommandEncoder({ label: "timestamps" });
      for (const [index, one] of timed.entries()) {
        const pass = encoder.beginComputePass({ timestampWrites: queries.around(index) });
        one.executable.encode(pass, one.id);
        pass.end();
      }
      queries.resolve(encoder);
      device.submit(encoder);
      await device.settle();
      return sampleOf(await queries.read());
    },
    close: () => queries.destroy(),
  };
}

/** Drivers may reset their clocks between passes: what goes backwards is taken for nothing. */
function sampleOf(times: BigUint64Array): StepSample {
  const [origin = 0n] = times;
  const at = (index: number) => Number((times[index] ?? 0n) - origin) / 1e6;
  const all = Array.from({ length: times.length / 2 }, (_, pass) => ({
    start: at(2 * pass),
    ms: Math.max(0, at(2 * pass + 1) - at(2 * pass)),
  }));
  const emptyMs = all.pop()?.ms ?? 0;
  return { ms: all.map(({ ms }) => ms), starts: all.map(({ start }) => start), emptyMs };
}

/** Two queries a pass, in as many sets as it takes, and the buffers that they are read through. */
class Queries {
  readonly #sets: readonly GPUQuerySet[];
  readonly #passes: number;
  readonly #resolved: GPUBuffer;
  readonly #readable: GPUBuffer;

  constructor(device: GPUDevice, passes: number) {
    this.#passes = passes;
    const sets = Math.ceil(passes / PASSES_A_SET);
    this.#sets = Array.from({ length: sets }, (_, set) => {
      const count = 2 * Math.min(PASSES_A_SET, passes - set * PASSES_A_SET);
      return device.createQuerySet({ type: "timestamp", count });
    });
    const size = Math.ceil((2 * BYTES * passes) / RESOLVE_STRIDE) * RESOLVE_STRIDE;
    const { QUERY_RESOLVE, COPY_SRC, MAP_READ, COPY_DST } = USAGE;
    this.#resolved = device.createBuffer({ size, usage: QUERY_RESOLVE | COPY_SRC });
    this.#readable = device.createBuffer({ size, usage: MAP_READ | COPY_DST });
  }

  around(pass: number): GPUComputePassTimestampWrites {
    const querySet = this.#sets[Math.floor(pass / PASSES_A_SET)];
    if (!querySet) throw new Error("timestamps: more passes than queries");
    const first = 2 * (pass % PASSES_A_SET);
    return { querySet, beginningOfPassWriteIndex: first, endOfPassWriteIndex: first + 1 };
  }

  resolve(encoder: GPUCommandEncoder): void {
    for (const [index, set] of this.#sets.entries()) {
      const offset = index * 2 * BYTES * PASSES_A_SET;
      encoder.resolveQuerySet(set, 0, set.count, this.#resolved, offset);
    }
    encoder.copyBufferToBuffer(this.#resolved, 0, this.#readable, 0, 2 * BYTES * this.#passes);
  }

  async read(): Promise<BigUint64Array> {
    await this.#readable.mapAsync(MAP_READ_MODE);
    const bytes = this.#readable.getMappedRange().slice(0, 2 * BYTES * this.#passes);
    this.#readable.unmap();
    return new BigUint64Array(bytes);
  }

  destroy(): void {
    for (const set of this.#sets) set.destroy();
    this.#resolved.destroy();
    this.#readable.destroy();
  }
}
