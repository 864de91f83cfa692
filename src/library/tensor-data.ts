// Data of one's own: arrays with a label a row, split by row number, and placed on a device when a training asks for them.

import { firstRows } from "../data/dataset.ts";
import { type TrainTestSplitOptions, trainTestSplit } from "../data/split.ts";
import type { Device } from "../engine/core/device.ts";
import { DeviceError, UsageError } from "../engine/core/errors.ts";
import { formatShape, type Shape, sizeOf } from "../engine/core/shape.ts";
import type { Tensor } from "../engine/core/tensor.ts";
import type { RowSource } from "../engine/ops/gather.ts";
import { type DeviceData, featureSource, imageSource } from "../train/device-data.ts";
import { rowsInMemory } from "../train/rows/host-rows.ts";
import { isStreaming, type Placing, placeWhole, placeWithin } from "../train/rows/place-rows.ts";

/** What an array does not say of itself. */
export interface TensorDataOptions {
  /**
   * The rows, one after another, row-major: float32 values, which reach the model as they are; or bytes, which reach it divided
   * by 255, or as its `preprocessing` says.
   */
  readonly x: Float32Array | Uint8Array;
  /** A class number a row, from 0; or, with `targetShape`, the rows that a model should give, one after another. */
  readonly y?: ArrayLike<number>;
  /** Of one row of `y`, where those are numbers and no classes: of the model's output. */
  readonly targetShape?: Shape;
  /** `input`: a model should give its own input back, as it reaches the first layer; then there is no `y`. */
  readonly target?: "input";
  /** What each row counts for in the loss: a number from 0 a row; default 1. The loss is divided by the rows all the same. */
  readonly sampleWeight?: ArrayLike<number>;
  /** Of one row: height, width, channels; of float32 values any shape. */
  readonly shape: Shape;
  /** For messages; default `data`. */
  readonly name?: string;
}

/** Rows with labels, in memory. Nothing of it is copied. */
export interface TensorData {
  readonly name: string;
  readonly x: Float32Array | Uint8Array;
  /** All 0 where there are `targets`. */
  readonly y: Uint32Array<ArrayBuffer>;
  /** What a model should give, where that is no class. */
  readonly targets?: "input" | { readonly values: Float32Array; readonly shape: Shape } | undefined;
  readonly sampleWeight?: Float32Array<ArrayBuffer> | undefined;
  readonly shape: Shape;
  readonly rows: number;
}

/** Some rows of such data, by number. */
export interface TensorRows {
  readonly data: TensorData;
  readonly rows: Uint32Array<ArrayBuffer>;
}

/** Throws UsageError where rows, labels and shape do not fit each other. */
export function tensorData(options: TensorDataOptions): TensorData {
  const { x, shape, name = "data" } = options;
  const size = sizeOf(shape);
  const rows = x.length / size;
  if (!Number.isInteger(rows) || rows < 1) {
    throw new UsageError(
      `tensorData: x must hold whole rows of ${formatShape(shape)}, ${size} values each, got ${x.length} values`,
    );
  }
  const sampleWeight = sampleWeightOf(options, rows);
  const targets = targetsOf(options, rows);
  const y = targets ? new Uint32Array(rows) : labelsOf(options, rows);
  return { name, x, y, targets, sampleWeight, shape, rows };
}

function sampleWeightOf({ sampleWeight: weights }: TensorDataOptions, rows: number) {
  if (!weights) return undefined;
  if (weights.length !== rows) {
    throw new UsageError(
      `tensorData: sampleWeight must have a number a row, got ${weights.length} for ${rows} rows`,
    );
  }
  const wrong = Array.from(weights).findIndex((weight) => !(weight >= 0 && weight < Infinity));
  if (wrong < 0) return Float32Array.from(weights);
  throw new UsageError(
    `tensorData: sampleWeight must hold numbers from 0, got ${weights[wrong]} for row ${wrong}`,
  );
}

function targetsOf(
  { y, target, targetShape }: TensorDataOptions,
  rows: number,
): TensorData["targets"] {
  if (target === "input") {
    if (!y) return target;
    throw new UsageError("tensorData: y must not be there with target input, got both");
  }
  if (!targetShape) return undefined;
  const size = sizeOf(targetShape);
  const count = y?.length ?? 0;
  if (count !== rows * size) {
    throw new UsageError(
      `tensorData: y must hold ${rows} rows of ${formatShape(targetShape)}, ${size} values each, got ${count} values`,
    );
  }
  const values = y instanceof Float32Array ? y : Float32Array.from(y ?? []);
  return { values, shape: targetShape };
}

