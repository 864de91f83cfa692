// The tensors of a step, each read right after its last writer, and the rungs of its problems measured on the way.

import { type Shape, sizeOf } from "../../engine/core/shape.ts";
import { itemBytes, rootOf, rootStorage, type Tensor } from "../../engine/core/tensor.ts";
import {
  type Dispatch,
  type Program,
  readsOf,
  type Solution,
  tensorsOf,
  writesOf,
} from "../../engine/program/program.ts";
import type { OpenStep } from "../step.ts";
import { dataStorages } from "../step-state.ts";
import { Walk } from "../walk.ts";
import { overlap, regionOf } from "./flow.ts";
import type { TensorView, ValuesView } from "./inspector-document.ts";
import type { Reading } from "./picture.ts";
import { isOf, type RungClock, type RungTimes } from "./solution-views.ts";
import { valuesView } from "./values.ts";

/** Of all pictures together. */
const PICTURE_BYTES = 2.5e6;
const MOST_BYTES = 65_536;
const LEAST_BYTES = 512;

/** The same elements under the same shape are one tensor, whoever binds them. */
export function tensorKey(tensor: Tensor, ids: StorageIds): string {
  const { root, offset } = rootOf(tensor.storage);
  return `${ids(root)}:${offset}:${tensor.dtype}:${tensor.shape.join("x")}`;
}

export type StorageIds = (storage: Tensor["storage"]) => number;

export function storageIds(): StorageIds {
  const ids = new Map<Tensor["storage"], number>();
  return (storage) => {
    const id = ids.get(storage) ?? ids.size;
    ids.set(storage, id);
    return id;
  };
}

/** Every tensor that a dispatch binds, each once, in order of first use. */
export function boundTensors(
  dispatches: readonly Dispatch[],
  ids: StorageIds,
): ReadonlyMap<string, Tensor> {
  const tensors = new Map<string, Tensor>();
  for (const tensor of dispatches.flatMap(tensorsOf)) {
    const key = tensorKey(tensor, ids);
    if (!tensors.has(key)) tensors.set(key, tensor);
  }
  return tensors;
}

export interface WalkRequest {
  readonly step: OpenStep;
  readonly tensors: readonly Tensor[];
  readonly clock: RungClock;
  readonly onDispatch?: ((done: number, total: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface WalkResult {
  readonly tensors: readonly TensorView[];
  readonly times: ReadonlyMap<Solution, RungTimes>;
}

/** Runs the step once. */
export async function walkThrough(request: WalkRequest): Promise<WalkResult> {
  const { step, tensors, clock } = request;
  const { program, executable } = step;
  const { dispatches } = executable;
  const walk = new Walk(executable);
  // Too large to be read, and never changed.
  const data = dataStorages(program);
  const views = tensors.map((tensor) => usersOf(tensor, dispatches));
  const values = new Map<number, ValuesView>();
  const readAt = async (last: number): Promise<void> => {
    for (const [index, tensor] of tensors.entries()) {
      if ((views[index]?.writers.at(-1) ?? -1) !== last || data.has(rootStorage(tensor))) continue;
      const options = {
        reading: readingOf(tensor.shape, program),
        bytes: budgetOf(tensors.length),
      };
      values.set(index, valuesView(await walk.read(tensor), tensor.shape, options));
    }
  };
  const times = new Map<Solution, RungTimes>();
  await readAt(-1);
  for (const [index, dispatch] of dispatches.entries()) {
    request.signal?.throwIfAborted();
    request.onDispatch?.(index, dispatches.length);
    walk.runTo(dispatch.id);
    for (const solution of program.solutions) {
      if (times.has(solution) || !isOf(dispatch.solution, solution)) continue;
      times.set(solution, await clock.time(solution, walk));
    }
    walk.runTo(dispatch.id + 1);
    await readAt(dispatch.id);
  }
  request.onDispatch?.(dispatches.length, dispatches.length);
  const viewed = tensors.map(({ label, shape, dtype }, index) => ({
    ...{ label, shape, dtype, bytes: sizeOf(shape) * itemBytes(dtype) },
    writers: views[index]?.writers ?? [],
    readers: views[index]?.readers ?? [],
    values: values.get(index) ?? null,
  }));
  return { tensors: viewed, times };
}

/** By the bytes that they touch: the optimiser writes an arena whole, and so every part of it. */
function usersOf(tensor: Tensor, dispatches: readonly Dispatch[]) {
  const region = regionOf(tensor);
  const touches = (others: readonly Tensor[]) =>
    others.some((other) => overlap(regionOf(other), region));
  return {
    writers: dispatches.filter((one) => touches(writesOf(one))).map(({ id }) => id),
    readers: dispatches.filter((one) => touches(readsOf(one))).map(({ id }) => id),
  };
}

/** Four axes are those of filters where a variable has such a shape, else those of maps. */
export function readingOf(shape: Shape, { variables }: Pick<Program, "variables">): Reading {
  if (shape.length !== 4) return "matrix";
  const same = (other: Shape) => other.join() === shape.join();
  return variables.some(({ tensor }) => same(tensor.shape)) ? "filters" : "maps";
}

function budgetOf(tensors: number): number {
  return Math.max(LEAST_BYTES, Math.min(MOST_BYTES, Math.floor(PICTURE_BYTES / tensors)));
}
