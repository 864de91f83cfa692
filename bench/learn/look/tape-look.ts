// Chapter 2 on the reader's machine: the tape of LeNet-5's training step, each forward dispatch beside the backward ones that
// the walk over the tape has recorded for it. Needs no device.

import { defineCommand, runCommand } from "../../../src/cli/frame/command.ts";
import { type Dispatch, writesOf } from "../../../src/engine/program/program.ts";
import { recordStep } from "../../recorded-step.ts";

const command = defineCommand({
  name: "node bench/learn/look.mjs tape",
  summary: "Lists LeNet-5's forward dispatches beside the backward ones recorded for them.",
  flags: {},
  run({ say }) {
    const { program, plan } = recordStep();
    const runs = new Set(plan.dispatches.map(({ id }) => id));
    say(`${program.name}: ${program.dispatches.length} dispatches recorded, ${runs.size} run`);
    for (const forward of program.dispatches.filter(({ pass }) => pass === "forward")) {
      const backward = program.dispatches.filter(({ forwardOf }) => forwardOf === forward.id);
      say();
      say(`${line(forward)}${runs.has(forward.id) ? "" : "   (not run: nobody reads it)"}`);
      for (const dispatch of backward) say(`      ↳ ${line(dispatch)}`);
    }
  },
});

function line(dispatch: Dispatch): string {
  const { id, layers, kernel } = dispatch;
  const written = writesOf(dispatch).map(({ label }) => label);
  return [`#${id}`.padEnd(4), layers[0] ?? "", kernel.label, "→", written.join(", ")].join(" ");
}

await runCommand(command);
