// `--measured`: a device with the kernels that tune-kernels has measured on the adapter, beside the one that takes the ladders'
// order; and what cases with those kernels are called.

import { measuredOn } from "../src/cli/inputs/kernel-tables.ts";
import type { Device } from "../src/engine/core/device.ts";
import { UsageError } from "../src/engine/core/errors.ts";
import { choicesOf } from "../src/inspect/rungs/measure-rungs.ts";

/** Throws UsageError where nothing was measured. */
export async function openMeasured(
  open: () => Promise<Device>,
  say: (line: string) => void,
): Promise<Device> {
  const device = await open();
  const measured = await measuredOn(device, say);
  if (measured.size > 0) {
    device.rungTable.choose(choicesOf(measured));
    return device;
  }
  const { name } = device;
  device.destroy();
  throw new UsageError(`--measured: needs kernels that were measured, got none of ${name}`, {
    help: "`npm run tune-kernels -- --model vgg19 --weights none --freeze none --head-units 0` measures VGG19's",
  });
}
