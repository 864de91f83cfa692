// A walk through a step, dispatch by dispatch, for whoever looks at its tensors on the way: each as it is at that point, not
// as the end of the step leaves it. The step's tensors must not share slots.

import { fromHalves } from "../engine/core/half.ts";
import { type Shape, sizeOf } from "../engine/core/shape.ts";
import {
  type DType,
  rootOf,
  rootStorage,
  type Storage,
  type Tensor,
} from "../engine/core/tensor.ts";
import type { Executable } from "../engine/program/executor.ts";
import { type Dispatch, writesOf } from "../engine/program/program.ts";

/** Elements of a tensor on the host. */
export type Values = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

export class Walk {
  readonly #executable: Executable;
  /** What was read and has not been written since, by root storage and by place in it. */
  readonly #known = new Map<Storage, Map<string, Values>>();
  #at = 0;

  constructor(executable: Executable) {
    this.#executable = executable;
  }

  /** Runs what comes before the dispatch `id` and has not run yet. */
  runTo(id: number): void {
    if (id <= this.#at) return;
    this.#executable.runRange({ from: this.#at, to: id });
    for (const dispatch of this.#executable.dispatches) {
      if (dispatch.id >= this.#at && dispatch.id < id) this.#forget(dispatch);
    }
    this.#at = id;
    const { lives } = this.#executable.plan;
    for (const root of this.#known.keys()) {
      if ((lives.get(root)?.last ?? 0) < id) this.#known.delete(root);
    }
  }

  /** The elements of a tensor at this point. */
  async read(tensor: Tensor): Promise<Values> {
    const { root, offset } = rootOf(tensor.storage);
    const places = this.#known.get(root) ?? new Map<string, Values>();
    this.#known.set(root, places);
    const place = `${offset}:${tensor.dtype}:${sizeOf(tensor.shape)}`;
    const known = places.get(place);
    if (known) return known;
    const values = valuesOf(await this.#executable.readBytes(tensor), tensor);
    places.set(place, values);
    return values;
  }

  #forget(dispatch: Dispatch): void {
    for (const tensor of writesOf(dispatch)) this.#known.delete(rootStorage(tensor));
  }
}

/** The elements that bytes of the device hold. */
export function valuesOf(
  bytes: ArrayBuffer,
  { shape, dtype }: { readonly shape: Shape; readonly dtype: DType },
): Values {
  const elements = sizeOf(shape);
  if (dtype === "f16") return fromHalves(new Uint16Array(bytes, 0, elements));
  if (dtype === "u8") return new Uint8Array(bytes, 0, elements);
  return dtype === "u32"
    ? new Uint32Array(bytes, 0, elements)
    : new Float32Array(bytes, 0, elements);
}

/** Row, column and so on of an element; `[]` of a scalar. */
export function coordinatesOf(index: number, shape: Shape): readonly number[] {
  const coordinates: number[] = [];
  let rest = index;
  for (const extent of shape.toReversed()) {
    coordinates.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return coordinates;
}

export function isFloat(values: Values): values is Float32Array<ArrayBuffer> {
  return values instanceof Float32Array;
}
