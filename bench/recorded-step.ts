// LeNet-5's training step as it is recorded, sorted into the rows that bench/draw-step.ts draws. Needs no device.

import { persistentTensor, type Storage } from "../src/engine/core/tensor.ts";
import { variablesOf } from "../src/engine/layers/model.ts";
import { adam } from "../src/engine/optim/adam.ts";
import { OptimizerState } from "../src/engine/optim/optimizer-state.ts";
import { type Plan, plan } from "../src/engine/program/planner.ts";
import {
  type Dispatch,
  type Program,
  readsOf,
  tensorsOf,
  writesOf,
} from "../src/engine/program/program.ts";
import type { Recording } from "../src/engine/program/read-recording.ts";
import { lenet5 } from "../src/models/lenet5.ts";
import { recordTrainStep } from "../src/train/programs.ts";

const BATCH = 50;
/** As the software adapter reports itself. */
const CAPABILITIES = { subgroupSize: 8, isSoftware: true };

/** Records and plans LeNet-5's step on 60,000 images, of which 57,000 are trained on. */
export function recordStep(): Recording {
  const model = lenet5();
  const feed = {
    source: {
      kind: "images",
      images: persistentTensor([60_000, 28, 28, 1], "images", "u8"),
    } as const,
    labels: persistentTensor([60_000], "labels", "u8"),
    order: persistentTensor([57_000], "order", "u32"),
    clock: persistentTensor([2], "clock", "u32"),
  };
  const meters = {
    lossSum: persistentTensor([1], "lossSum"),
    counts: persistentTensor([2], "counts", "u32"),
    confusion: persistentTensor([10, 10], "confusion", "u32"),
  };
  const request = { model, variables: variablesOf(model), feed, meters, batch: BATCH };
  const optimizer = new OptimizerState(adam(), 1e-3);
  const program = recordTrainStep({ ...request, capabilities: CAPABILITIES }, optimizer);
  return { program, plan: plan(program) };
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
  { dispatches }: Pick<Plan, "dispatches">,
  wanted: (dispatch: Dispatch) => boolean,
): readonly Line[] {
  return dispatches.filter(wanted).map((dispatch) => {
    const { kernel, layers } = dispatch;
    const names = new Map<string, string[]>();
    for (const { label: name, shape } of writesOf(dispatch)) {
      const key = shape.join("×");
      names.set(key, [...(names.get(key) ?? []), shortName(name, layers[0])]);
    }
    const texts = [...names].map(([shape, list]) => `${list.join(", ")} ${shape}`);
    return { kernel: kernel.label, writes: texts.join(", ") };
  });
}

function shortName(label: string, layer = ""): string {
  return layer === "" ? label : label.replaceAll(`${layer}.`, "");
}

/** Whether a dispatch does the work of the loss, by itself or with that of the layers before it. */
export function isOfLoss({ pass, layers }: Dispatch): boolean {
  return pass === "metric" || (pass === "forward" && layers.includes("loss"));
}

/** A layer whose work a dispatch of the loss does, and its variables; empty where none does. */
export function joinedToLoss({ program, plan: { dispatches } }: Recording): string {
  const names = new Set(dispatches.filter(isOfLoss).map(layerOf));
  const joined = program.layers.filter(({ name }) => names.has(name));
  return joined.map(({ name }) => `${name}: ${variablesOfLayer(program, name)}`).join("; ");
}

function variablesOfLayer({ variables }: Program, layer: string): string {
  const own = variables.filter(({ name }) => name.startsWith(`${layer}/`));
  const shapes = own.map(({ name, tensor: { shape } }) => {
    return `${name.slice(layer.length + 1)} ${shape.join("×")}`;
  });
  return shapes.join(", ");
}

/** A row for every layer that has a dispatch of its own. */
export function rowsOf({ program, plan: { dispatches } }: Recording): readonly Row[] {
  const forward = dispatches.filter((d) => d.pass === "forward" && !isOfLoss(d));
  const names = new Set(forward.map(layerOf));
  const layers = program.layers.filter(({ name }) => names.has(name));
  return layers.map(({ name: layer }): Row => {
    const isOwn = (d: Dispatch) => layerOf(d) === layer;
    return {
      layer,
      variables: variablesOfLayer(program, layer),
      forward: linesOf({ dispatches }, (d) => d.pass === "forward" && isOwn(d)),
      backward: linesOf({ dispatches }, (d) => d.pass === "backward" && isOwn(d)),
      saved: savedOf(dispatches.filter(isOwn), layer),
    };
  });
}

function savedOf(own: readonly Dispatch[], layer: string): string {
  const forward = own.filter(({ pass }) => pass === "forward");
  const known = new Set<Storage>(forward.flatMap(tensorsOf).map(({ storage }) => storage));
  const read = own.filter(({ pass }) => pass === "backward").flatMap(readsOf);
  const saved = read.filter(
    ({ storage, label: name }) => known.has(storage) && !name.includes("/"),
  );
  const names = saved.map(({ label: name }) => (name === `${layer}.y` ? "y" : "x"));
  return [...new Set(names)].sort().join(", ");
}

function layerOf({ layers: [own = ""] }: Dispatch): string {
  return own;
}

/** Rows of a batch, as the gathering of them says. */
export function batchOf({ dispatches }: Program): number {
  return dispatches.find(({ pass }) => pass === "data")?.params["batch"] ?? 0;
}
