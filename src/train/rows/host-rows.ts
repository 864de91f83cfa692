// Rows of a data set on the host, as a device takes them: read by number, from memory or from wherever else they lie.

import { type Shape, sizeOf } from "../../engine/core/shape.ts";
import { itemBytes } from "../../engine/core/tensor.ts";

/** All of one shape: images as bytes, or rows of float32. */
export interface HostRows {
  readonly kind: "host";
  readonly dtype: "u8" | "f32";
  /** Of one row. */
  readonly shape: Shape;
  readonly rows: number;
  /** Writes the rows of these numbers into the first bytes of `into`, one after another. */
  readonly copy: (rows: Uint32Array, into: Uint8Array) => void | Promise<void>;
}

export interface MemoryRows extends HostRows {
  /** Of all rows. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Values that are there already; they are not copied. */
export function rowsInMemory(values: Uint8Array | Float32Array, shape: Shape): MemoryRows {
  const bytes = plainBytes(values);
  const size = sizeOf(shape) * values.BYTES_PER_ELEMENT;
  return {
    ...{ kind: "host", dtype: values instanceof Uint8Array ? "u8" : "f32", shape },
    bytes,
    rows: values.byteLength / size,
    copy: (rows, into) => {
      for (const [index, row] of rows.entries()) {
        into.set(bytes.subarray(row * size, (row + 1) * size), index * size);
      }
    },
  };
}

export function rowBytes({ shape, dtype }: HostRows): number {
  return sizeOf(shape) * itemBytes(dtype);
}

/** WebGPU takes views of plain ArrayBuffers only: the same bytes, copied where they lie in another. */
export function plainBytes(view: Uint8Array | Float32Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = view;
  if (buffer instanceof ArrayBuffer) return new Uint8Array(buffer, byteOffset, byteLength);
  return new Uint8Array(new Uint8Array(buffer, byteOffset, byteLength));
}
