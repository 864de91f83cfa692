// Times the whole forward pass of a backbone without its top, on random images and random weights: what the frozen base
// of transfer learning costs. GFLOPS count multiply-adds with anything but padding.

import type { Device } from "../src/engine/core/device.ts";
import { VitrineError } from "../src/engine/core/errors.ts";
import { Net } from "../src/engine/layers/net.ts";
import { Variables } from "../src/engine/layers/variables.ts";
import { Executable } from "../src/engine/program/executor.ts";
import { Recorder } from "../src/engine/program/recorder.ts";
import { Workspace } from "../src/engine/program/workspace.ts";
import { timeProgram } from "../src/inspect/profile/time-program.ts";
import { totalWork, workOf } from "../src/inspect/profile/work.ts";
import { makeInputs } from "../src/inspect/timing/bench-case.ts";
import { BACKBONES, type BackboneName } from "../src/models/backbones.ts";

export interface BackboneResult {
  readonly model: string;
  readonly size: number;
  readonly batch: number;
  /** Those that were measured to be the fastest; without it, those of the ladders' order. */
  readonly kernels?: "measured";
  /** Milliseconds of a pass. */
  readonly ms: number;
  readonly lower: number;
  readonly upper: number;
  readonly p90: number;
  readonly min: number;
  readonly gflops: number;
  readonly imagesPerSecond: number;
  readonly dispatches: number;
  /** Distinct pipelines, and milliseconds of the first pass, which compiles them where no cache has them. */
  readonly pipelines: number;
  readonly first: number;
}

export interface BackboneRequest {
  readonly model: BackboneName;
  readonly size: number;
  readonly batch: number;
}

export async function timeBackbone(
  device: Device,
  { model: name, size, batch }: BackboneRequest,
): Promise<BackboneResult> {
  const scope = device.scope();
  const model = BACKBONES[name].build({ inputShape: [size, size, 3], includeTop: false });
  const rec = new Recorder({ name: model.name, capabilities: device });
  const variables = new Variables(1);
  const net = new Net({ rec, variables, training: false, clock: null });
  const { x } = makeInputs(scope, { x: [batch, size, size, 3] });
  if (!x) throw new VitrineError("bench: no input");
  const y = model.build(net, x);
  rec.keep(y);
  variables.materialise(scope);
  const before = device.kernels.pipelinesMade;
  const start = performance.now();
  // As an evaluation does.
  const options = { keepsInvariants: true };
  const executable = await Executable.compile(scope, rec.finish(), new Workspace(scope), options);
  const pipelines = device.kernels.pipelinesMade - before;
  executable.run();
  const values = await executable.read(y);
  const first = performance.now() - start;
  if (!values.every(Number.isFinite)) throw new VitrineError(`bench ${name}: not finite`);
  const { median: ms, lower, upper, p90, min } = await timeProgram(device, executable);
  const products = executable.dispatches.filter(({ op }) => op === "conv2d" || op === "dense");
  const { flops } = totalWork(products.map(workOf));
  scope.destroy();
  return {
    ...{ model: name, size, batch, ms, lower, upper, p90, min },
    gflops: flops / ms / 1e6,
    imagesPerSecond: (1000 * batch) / ms,
    ...{ dispatches: executable.dispatches.length, pipelines, first },
  };
}
