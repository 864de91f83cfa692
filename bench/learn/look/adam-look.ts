// Chapter 6 on the reader's machine: Adam's corrections as the device's recurrence has them after some steps, beside
// 1 − β^t in float64 and in float32, and how far off each is.

import { defineCommand, runCommand } from "../../../src/cli/frame/command.ts";
import { ADAPTER_FLAG } from "../../../src/cli/inputs/shared-flags.ts";
import { adam } from "../../../src/engine/optim/adam.ts";
import { Executable } from "../../../src/engine/program/executor.ts";
import { Recorder } from "../../../src/engine/program/recorder.ts";
import { openDevice } from "../../../src/io/adapter.ts";

const BETA2 = 0.999;
const STEPS = [1, 2, 3, 10, 100, 1000, 5000];

const command = defineCommand({
  name: "node bench/learn/look.mjs adam",
  summary: "Compares Adam's recurrence on the device with 1 − β^t.",
  flags: ADAPTER_FLAG,
  async run({ flags, say }) {
    const device = await openDevice(flags.adapter ? { adapter: flags.adapter } : {});
    say(`adapter    ${device.name}`);
    const state = device.tensor([2], "state");
    const rec = new Recorder({ name: "corrections", capabilities: device });
    adam({ beta2: BETA2 }).recordStep(rec, state);
    const executable = await Executable.compile(device, rec.finish());
    say();
    say("    t    1 − β2^t          recurrence, off by    pow in float32, off by");
    let done = 0;
    for (const t of STEPS) {
      executable.run(t - done);
      done = t;
      const truth = 1 - BETA2 ** t;
      const recurrence = (await executable.read(state))[1] ?? Number.NaN;
      const power = Math.fround(1 - Math.fround(Math.fround(BETA2) ** t));
      const off = (value: number) =>
        Math.abs(value / truth - 1)
          .toExponential(1)
          .padStart(8);
      say(
        `${String(t).padStart(5)}    ${truth.toFixed(12)}    ${off(recurrence)}              ${off(power)}`,
      );
    }
    device.check();
    device.destroy();
  },
});

await runCommand(command);
