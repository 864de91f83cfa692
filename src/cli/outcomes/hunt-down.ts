// After a training whose loss stopped being a number: finds the kernel that made it so, and says what it found. That the
// training failed is told by whoever called.

import type { Device } from "../../engine/core/device.ts";
import { messageOf } from "../../engine/core/errors.ts";
import type { HuntingGround } from "../../inspect/hunt/hunting-ground.ts";
import { huntLines } from "../../report/text/hunt-text.ts";
import { startProgress } from "../display/progress.ts";
import type { Style, Terminal } from "../frame/terminal.ts";

interface Teller {
  readonly say: (text?: string) => void;
  readonly style: Style;
  readonly terminal: Terminal;
  readonly signal: AbortSignal;
}

interface Failure {
  readonly device: Device;
  /** Whole batches of an epoch. */
  readonly steps: number;
  /** `the loss became NaN or infinite in epoch 3`. */
  readonly reason: string;
}

export async function huntDown(
  { say, style, terminal, signal }: Teller,
  ground: HuntingGround,
  { device, steps, reason }: Failure,
): Promise<void> {
  say(`${reason}; looking for where (--no-hunt leaves that out)`);
  const progress = startProgress(terminal, { label: "replaying", total: steps, unit: "steps" });
  const onStep = (done: number): void => progress.update(done);
  // What was trained is saved after this, so nothing that goes wrong here may end it.
  const trail = await ground.hunt(device, { steps, signal, onStep }).catch((error: unknown) => {
    const reason = messageOf(error);
    return signal.aborted ? "interrupted" : reason;
  });
  progress.finish("");
  if (typeof trail === "string") say(`the search was given up, got ${trail}`);
  else if (!trail) say("no step of whole batches does it; a last, smaller batch may have");
  if (!trail || typeof trail === "string") return;
  const [first = "", ...more] = huntLines(trail.culprit, process.cwd());
  say(style.bold(`epoch ${trail.epoch}, step ${trail.culprit.step}: ${first}`));
  for (const line of more) say(line);
}
