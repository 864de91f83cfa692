// Measures an adapter's ceilings, against which every kernel's share is reported: GFLOPS between registers, GB/s of a
// copy that no cache holds.

import type { Device } from "../src/engine/core/device.ts";
import { kernelFrom } from "../src/engine/core/kernel.ts";
import { Executable } from "../src/engine/program/executor.ts";
import { linearGrid, Recorder } from "../src/engine/program/recorder.ts";
import shader from "./ceiling.wgsl";
import { timeProgram } from "./harness.ts";

export interface Ceiling {
  readonly gflops: number;
  readonly gbs: number;
}

const COPY_BYTES = 64 * 2 ** 20;

export async function measureCeiling(device: Device): Promise<Ceiling> {
  const rec = new Recorder({ name: "ceiling", capabilities: device });
  const x = device.tensor([4], "x", new Float32Array([0.999, 0.5, -0.999, 0.25]));
  const [groups, rounds] = device.isSoftware ? [64, 2000] : [8192, 2000];
  const y = rec.allocate([groups * 64 * 4], "y");
  rec.keep(y);
  rec.dispatch({
    op: "ceiling",
    kernel: kernelFrom(shader, "multiply_add"),
    grid: [groups, 1, 1],
    bind: { x, y },
    params: { rounds, vectors: 0 },
  });
  const compute = await timeProgram(device, await Executable.compile(device, rec.finish()), {
    samples: 10,
  });
  const flops = groups * 64 * rounds * 8 * 4 * 2;
  return { gflops: flops / compute.min / 1e6, gbs: await copyBandwidth(device) };
}

async function copyBandwidth(device: Device): Promise<number> {
  const rec = new Recorder({ name: "copy", capabilities: device });
  const vectors = COPY_BYTES / 16;
  const [x, y] = [rec.allocate([vectors * 4], "x"), rec.allocate([vectors * 4], "y")];
  rec.keep(x);
  rec.keep(y);
  rec.dispatch({
    op: "ceiling",
    kernel: kernelFrom(shader, "copy"),
    grid: linearGrid(vectors, 64),
    bind: { x, y },
    params: { rounds: 0, vectors },
  });
  const copy = await timeProgram(device, await Executable.compile(device, rec.finish()), {
    samples: 10,
  });
  return (2 * COPY_BYTES) / copy.min / 1e6;
}
