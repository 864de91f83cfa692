// Where a program's rows lie on a device while it trains, scores and predicts there.

import type { Device } from "../engine/core/device.ts";
import { sizeOf } from "../engine/core/shape.ts";
import type { Model } from "../engine/layers/model.ts";
import type { DataRows, DeviceData } from "../train/device-data.ts";
import { inferenceBatch } from "../train/inference-batch.ts";
import { plainBytes } from "../train/rows/host-rows.ts";
import { rowsIn } from "./asked-rows.ts";
import {
  placeSeat,
  placeTensorData,
  type TensorData,
  type TensorRows,
  tensorData,
} from "./tensor-data.ts";

/** Data on a device, each placed once. */
export class Placed {
  readonly #device: Device;
  readonly #known = new Map<TensorData, Promise<DeviceData>>();
  #byteSeat: Seat | null = null;
  #floatSeat: Seat | null = null;

  constructor(device: Device) {
    this.#device = device;
  }

  /** Room for rows of this kind that are predicted once: made once, and written over. */
  seat(model: Model, x: Float32Array | Uint8Array): Seat {
    const isBytes = x instanceof Uint8Array;
    const known = isBytes ? this.#byteSeat : this.#floatSeat;
    const seat = known ?? openSeat(this.#device, model, isBytes);
    if (isBytes) this.#byteSeat = seat;
    else this.#floatSeat = seat;
    return seat;
  }

  async rows(asked: TensorData | TensorRows): Promise<DataRows> {
    const { data, rows } = rowsIn(asked);
    const known = this.#known.get(data) ?? placeTensorData(this.#device, data);
    this.#known.set(data, known);
    return { data: await known, rows };
  }
}

interface Seat {
  readonly data: DeviceData;
  /** Rows at once. */
  readonly capacity: number;
  write(rows: Float32Array | Uint8Array): void;
}

function openSeat(device: Device, model: Model, isBytes: boolean): Seat {
  const { inputShape: shape } = model;
  const capacity = inferenceBatch(model);
  const length = capacity * sizeOf(shape);
  const x = isBytes ? new Uint8Array(length) : new Float32Array(length);
  const y = new Uint32Array(capacity);
  const { data, tensor } = placeSeat(device, tensorData({ x, y, shape, name: "predict" }));
  return { data, capacity, write: (rows) => device.write(tensor, plainBytes(rows)) };
}
