// The document as the page asks for it: dispatches by id, with the layer's row that each stands in, its neighbours, and what it
// computes in a word.

import type {
  DispatchView,
  InspectorDocument,
  KernelView,
  LayerView,
  SolutionView,
  TensorView,
} from "../../inspect/inspector/inspector-document.ts";
import type { ProfiledDispatch } from "../../inspect/profile/profile-schema.ts";

export type Pass = ProfiledDispatch["pass"];

/** One dispatch, from all lists. */
export interface Entry {
  readonly id: number;
  /** Its place among those that run. */
  readonly at: number;
  readonly facts: ProfiledDispatch;
  readonly view: DispatchView;
  readonly kernel: KernelView;
  readonly solution: SolutionView | null;
  /** What it sets, without the layer's name: `dw`, `y`, `dw.partial`. */
  readonly result: string;
  /** What a search looks through, in lower case. */
  readonly haystack: string;
}

/** A layer of the picture with its dispatches on both sides. */
export interface Row {
  readonly name: string;
  /** Null for what is no layer of the model: the loss. */
  readonly layer: LayerView | null;
  readonly forward: readonly Entry[];
  readonly backward: readonly Entry[];
  /** Where its work is done, if none of its own is. */
  readonly doneBy: Entry | null;
}

/** Rows under one heading: `conv4_block12`. */
export interface Group {
  readonly name: string;
  readonly rows: readonly Row[];
}

export interface StepModel {
  readonly document: InspectorDocument;
  readonly entries: readonly Entry[];
  readonly groups: readonly Group[];
  /** What is no layer's: before the layers, and after them. */
  readonly before: readonly Entry[];
  readonly after: readonly Entry[];
  entry(id: number): Entry | null;
  /** Dispatches of the same row on the other side: of a forward one its gradients, of a backward one where it comes from. */
  acrossFrom(entry: Entry): readonly Entry[];
  /** The one to begin with: the heaviest gradient of filters, or else the heaviest of all. */
  readonly start: Entry | null;
}

export function stepModel(document: InspectorDocument): StepModel {
  const views = new Map(document.dispatches.map((view) => [view.id, view]));
  const entries = document.profile.dispatches.flatMap((facts, at): Entry[] => {
    const view = views.get(facts.id);
    const kernel = view && document.kernels[view.kernel];
    return view && kernel ? [entryOf(document, { facts, view, kernel, at })] : [];
  });
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const rows = rowsOf(document.layers, entries);
  const inRows = new Set(rows.flatMap((row) => [...row.forward, ...row.backward]));
  const outside = entries.filter((entry) => !inRows.has(entry));
  const firstInRow = entries.findIndex((entry) => inRows.has(entry));
  return {
    ...{ document, entries },
    groups: groupsOf(rows),
    before: outside.filter(({ at }) => at < firstInRow),
    after: outside.filter(({ at }) => at >= firstInRow),
    entry: (id) => byId.get(id) ?? null,
    acrossFrom: ({ id, facts }) =>
      facts.forwardOf === null
        ? entries.filter((other) => other.facts.forwardOf === id)
        : entries.filter((other) => other.id === facts.forwardOf),
    start: startOf(entries),
  };
}

export function tensorOf(
  document: InspectorDocument,
  { view }: Entry,
  name: string,
): TensorView | null {
  return document.tensors[view.bindings[name] ?? -1] ?? null;
}

/** Which tensors it sets and which it only reads, by the names in the kernel. */
export function boundBy({ facts }: Entry, side: "inputs" | "outputs"): readonly string[] {
  return Object.entries(facts.bindings).flatMap(([name, { access }]) =>
    (access === "read") === (side === "inputs") ? [name] : [],
  );
}

function entryOf(
  { solutions }: InspectorDocument,
  parts: Pick<Entry, "facts" | "view" | "kernel" | "at">,
): Entry {
  const { facts, view } = parts;
  const { id, op, pass, layers, kernel, bindings } = facts;
  const solution = view.solution === null ? null : (solutions[view.solution] ?? null);
  const labels = Object.values(bindings).map(({ tensor }) => tensor);
  const ladder = solution ? [solution.ladder, solution.rung] : [];
  const words = [`#${id}`, op, pass, ...layers, kernel, ...labels, ...ladder];
  return {
    ...parts,
    id,
    solution,
    result: resultOf(facts),
    haystack: words.join(" ").toLowerCase(),
  };
}

function resultOf({ bindings, layer, kernel }: ProfiledDispatch): string {
  const set = Object.values(bindings).filter(({ access }) => access !== "read");
  const [first] = set;
  const entry = kernel.split("/").at(-1) ?? kernel;
  if (!first || set.length > 2) return entry;
  const { tensor } = first;
  const isOwn =
    layer !== null && tensor.startsWith(layer) && /^[./]/.test(tensor.slice(layer.length));
  return isOwn && layer !== null
    ? tensor.slice(layer.length + 1)
    : (tensor.split(".").at(-1) ?? tensor);
}

function rowsOf(layers: readonly LayerView[], entries: readonly Entry[]): readonly Row[] {
  const inPass = (pass: Pass, name: string) =>
    entries.filter(({ facts }) => facts.pass === pass && facts.layer === name);
  const known = new Set(layers.map(({ name }) => name));
  const others = entries.flatMap(({ facts: { layer, pass } }) =>
    layer !== null && !known.has(layer) && (pass === "forward" || pass === "backward")
      ? [layer]
      : [],
  );
  const helpers = new Map<string, Entry>();
  for (const entry of entries) {
    for (const name of entry.facts.layers.slice(1))
      if (!helpers.has(name)) helpers.set(name, entry);
  }
  const rowOf = (name: string, layer: LayerView | null): Row => ({
    ...{ name, layer, doneBy: helpers.get(name) ?? null },
    forward: inPass("forward", name),
    backward: inPass("backward", name),
  });
  const ofModel = layers.map((layer) => rowOf(layer.name, layer));
  return [...ofModel, ...[...new Set(others)].map((name) => rowOf(name, null))];
}

/** So many rows are seen without headings. */
const MOST_ROWS = 40;

/** Neighbouring rows of the same block, where there are too many to see at once. */
function groupsOf(rows: readonly Row[]): readonly Group[] {
  if (rows.length <= MOST_ROWS) return [{ name: "", rows }];
  const groups: { name: string; rows: Row[] }[] = [];
  for (const row of rows) {
    const name = /^.*?block\d+(?=_|$)/.exec(row.name)?.[0] ?? row.name.split("_")[0] ?? row.name;
    const [before, last] = [groups.at(-2), groups.at(-1)];
    if (last?.name === name) last.rows.push(row);
    // The shortcut of a block has a layer of another name, among those of the block.
    else if (before?.name === name && last?.rows.length === 1) {
      before.rows.push(...last.rows, row);
      groups.pop();
    } else groups.push({ name, rows: [row] });
  }
  return groups;
}

function startOf(entries: readonly Entry[]): Entry | null {
  const heaviest = (some: readonly Entry[]): Entry | null =>
    some.reduce<Entry | null>(
      (best, one) => (best && best.facts.ms.median >= one.facts.ms.median ? best : one),
      null,
    );
  const gradients = entries.filter(({ solution }) => solution?.ladder === "conv2d.dw");
  return heaviest(gradients) ?? heaviest(entries);
}