function labelsOf({ y = [] }: TensorDataOptions, rows: number): Uint32Array<ArrayBuffer> {
  if (y.length !== rows) {
    throw new UsageError(`tensorData: y must have a label a row, got ${y.length} for ${rows} rows`);
  }
  const wrong = Array.from(y).findIndex((label) => !Number.isInteger(label) || label < 0);
  if (wrong >= 0) {
    throw new UsageError(
      `tensorData: y must hold class numbers from 0, got ${y[wrong]} for row ${wrong}`,
    );
  }
  return Uint32Array.from(y);
}

/** The rows of those numbers, in that order; default: all. Throws UsageError for a number that is no row. */
export function rowsOf(data: TensorData, rows?: ArrayLike<number>): TensorRows {
  if (!rows) return { data, rows: firstRows(data.rows) };
  const wrong = Array.from(rows).find(
    (row) => !(Number.isInteger(row) && row >= 0 && row < data.rows),
  );
  if (wrong === undefined) return { data, rows: Uint32Array.from(rows) };
  throw new UsageError(`rowsOf: ${data.name} has rows 0 to ${data.rows - 1}, got ${wrong}`);
}

/** How rows are shared out. */
export interface SplitOptions {
  /** Of the rows that are held out: a share below 1, rounded up to whole rows; or, from 1 on, a number of rows. */
  readonly share: number;
  readonly seed: number;
  /** Every class keeps its share in both parts; default false. */
  readonly stratify?: boolean;
}

/** Shuffled rows in two parts; those of scikit-learn's `train_test_split` for the same seed. */
export function split(
  data: TensorData,
  { share, seed, stratify = false }: SplitOptions,
): { readonly train: TensorRows; readonly held: TensorRows } {
  const options: TrainTestSplitOptions = { rows: data.rows, testSize: share, seed };
  const parts = trainTestSplit(stratify ? { ...options, stratify: data.y } : options);
  return { train: rowsOf(data, parts.train), held: rowsOf(data, parts.test) };
}

/** Of a part of float32 rows at most: what every adapter binds. */
const PART_BYTES = 128 * 2 ** 20;

/**
 * All rows of the data on the device where it has room for them; else they stay on the host, and are streamed. Throws DeviceError
 * where one row is more than a binding holds.
 */
export async function placeTensorData(device: Device, data: TensorData): Promise<DeviceData> {
  const rows = placingOf(`${data.name}.${kindOf(data)}`, data.x, data.shape);
  const { targets } = data;
  const values = typeof targets === "object" ? targets : null;
  const others = values && [placingOf(`${data.name}.targets`, values.values, values.shape)];
  const placed = await placeWithin(device, [rows, ...(others ?? [])]);
  const labelled = labelsOnDevice(device, data);
  const [wanted] = others ?? [];
  if (isStreaming(placed)) {
    return {
      ...{ ...labelled, source: rows.rows, streaming: placed },
      targets: wanted ? wanted.rows : targets === "input" ? targets : undefined,
    };
  }
  const [parts = [], targetParts] = placed;
  return {
    ...{ ...labelled, source: sourceOf(data, parts) },
    targets: targets === "input" ? targets : targetParts,
  };
}

/** Room on the device for as many rows as the data has, to be written over; and the data that they are. */
export function placeSeat(
  device: Device,
  data: TensorData,
): { readonly data: DeviceData; readonly tensor: Tensor } {
  const [tensor, ...others] = placeWhole(
    device,
    placingOf(`${data.name}.${kindOf(data)}`, data.x, data.shape),
  );
  if (!tensor || others.length > 0)
    throw new DeviceError(`device: ${data.name} must fit a binding`);
  return { data: { ...labelsOnDevice(device, data), source: sourceOf(data, [tensor]) }, tensor };
}

function labelsOnDevice(device: Device, { name, rows, y, sampleWeight }: TensorData) {
  return {
    ...{ name, rows, labels: device.tensor([rows], `${name}.labels`, y, "u32") },
    ...(sampleWeight && {
      sampleWeights: device.tensor([rows], `${name}.sampleWeights`, sampleWeight),
    }),
  };
}

function kindOf({ x }: TensorData): string {
  return x instanceof Uint8Array ? "images" : "rows";
}

function sourceOf({ x }: TensorData, parts: readonly Tensor[]): RowSource {
  return x instanceof Uint8Array ? imageSource(parts) : featureSource(parts);
}

function placingOf(label: string, values: Float32Array | Uint8Array, shape: Shape): Placing {
  const labelOf = (part: number): string =>
    values instanceof Uint8Array && part === 0 ? label : `${label}.${part}`;
  return { rows: rowsInMemory(values, shape), labelOf, partBytes: PART_BYTES };
}
