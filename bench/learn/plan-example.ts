// The small program that chapter 5 plans: six results, of which one is read late and one never. Needs no device.

import { persistentTensor } from "../../src/engine/core/tensor.ts";
import { type ActivationKind, activation } from "../../src/engine/ops/activation.ts";
import { addTensors } from "../../src/engine/ops/add.ts";
import { type Plan, type PlanOptions, plan } from "../../src/engine/program/planner.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";

/** Elements of each tensor. */
const SIZE = 256;

export interface ExampleOptions extends PlanOptions {
  /** Whether `b` is kept as well as `e`; default false. */
  readonly keepsB?: boolean;
}

export function planExample({ keepsB = false, ...options }: ExampleOptions = {}): Plan {
  const rec = new Recorder({
    name: "example",
    capabilities: { subgroupSize: null, isSoftware: true },
  });
  const x = persistentTensor([SIZE], "x");
  const activated = (from: typeof x, kind: ActivationKind, name: string) =>
    rec.inLayer(name, () => apply(rec, activation, [from], { kind }));
  const a = activated(x, "relu", "a");
  const b = activated(a, "tanh", "b");
  const c = activated(b, "sigmoid", "c");
  addTensors(rec, c, b, "u");
  const d = addTensors(rec, a, c, "d");
  const e = activated(d, "relu", "e");
  rec.keep(e);
  if (keepsB) rec.keep(b);
  return plan(rec.finish(), options);
}
