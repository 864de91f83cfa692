// `--measured`: a scope of the device with the kernels that tune-kernels has measured on the adapter, beside the device itself, which
// takes the ladders' order. No second device, which would be slower on software adapters (io/adapter.ts).

import { measuredOn } from "../src/cli/inputs/kernel-tables.ts";
import type { Device } from "../src/engine/core/device.ts";
import { UsageError } from "../src/engine/core/errors.ts";
import { RungTable } from "../src/engine/core/rung-table.ts";
import { choicesOf } from "../src/inspect/rungs/measure-rungs.ts";

/** Throws UsageError where nothing was measured. */
export async function measuredScope(device: Device, say: (line: string) => void): Promise<Device> {
  const measured = await measuredOn(device, say);
  if (measured.size > 0) return device.scope({ rungTable: new RungTable(choicesOf(measured)) });
  throw new UsageError(`--measured: needs kernels that were measured, got none of ${device.name}`, {
    help: "`npm run tune-kernels -- --model vgg19 --weights none --freeze none --head-units 0` measures VGG19's",
  });
}
