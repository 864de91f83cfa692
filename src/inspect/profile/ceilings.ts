// Measures what an adapter can do at most, against which every share is reported: GFLOPS between registers, and GB/s by the
// bytes that are in use, because what fits into a cache is faster than memory. A ceiling is the best that was ever seen.

import type { Device } from "../../engine/core/device.ts";
import { type Kernel, kernelFrom } from "../../engine/core/kernel.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import { Executable } from "../../engine/program/executor.ts";
import { Recorder } from "../../engine/program/recorder.ts";
import { Workspace } from "../../engine/program/workspace.ts";
import shader from "../../shaders/inspect/ceilings.wgsl";
import type { Ceilings, Traffic } from "./bandwidths.ts";

export interface CeilingOptions {
  /** Samples of each figure; default 4. */
  readonly samples?: number;
  /** Before each sample: how many are done. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Chains of vec4 by entry point: which width is the fastest depends on registers, and on how the driver unrolls. */
const WIDTHS = [4, 6, 8] as const;
const STREAMS: Readonly<Record<Traffic, number>> = { read: 1, write: 1, copy: 2, add: 3 };
const TRAFFICS = Object.keys(STREAMS) as Traffic[];
/** Bytes in use; the last is beyond any cache of its kind of adapter. */
const SOFTWARE_SIZES = [2 ** 16, 2 ** 18, 2 ** 20, 2 ** 22, 2 ** 24, 2 ** 26];
const HARDWARE_SIZES = [...SOFTWARE_SIZES, 2 ** 28];
const EMPTY_DISPATCHES = 64;

/** A dispatch whose work is known: floating-point operations, bytes, or dispatches. */
interface Probe {
  readonly executable: Executable;
  readonly work: number;
  least: number;
}

interface Probes {
  readonly compute: readonly Probe[];
  readonly memory: readonly { readonly size: Size; readonly probe: Probe }[];
  readonly empty: Probe;
}

/** Takes one or two seconds. */
export async function measureCeilings(
  device: Device,
  { samples = 4, onProgress, signal }: CeilingOptions = {},
): Promise<Ceilings> {
  const scope = device.scope();
  try {
    const probes = await compileProbes(scope);
    const all = [...probes.compute, ...probes.memory.map(({ probe }) => probe), probes.empty];
    // Round by round, so that whatever disturbs the machine for a while disturbs one sample of each. The first may compile.
    const total = (samples + 1) * all.length;
    for (let done = 0; done < total; done++) {
      signal?.throwIfAborted();
      onProgress?.(done, total);
      const probe = all[done % all.length];
      if (probe) await sample(scope, probe, done < all.length);
    }
    return ceilingsOf(probes);
  } finally {
    scope.destroy();
  }
}

function ceilingsOf({ compute, memory, empty }: Probes): Ceilings {
  const rate = ({ work, least }: Probe) => work / least / 1e6;
  return {
    gflops: Math.max(...compute.map(rate)),
    bandwidths: memory.map(({ size, probe }) => ({ ...size, gbs: rate(probe) })),
    launchMs: empty.least / empty.work,
  };
}

async function sample(device: Device, probe: Probe, isFirst: boolean): Promise<void> {
  const start = performance.now();
  probe.executable.run();
  await device.settle();
  if (!isFirst) probe.least = Math.min(probe.least, performance.now() - start);
}

async function compileProbes(device: Device): Promise<Probes> {
  const workspace = new Workspace(device);
  const compute = WIDTHS.map((width) => multiplyAdds(device, workspace, width));
  const sizes = (device.isSoftware ? SOFTWARE_SIZES : HARDWARE_SIZES).filter(
    (bytes) => bytes <= device.maxStorageBufferBindingSize,
  );
  const memory = sizes.flatMap((bytes) =>
    TRAFFICS.map(async (traffic) => {
      const size = { traffic, bytes };
      return { size, probe: await wordsMoved(device, workspace, size) };
    }),
  );
  return {
    compute: await Promise.all(compute),
    memory: await Promise.all(memory),
    empty: await emptyDispatches(device, workspace),
  };
}

/** The best of two measurements: whatever a neighbour on the machine took from one, it did not take from the other. */
export function bestOf(first: Ceilings, second: Ceilings): Ceilings {
  return {
    gflops: Math.max(first.gflops, second.gflops),
    bandwidths: first.bandwidths.map((known) => {
      const same = second.bandwidths.find(
        ({ traffic, bytes }) => traffic === known.traffic && bytes === known.bytes,
      );
      return { ...known, gbs: Math.max(known.gbs, same?.gbs ?? 0) };
    }),
    launchMs: Math.min(first.launchMs, second.launchMs),
  };
}

function multiplyAdds(
  device: Device,
  workspace: Workspace,
  width: (typeof WIDTHS)[number],
): Promise<Probe> {
  const [groups, rounds] = device.isSoftware ? [32, 1024] : [8192, 1024];
  const a = device.tensor([4], "a", new Float32Array([0.999, 0.5, -0.999, 0.25]));
  return probeOf(device, workspace, {
    work: groups * 64 * rounds * 4 * width * 4 * 2,
    record: (rec) => {
      const y = kept(rec, groups * 64);
      const params = { rounds, words: 0, stride: 0 };
      const kernel = kernelOf(`multiply_add_${width}`);
      rec.dispatch({ op: "ceilings", kernel, grid: [groups, 1, 1], bind: { a, y }, params });
    },
  });
}

interface Size {
  readonly traffic: Traffic;
  readonly bytes: number;
}

function wordsMoved(device: Device, workspace: Workspace, { traffic, bytes }: Size) {
  const streams = STREAMS[traffic];
  const words = Math.floor(bytes / 16 / streams);
  // As many as keep the adapter busy, and no more: a software one pays for each.
  const most = device.isSoftware ? 1024 : 2 ** 18;
  const stride = Math.min(most, 64 * Math.ceil(words / 64));
  const rounds = Math.max(1, Math.round((device.isSoftware ? 2 ** 26 : 2 ** 30) / bytes));
  return probeOf(device, workspace, {
    work: 16 * words * streams * rounds,
    record: (rec) => {
      const tensors = { a: kept(rec, words), b: kept(rec, words) };
      const y = kept(rec, Math.max(words, stride));
      const bind = {
        ...(traffic === "write" ? {} : { a: tensors.a }),
        ...(traffic === "add" ? { b: tensors.b } : {}),
        y,
      };
      const kernel = kernelOf(`${traffic}_words`);
      const params = { rounds, words, stride };
      rec.dispatch({ op: "ceilings", kernel, grid: [stride / 64, 1, 1], bind, params });
    },
  });
}

function emptyDispatches(device: Device, workspace: Workspace): Promise<Probe> {
  const record = (rec: Recorder): void => {
    const y = kept(rec, 1);
    for (let index = 0; index < EMPTY_DISPATCHES; index++) recordNothing(rec, y);
  };
  return probeOf(device, workspace, { work: EMPTY_DISPATCHES, record });
}

/** A dispatch that does nothing worth mentioning; what it takes, any dispatch takes. */
export function recordNothing(rec: Recorder, y: Tensor): void {
  const kernel = kernelOf("nothing");
  rec.dispatch({ op: "ceilings", kernel, grid: [1, 1, 1], bind: { y } });
}

interface ProbeRequest {
  readonly work: number;
  readonly record: (rec: Recorder) => void;
}

async function probeOf(
  device: Device,
  workspace: Workspace,
  { work, record }: ProbeRequest,
): Promise<Probe> {
  const rec = new Recorder({ name: "ceilings", capabilities: device });
  record(rec);
  const executable = await Executable.compile(device, rec.finish(), workspace);
  return { executable, work, least: Number.POSITIVE_INFINITY };
}

/** Kept, because what nobody reads is not run. */
function kept(rec: Recorder, words: number): Tensor {
  const tensor = rec.allocate([4 * words], "words");
  rec.keep(tensor);
  return tensor;
}

function kernelOf(entry: string): Kernel {
  return kernelFrom(shader, entry);
}

export function* ceilingKernels(): Iterable<Kernel> {
  for (const width of WIDTHS) yield kernelOf(`multiply_add_${width}`);
  for (const traffic of TRAFFICS) yield kernelOf(`${traffic}_words`);
  yield kernelOf("nothing");
}
