// The data pass of a program: one batch out of a data set that is resident on the device. No gradient flows into it.

import source from "../../shaders/gather.wgsl";
import type { Kernel } from "../core/kernel.ts";
import { ceilDiv, type Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";

/** A data set on the device, and the order in which its rows are read. */
export interface Feed {
  /** (rows, H, W, C) u8. */
  readonly images: Tensor;
  /** (rows) u8. */
  readonly labels: Tensor;
  /** Row numbers, u32; read from the clock's cursor on. */
  readonly order: Tensor;
  /** (step, cursor) u32. */
  readonly clock: Tensor;
}

export interface BatchRequest {
  readonly batch: number;
  /** Height, width, channels that the model takes; centred zero padding fills the difference. */
  readonly inputShape: Shape;
  /** What a byte is multiplied by; default 1/255. */
  readonly scale?: number;
}

/** Records the gathering of a batch: images x (N, H, W, C) f32 and labels y (N) u32. */
export function gatherBatch(
  rec: Recorder,
  feed: Feed,
  request: BatchRequest,
): { x: Tensor; y: Tensor } {
  const { batch, inputShape, scale = 1 / 255 } = request;
  const [, height = 0, width = 0, channels = 0] = feed.images.shape;
  const pad = ((inputShape[0] ?? 0) - height) / 2;
  const x = rec.allocate([batch, ...inputShape], "x");
  const y = rec.allocate([batch], "labels", "u32");
  const params = { batch, height, width, channels, pad, scale };
  const { images, labels, order, clock } = feed;
  rec.inPass("data", () => {
    rec.dispatch({
      op: "gather",
      kernel: kernel("gather_images"),
      grid: linearGrid(batch * (height + 2 * pad), 16),
      bind: { images, order, clock, x },
      params,
    });
    rec.dispatch({
      op: "gather",
      kernel: kernel("gather_labels"),
      grid: [ceilDiv(batch, 64), 1, 1],
      bind: { labels, order, clock, y },
      params,
    });
  });
  return { x, y };
}

/** Records the end of a step: the next one reads the next rows. */
export function advanceClock(rec: Recorder, feed: Feed, batch: number): void {
  rec.inPass("data", () => {
    rec.dispatch({
      op: "gather",
      kernel: kernel("advance"),
      grid: [1, 1, 1],
      bind: { next_clock: feed.clock },
      params: { batch, height: 0, width: 0, channels: 0, pad: 0, scale: 0 },
    });
  });
}

function kernel(entry: string): Kernel {
  return { label: `gather/${entry}`, source, entry };
}

export function* gatherKernels(): Iterable<Kernel> {
  for (const entry of ["gather_images", "gather_labels", "advance"]) yield kernel(entry);
}
