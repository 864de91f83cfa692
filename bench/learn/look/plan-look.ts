// Chapter 5 on the reader's machine: how LeNet-5's training step is planned; which tensors share which slot, and what is not
// run. Needs no device.

import { defineCommand, runCommand } from "../../../src/cli/frame/command.ts";
import { type Life, type Plan, plan, reasonOf } from "../../../src/engine/program/planner.ts";
import type { Program } from "../../../src/engine/program/program.ts";
import { recordStep } from "../../recorded-step.ts";

const command = defineCommand({
  name: "node bench/learn/look.mjs plan",
  summary: "Shows which tensors of LeNet-5's step share which slot.",
  flags: {},
  run({ say }) {
    const { program, plan: shared } = recordStep();
    for (const line of slotLines(shared)) say(line);
    say();
    for (const dropped of shared.dropped) {
      say(
        `not run: #${dropped.dispatch.id} ${dropped.dispatch.kernel.label}, ${reasonOf(dropped)}`,
      );
    }
    say();
    say(`slots      ${shared.slotBytes.length}, ${bytes(shared)} bytes`);
    say(`unshared   ${unsharedBytes(program)} bytes`);
  },
});

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

function bytes({ slotBytes }: Pick<Plan, "slotBytes">): string {
  return sum(slotBytes).toLocaleString("en");
}

function unsharedBytes(program: Program): string {
  return bytes(plan(program, { sharesSlots: false }));
}

/** For each slot, who lives there from which dispatch to which. */
function* slotLines({ lives, slotBytes }: Plan): Iterable<string> {
  const own = [...lives.values()].filter(({ slot }) => slot !== null);
  for (const [slot, size] of slotBytes.entries()) {
    const tenants = own.filter((life) => life.slot === slot).map(tenant);
    const columns = [`slot ${slot}`.padEnd(8), `${size} bytes`.padStart(14), tenants.join("  ")];
    yield columns.join("  ");
  }
}

function tenant({ storage, first, last }: Life): string {
  return `${storage.label} #${first}–#${last}`;
}

await runCommand(command);
