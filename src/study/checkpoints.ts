// Where the states of a step's trainings are kept: within the step's folder, whichever process trains them.

import type { Device } from "../engine/core/device.ts";
import { PartCheckpoints } from "../runs/part-checkpoints.ts";
import type { TrainingContext } from "./context.ts";

/** Within an epoch, the state of a training is saved this often. */
export const CHECKPOINT_MINUTES = 5;

export function stepCheckpoints(
  { screen }: Pick<TrainingContext, "screen">,
  folder: string,
  device: Device,
): PartCheckpoints {
  const tell = (line: string): void => screen.say(line);
  return new PartCheckpoints(folder, { minutes: CHECKPOINT_MINUTES, adapter: device.name, tell });
}
