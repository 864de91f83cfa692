// The rows of the step's picture: layers down the middle, what they do forward on the left and backward on the right, and above
// and below what is no layer's. Large models come in groups that open.

import { type Child, element } from "../../client/dom.ts";
import type { Reader } from "../reader.ts";
import type { Entry, Group, Row, StepModel } from "../step-model.ts";
import { counted, ofShape } from "../words.ts";
import { blockOf } from "./blocks.ts";

export interface OpenableGroup {
  readonly group: Group;
  readonly element: HTMLElement;
  readonly entries: readonly Entry[];
  open(isOpen: boolean): void;
}

export interface Picture {
  readonly element: HTMLElement;
  readonly blocks: ReadonlyMap<number, HTMLElement>;
  readonly groups: readonly OpenableGroup[];
}

/** So few have room for larger blocks. */
const FEW_ROWS = 14;

export function pictureOf(reader: Reader, onLayout: () => void): Picture {
  const { step } = reader;
  const blocks = new Map<number, HTMLElement>();
  const draw = (entries: readonly Entry[]): HTMLElement[] =>
    entries.map((entry) => {
      const block = blockOf(entry, reader);
      blocks.set(entry.id, block);
      return block;
    });
  const groups: OpenableGroup[] = [];
  const head = element(
    "div",
    { class: "row head", "aria-hidden": "true" },
    element("div", { class: "side forward" }, "forward ↓"),
    element("div", { class: "layer" }, "layer"),
    element("div", { class: "side backward" }, "↑ backward"),
  );
  const parts: Child[] = [outside("batch", step.before, draw), head];
  for (const group of step.groups) {
    const isAlone = group.name === "" || group.rows.length === 1;
    const rows = group.rows.map((row) => rowElement(row, isAlone ? "" : group.name, draw));
    if (isAlone) parts.push(...rows);
    else {
      const openable = groupElement(group, rows, onLayout);
      groups.push(openable);
      parts.push(openable.element);
    }
  }
  parts.push(outside("update and metrics", step.after, draw));
  const isRoomy = step.groups.flatMap((group) => group.rows).length <= FEW_ROWS;
  return {
    element: element("div", { class: isRoomy ? "picture roomy" : "picture" }, ...parts),
    blocks,
    groups,
  };
}

type Draw = (entries: readonly Entry[]) => HTMLElement[];

function outside(name: string, entries: readonly Entry[], draw: Draw): HTMLElement | null {
  if (entries.length === 0) return null;
  return element(
    "div",
    { class: "row outside" },
    element("div", { class: "layer" }, name),
    element("div", { class: "side" }, ...draw(entries)),
  );
}

/** `heading` is what the name need not say again. */
function rowElement(row: Row, heading: string, draw: Draw): HTMLElement {
  const { name, layer, doneBy } = row;
  const isEmpty = row.forward.length + row.backward.length === 0;
  const shape = layer ? ofShape(layer.outputShape) : "";
  const where = doneBy ? `within #${doneBy.id}` : "no kernel";
  const title = layer
    ? `${name}: ${layer.className}, ${counted(layer.parameters, "parameter")}, output ${shape}`
    : name;
  return element(
    "div",
    { class: isEmpty ? "row empty" : "row", "data-layer": name },
    element("div", { class: "side forward" }, ...draw(row.forward)),
    element(
      "div",
      { class: "layer", title },
      element("b", {}, ...breakable(shortened(name, heading))),
      element("span", {}, isEmpty ? where : shape),
    ),
    element("div", { class: "side backward" }, ...draw(row.backward)),
  );
}

function shortened(name: string, heading: string): string {
  return heading !== "" && name.startsWith(`${heading}_`) ? name.slice(heading.length + 1) : name;
}

/** May break after an underscore rather than anywhere. */
function breakable(name: string): readonly Child[] {
  return name
    .split("_")
    .flatMap((part, index) => (index === 0 ? [part] : ["_", element("wbr"), part]));
}

function groupElement(
  group: Group,
  rows: readonly HTMLElement[],
  onLayout: () => void,
): OpenableGroup {
  const { name } = group;
  const forward = group.rows.flatMap((row) => row.forward);
  const backward = group.rows.flatMap((row) => row.backward);
  const heading = element(
    "button",
    { type: "button", class: "row group", "aria-expanded": "false" },
    element("span", { class: "side forward" }, ...forward.map(slice)),
    element(
      "span",
      { class: "layer" },
      element("b", {}, name),
      element("span", {}, counted(group.rows.length, "layer")),
    ),
    element("span", { class: "side backward" }, ...backward.map(slice)),
  );
  const body = element("div", { class: "group-rows", hidden: true }, ...rows);
  const open = (isOpen: boolean): void => {
    heading.setAttribute("aria-expanded", String(isOpen));
    body.hidden = !isOpen;
    onLayout();
  };
  heading.addEventListener("click", () => open(body.hidden !== false));
  const both = element("div", { class: "group-box" }, heading, body);
  return { group, element: both, entries: [...forward, ...backward], open };
}

/** A dispatch of a group that is closed. */
function slice({ id }: Entry): HTMLElement {
  return element("i", { class: "slice", "data-id": id });
}

/** The largest sum of a side, and the most blocks in one: what widths are shares of. */
export function scaleOf(step: StepModel, value: (entry: Entry) => number) {
  const sum = (entries: readonly Entry[]) => entries.reduce((total, one) => total + value(one), 0);
  const rows = step.groups.flatMap((group) => group.rows);
  const sides = rows.flatMap((row) => [row.forward, row.backward]);
  const grouped = step.groups.flatMap((group) => [
    sum(group.rows.flatMap((row) => row.forward)),
    sum(group.rows.flatMap((row) => row.backward)),
  ]);
  return {
    ofRow: Math.max(1e-12, ...sides.map(sum), sum(step.before), sum(step.after)),
    ofGroup: Math.max(1e-12, ...grouped),
    most: Math.max(1, ...sides.map((side) => side.length)),
  };
}
