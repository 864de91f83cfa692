// What saved networks say of test rows, for the commands that make reports: reads the data, opens the device, predicts, and tells
// how far it is.

import { type Dataset, firstRows, limitRows } from "../../data/dataset.ts";
import type { FashionMnist } from "../../data/fashion-mnist.ts";
import type { Device } from "../../engine/core/device.ts";
import type { Model } from "../../engine/layers/model.ts";
import { checkTakes } from "../../models/for-data.ts";
import { type DeviceData, placeDataset } from "../../train/device-data.ts";
import { type Predictions, predictionsOf } from "../../train/metrics/predictions.ts";
import { startProgress } from "../display/progress.ts";
import { unlessAborted } from "../frame/signals.ts";
import type { Terminal } from "../frame/terminal.ts";
import { loadData } from "../inputs/data-set.ts";
import { openAdapter, streamingLine } from "../inputs/open-adapter.ts";
import type { SavedModel } from "../inputs/saved-model.ts";
import { ADAPTER_FLAG, DATA_FLAGS } from "../inputs/shared-flags.ts";

/** Which rows, and on what. */
export const TEST_ROWS_FLAGS = {
  ...DATA_FLAGS,
  "test-limit": { type: "integer", min: 1, help: "score only the first so many test rows" },
  ...ADAPTER_FLAG,
} as const;

export interface TestRowsFlags {
  readonly data: string | undefined;
  readonly dropMissing: boolean;
  readonly testLimit: number | undefined;
  readonly adapter: string | undefined;
  readonly deviceMemory: number | undefined;
}

export interface TestRows {
  readonly device: Device;
  /** Those that are scored. */
  readonly test: Dataset;
  /** All that was read, cleaned. */
  readonly data: FashionMnist;
  readonly onDevice: DeviceData;
}

interface Watched {
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

/** Throws UsageError where a network tells another number of classes apart than the data has, or cannot be shown its images. */
export async function openTestRows(
  { terminal, signal }: Watched,
  flags: TestRowsFlags,
  models: readonly Model[],
): Promise<TestRows> {
  const loaded = await unlessAborted(loadData(terminal, flags.data, flags), signal);
  const test = limitRows(loaded.test, flags.testLimit);
  for (const model of models) checkTakes(model, test);
  const device = await openAdapter(flags);
  signal.throwIfAborted();
  terminal.print(`adapter    ${device.name}`);
  terminal.print(`data set   ${loaded.source}, ${test.rows} test rows`);
  const onDevice = await placeDataset(device, test);
  const streamed = streamingLine(onDevice);
  if (streamed) terminal.print(streamed);
  return { device, test, data: loaded, onDevice };
}

export async function predictRows(
  { terminal, signal }: Watched,
  { device, test, onDevice }: TestRows,
  { saved, label }: { readonly saved: SavedModel; readonly label: string },
): Promise<Predictions> {
  const rows = firstRows(test.rows);
  const bar = startProgress(terminal, { label, total: rows.length, unit: "rows" });
  bar.update(0);
  const evaluator = saved.evaluatorOn(device);
  const probabilities = await evaluator.predict(onDevice, rows, (done) => {
    signal.throwIfAborted();
    bar.update(done);
  });
  bar.finish("");
  return predictionsOf(test.labels, probabilities);
}
