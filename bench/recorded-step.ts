// LeNet-5's training step as it is recorded, sorted into the rows that bench/draw-step.ts draws. Needs no device.

import type { Shape } from "../src/engine/core/shape.ts";
import {
  bytesOf,
  type DType,
  type Storage,
  storageOf,
  type Tensor,
} from "../src/engine/core/tensor.ts";
import { Variables } from "../src/engine/layers/variables.ts";
import { adam } from "../src/engine/optim/adam.ts";
import { OptimizerState } from "../src/engine/optim/optimizer-state.ts";
import { plan } from "../src/engine/program/planner.ts";
import type { Dispatch } from "../src/engine/program/program.ts";
import { lenet5 } from "../src/models/lenet5.ts";
import { recordTrainStep } from "../src/train/programs.ts";

export const BATCH = 50;
/** As the software adapter reports itself. */
export const CAPABILITIES = { subgroupSize: 8, isSoftware: true };

export interface Step {
  readonly recorded: number;
  readonly dispatches: readonly Dispatch[];
  readonly variables: Variables;
}

/** Records the step, and drops what the planner drops when the step runs. */
export function recordStep(): Step {
  const variables = new Variables(0);
  const feed = {
    source: { kind: "images", images: tensor([60_000, 28, 28, 1], "images", "u8") } as const,
    labels: tensor([60_000], "labels", "u8"),
    order: tensor([57_000], "order", "u32"),
    clock: tensor([2], "clock", "u32"),
  };
  const meters = {
    lossSum: tensor([1], "lossSum"),
    counts: tensor([2], "counts", "u32"),
    confusion: tensor([10, 10], "confusion", "u32"),
  };
  const request = { model: lenet5(), variables, feed, meters, batch: BATCH };
  const optimizer = new OptimizerState(adam(), 1e-3);
  const program = recordTrainStep({ ...request, capabilities: CAPABILITIES }, optimizer);
  // On a device these have places of their own, which tells the planner that they outlive the step.
  const weights = variables.arenas.map((arena) => arena.tensor);
  const kept = [...weights, meters.lossSum, meters.counts, feed.clock];
  const { dispatches } = plan({ ...program, kept });
  return { recorded: program.dispatches.length, dispatches, variables };
}

function tensor(shape: Shape, label: string, dtype: DType = "f32"): Tensor {
  return { label, shape, dtype, storage: storageOf(bytesOf(shape, dtype), label) };
}

/** A kernel and what it writes. */
export interface Line {
  readonly kernel: string;
  readonly writes: string;
}

export interface Row {
  readonly layer: string;
  /** Name and shape of each; empty for a layer without. */
  readonly variables: string;
  readonly forward: readonly Line[];
  readonly backward: readonly Line[];
  /** What the backward pass reads of the forward pass. */
  readonly saved: string;
}

export function linesOf(
  { dispatches }: Step,
  wanted: (dispatch: Dispatch) => boolean,
): readonly Line[] {
  const written = new Set<Storage>();
  return dispatches.filter(wanted).map(({ kernel, layer, writes }) => {
    // A kernel that only reads a tensor may bind it read_write all the same; its first writer has shown it.
    const fresh = writes.filter(({ storage }) => !written.has(storage));
    for (const { storage } of writes) written.add(storage);
    const names = new Map<string, string[]>();
    for (const { label: name, shape } of fresh) {
      const key = shape.join("×");
      names.set(key, [...(names.get(key) ?? []), shortName(name, layer)]);
    }
    const texts = [...names].map(([shape, list]) => `${list.join(", ")} ${shape}`);
    return { kernel: kernel.label, writes: texts.join(", ") };
  });
}

function shortName(label: string, layer: string): string {
  return label.startsWith(`${layer}.`) ? label.slice(layer.length + 1) : label;
}

export function rowsOf(step: Step): readonly Row[] {
  const { dispatches, variables } = step;
  const layers = dispatches.filter((d) => d.pass === "forward" && d.layer !== "");
  return [...new Set(layers.map(({ layer }) => layer))].map((layer): Row => {
    const own = [...variables].filter(({ name }) => name.startsWith(`${layer}/`));
    const shapes = own.map(({ name, tensor: { shape } }) => {
      return `${name.slice(layer.length + 1)} ${shape.join("×")}`;
    });
    return {
      layer,
      variables: shapes.join(", "),
      forward: linesOf(step, (d) => d.pass === "forward" && d.layer === layer),
      backward: linesOf(step, (d) => d.pass === "backward" && d.layer === layer),
      saved: savedOf(step, layer),
    };
  });
}

function savedOf({ dispatches }: Step, layer: string): string {
  const own = dispatches.filter((dispatch) => dispatch.layer === layer);
  const forward = own.filter(({ pass }) => pass === "forward");
  const known = new Set(forward.flatMap((d) => [...d.reads, ...d.writes]).map((t) => t.storage));
  const read = own.filter(({ pass }) => pass === "backward").flatMap(({ reads }) => reads);
  const saved = read.filter(
    ({ storage, label: name }) => known.has(storage) && !name.includes("/"),
  );
  const names = saved.map(({ label: name }) => (name === `${layer}.y` ? "y" : "x"));
  return [...new Set(names)].sort().join(", ");
}
