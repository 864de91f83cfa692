// Chapter 7 on the reader's machine: plants a NaN, or weights so large that their products overflow, into a training step, and
// walks through the step dispatch by dispatch to the first that writes something that is no number.

import { type CommandContext, defineCommand, runCommand } from "../../../src/cli/frame/command.ts";
import type { Tensor } from "../../../src/engine/core/tensor.ts";
import { type Dispatch, readsOf, writesOf } from "../../../src/engine/program/program.ts";
import type { OpenStep } from "../../../src/inspect/step.ts";
import { Walk } from "../../../src/inspect/walk.ts";
import { LOOK_FLAGS, openLook, RUN } from "./open-step.ts";

const FAULTS = ["nan", "overflow"] as const;

const FLAGS = {
  ...LOOK_FLAGS,
  plant: {
    type: "choice",
    choices: FAULTS,
    default: "nan",
    help: "one weight that is NaN, or a kernel with weights up to 3e38",
  },
} as const;

type Say = CommandContext<typeof FLAGS, typeof RUN>["say"];

/** Near the largest float32, 3.4e38. */
const HUGE = 3e38;

const command = defineCommand({
  name: "node bench/learn/look.mjs nan",
  summary: "Plants a fault in a training step, and finds where its first NaN or infinity is from.",
  positionals: RUN,
  flags: FLAGS,
  async run(context) {
    const { flags, say } = context;
    const step = await openLook(context, "train");
    say(`planted    ${await plant(step, flags.plant)}`);
    say();
    await walk(say, step);
    step.device.check();
    step.close();
  },
});

/** NaN into the model's first kernel, or huge weights into its last convolution's. */
async function plant(step: OpenStep, fault: (typeof FAULTS)[number]): Promise<string> {
  const kernels = [...step.variables].filter(({ name }) => name.endsWith("/kernel"));
  const last = kernels.findLast(({ tensor }) => tensor.shape.length === 4);
  const variable = fault === "nan" ? kernels[0] : (last ?? kernels[0]);
  if (!variable) throw new Error("nan: the model has no kernel");
  const values = await step.executable.read(variable.tensor);
  if (fault === "nan") {
    values[0] = Number.NaN;
    step.device.write(variable.tensor, values);
    return `NaN in ${variable.name}, element 0`;
  }
  const largest = Math.max(...values.map(Math.abs));
  const huge = values.map((value) => (value / largest) * HUGE);
  step.device.write(variable.tensor, huge);
  return `weights up to ${HUGE} in ${variable.name}`;
}

/** Says which dispatch is the first to write what is no number, and of each from there on how many it writes. */
async function walk(say: Say, step: OpenStep): Promise<void> {
  const through = new Walk(step.executable);
  let isFound = false;
  for (const dispatch of step.executable.dispatches) {
    through.runTo(dispatch.id);
    const before = isFound ? [] : await count(through, readsOf(dispatch));
    through.runTo(dispatch.id + 1);
    const after = await count(through, writesOf(dispatch));
    if (after.length === 0) continue;
    if (!isFound) {
      say(`first at   ${name(dispatch)}`);
      say(`  reads    ${before.length > 0 ? before.join(", ") : "only numbers: it is made here"}`);
    }
    isFound = true;
    say(`${name(dispatch).padEnd(50)} ${after.join(", ")}`);
  }
  if (!isFound) say("every tensor of the step holds numbers only");
}

function name({ id, layers, pass, kernel }: Dispatch): string {
  return [`#${id}`.padEnd(4), layers[0] ?? pass, kernel.label].join(" ");
}

/** Of each tensor with something in it that is no number: its label, and how many of its elements are none. */
async function count(through: Walk, tensors: readonly Tensor[]): Promise<readonly string[]> {
  const told: string[] = [];
  for (const tensor of tensors.filter(({ dtype }) => dtype === "f32")) {
    const values = [...(await through.read(tensor))];
    const odd = values.filter((value) => !Number.isFinite(value)).length;
    if (odd > 0) told.push(`${tensor.label} ${odd} of ${values.length}`);
  }
  return told;
}

await runCommand(command);
