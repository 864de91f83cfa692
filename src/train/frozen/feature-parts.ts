// The features of a data set on the device: rows of float32 in several tensors, each small enough for a binding, written and
// read by row number. What computes them is in frozen-base.ts.

import type { Dataset } from "../../data/dataset.ts";
import type { Device } from "../../engine/core/device.ts";
import { sizeOf } from "../../engine/core/shape.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import type { Executable } from "../../engine/program/executor.ts";

export interface Room {
  readonly dataset: Dataset;
  readonly outputShape: readonly number[];
  /** Rows that are never parted. */
  readonly batch: number;
  /** Of a tensor at most, unless a batch is larger. */
  readonly partBytes: number;
}

/** Room for the features of all rows. */
export function allocateParts(
  device: Device,
  { dataset, outputShape, batch, partBytes }: Room,
): FeatureParts {
  const rowBytes = 4 * sizeOf(outputShape);
  const batches = Math.max(1, Math.floor(partBytes / rowBytes / batch));
  const rowsPerPart = batches * batch;
  const tensors: Tensor[] = [];
  for (let first = 0; first < dataset.rows; first += rowsPerPart) {
    const rows = Math.min(rowsPerPart, dataset.rows - first);
    const label = `${dataset.name}.features.${tensors.length}`;
    tensors.push(device.tensor([rows, ...outputShape], label));
  }
  return new FeatureParts(device, { tensors, rowsPerPart, elements: rowBytes / 4 });
}

/** Features in tensors that a binding can hold; a batch never lies in two of them. */
export class FeatureParts {
  readonly tensors: readonly Tensor[];
  readonly #device: Device;
  readonly #rowsPerPart: number;
  readonly #elements: number;

  constructor(
    device: Device,
    parts: {
      readonly tensors: readonly Tensor[];
      readonly rowsPerPart: number;
      readonly elements: number;
    },
  ) {
    this.tensors = parts.tensors;
    this.#device = device;
    this.#rowsPerPart = parts.rowsPerPart;
    this.#elements = parts.elements;
  }

  copy(row: number, executable: Executable, features: Tensor): void {
    const { tensor, byteOffset } = this.#at(row);
    executable.copyInto(tensor, byteOffset, features);
  }

  /** Rows from `row` on; they may lie in several parts. */
  write(row: number, values: Float32Array<ArrayBuffer>): void {
    for (const { tensor, byteOffset, from, to } of this.#pieces(row, values.length)) {
      this.#device.write(tensor, values.subarray(from, to), byteOffset);
    }
  }

  async read(row: number, rows: number): Promise<Float32Array> {
    const values = new Float32Array(rows * this.#elements);
    for (const { tensor, byteOffset, from, to } of this.#pieces(row, values.length)) {
      const bytes = await this.#device.readPart(tensor, byteOffset, 4 * (to - from));
      values.set(new Float32Array(bytes, 0, to - from), from);
    }
    return values;
  }

  #at(row: number) {
    const part = Math.floor(row / this.#rowsPerPart);
    const tensor = this.tensors[part];
    if (!tensor) throw new RangeError(`features: no part has row ${row}`);
    return { tensor, byteOffset: 4 * (row - part * this.#rowsPerPart) * this.#elements };
  }

  *#pieces(row: number, elements: number) {
    for (let from = 0; from < elements; ) {
      const { tensor, byteOffset } = this.#at(row + from / this.#elements);
      const to = Math.min(elements, from + (tensor.storage.bytes - byteOffset) / 4);
      yield { tensor, byteOffset, from, to };
      from = to;
    }
  }
}
