// Which rows of a batch make a result infinite or NaN: those in which it is, where the result has the batch for an axis; else
// those that do it alone, found by running the unit again with all others at zero.

import { rootStorage, type Tensor } from "../../engine/core/tensor.ts";
import type { Executable } from "../../engine/program/executor.ts";
import { endOf, firstOf, inputsOf, type Unit } from "../units.ts";
import { type Values, valuesOf } from "../walk.ts";
import { areFinite } from "./numbers.ts";

export interface RowRequest {
  readonly executable: Executable;
  /** It has run. */
  readonly unit: Unit;
  readonly batch: number;
  /** What is not finite. */
  readonly output: Tensor;
  readonly got: Values;
  /** What the unit reads, and updates, as it was before it ran. */
  readonly before: ReadonlyMap<Tensor, Values>;
}

/** Null where the unit has nothing to do with rows; empty where no row does it alone. */
export async function rowsThat(request: RowRequest): Promise<readonly number[] | null> {
  const { output, got, batch } = request;
  if (hasRows(output, batch)) return rowsOf(got, batch);
  return rowsAlone(request);
}

/** Whether a tensor of the step's own has the batch for its first axis, or all pixels of all rows. */
function hasRows(tensor: Tensor, batch: number): boolean {
  const [rows = 0, ...rest] = tensor.shape;
  if (rootStorage(tensor).persistent || tensor.dtype !== "f32") return false;
  return rows === batch || (rest.length > 0 && rows > 0 && rows % batch === 0);
}

function rowsOf(values: Values, batch: number): readonly number[] {
  const length = values.length / batch;
  const rows = Array.from({ length: batch }, (_, row) => row);
  return rows.filter((row) => !areFinite(values.subarray(row * length, (row + 1) * length)));
}

async function rowsAlone(request: RowRequest): Promise<readonly number[] | null> {
  const { executable, unit, batch, output, before } = request;
  const inputs = inputsOf(unit).filter((tensor) => hasRows(tensor, batch));
  if (inputs.length === 0) return null;
  const culprits: number[] = [];
  for (let row = 0; row < batch; row++) {
    for (const [tensor, values] of before) {
      executable.write(
        tensor,
        bytesOf(inputs.includes(tensor) ? only(values, row, batch) : values),
      );
    }
    executable.runRange({ from: firstOf(unit).id, to: endOf(unit) });
    const values = valuesOf(await executable.readBytes(output), output);
    if (!areFinite(values)) culprits.push(row);
  }
  for (const [tensor, values] of before) executable.write(tensor, bytesOf(values));
  return culprits;
}

function only(values: Values, row: number, batch: number): Values {
  const length = values.length / batch;
  const alone = values.slice().fill(0);
  alone.set(values.subarray(row * length, (row + 1) * length), row * length);
  return alone;
}

/** In whole words of 4 bytes, as a write wants it. */
function bytesOf(values: Values): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = values;
  return new Uint8Array(buffer, byteOffset, Math.ceil(byteLength / 4) * 4);
}
