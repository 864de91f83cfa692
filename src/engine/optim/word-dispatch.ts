// The dispatch of a kernel that goes over a flat tensor of weights word by word, as every optimiser's update does.

import type { Kernel } from "../core/kernel.ts";
import { ceilDiv, sizeOf } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import { linearGrid, type Recorder } from "../program/recorder.ts";
import { wordStride } from "../program/word-stride.ts";

export interface WordDispatch {
  readonly op: string;
  readonly kernel: Kernel;
  /** Flat f32; among `bind` too. */
  readonly over: Tensor;
  readonly bind: Readonly<Record<string, Tensor>>;
  /** Besides `vectors` and `stride`. */
  readonly params: Readonly<Record<string, number>>;
  readonly flopsPerElement: number;
}

export function dispatchWords(rec: Recorder, request: WordDispatch): void {
  const { op, kernel, over, bind, params, flopsPerElement } = request;
  const elements = sizeOf(over.shape);
  const vectors = ceilDiv(elements, 4);
  const stride = wordStride(rec, vectors);
  rec.dispatch({
    ...{ op, kernel, bind },
    grid: linearGrid(stride, 64),
    params: { vectors, stride, ...params },
    flops: flopsPerElement * elements,
  });
}
