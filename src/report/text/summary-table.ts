// A model's summary as Keras prints it: the box table of Keras 3, and the ruled text of Keras 2.8. It is handed a plain
// description and knows nothing of models; totals are the description's, not recomputed.
// Sources: keras/src/utils/summary_utils.py (3.x) with rich 15's table, keras/utils/layer_utils.py (2.8).

import type { ModelDescription } from "../../engine/layers/model.ts";
import { formatCount, formatMemory } from "../../format/number-format.ts";
import { boxRow, collapseWidths, rule, type StyledText, styled } from "./text-table.ts";

export interface LayerSummary {
  readonly name: string;
  /** Keras's class: Conv2D, AveragePooling2D, … */
  readonly className: string;
  /** null is the batch, printed None. */
  readonly outputShape: readonly (number | null)[];
  readonly params: number;
  /** Names of the layers it reads, in order. Present on any layer, it makes the summary that of a graph. */
  readonly connectedTo?: readonly string[];
}

export interface ModelSummary {
  readonly name: string;
  readonly layers: readonly LayerSummary[];
  readonly trainable: number;
  readonly nonTrainable: number;
  /** Adam's two moments and counters; counted in Keras 3's total when given. */
  readonly optimizerParams?: number;
}

/** The summary of a model as the engine describes it, with the batch in front of every shape. */
export function summaryOf(description: ModelDescription): ModelSummary {
  const { name, layers, trainable, nonTrainable } = description;
  // Keras's rule: without a layer of several inputs the model is a chain, and says so by leaving the column out.
  const isChain = layers.every(({ inputs }) => inputs.length < 2);
  const rows = layers.map((layer): LayerSummary => {
    const row = { ...layer, outputShape: [null, ...layer.outputShape] };
    return isChain ? row : { ...row, connectedTo: layer.inputs };
  });
  return { name, layers: rows, trainable, nonTrainable };
}

/** The same with the first layers but the input as one line, as Keras shows a model within a model. */
export function foldLayers(summary: ModelSummary, name: string, count: number): ModelSummary {
  const { layers } = summary;
  const [input, ...folded] = layers.slice(0, count);
  const last = folded.at(-1);
  if (!input || !last) return summary;
  const params = folded.reduce((sum, layer) => sum + layer.params, 0);
  const { outputShape } = last;
  const line: LayerSummary = { name, className: "Functional", outputShape, params };
  const chain = [input, line, ...layers.slice(count)];
  return { ...summary, layers: chain.map(({ connectedTo: _, ...layer }) => layer) };
}

export interface SummaryOptions {
  /** Columns of the terminal; default 80. */
  readonly columns?: number;
  /** Keras's colours for a terminal; default false. */
  readonly colour?: boolean;
}

const BYTES_PER_PARAM = 4;

/** Keras refuses columns below four; a narrower terminal wraps this table's lines instead. */
const MIN_WIDTH = 24;

// xterm-256 colours of Keras's highlighting.
const NUMBER = "38;5;34";
const NONE = "38;5;45";
const SYMBOL = "38;5;33";
const BOLD = "1";

/** Keras 3's summary, ending in a line end. Too narrow a terminal cuts cells with an ellipsis, as rich does. */
export function keras3Summary(model: ModelSummary, options: SummaryOptions = {}): string {
  const { columns = 80, colour = false } = options;
  const graph = isGraph(model);
  const width = Math.max(MIN_WIDTH, Math.min(graph ? 108 : 88, columns - 4));
  const stops = graph ? [0.3, 0.56, 0.74, 1] : [0.45, 0.8, 1];
  const widths = collapseWidths(columnWidths(stops, width), width);
  const names = ["Layer (type)", "Output Shape", "Param #", "Connected to"];
  const heads = names.slice(0, widths.length).map((name) => styled([name, BOLD]));
  const shared = { widths, rightAligned: 2, colour };
  const bold = (text: string): string => (colour ? `\x1b[1m${text}\x1b[0m` : text);
  const lines = [bold(`Model: "${model.name}"`), rule("┏━┳┓", widths)];
  lines.push(...boxRow({ ...shared, cells: heads, bar: "┃", header: true }));
  lines.push(rule("┡━╇┩", widths));
  for (const [i, layer] of model.layers.entries()) {
    if (i > 0) lines.push(rule("├─┼┤", widths));
    lines.push(...boxRow({ ...shared, cells: layerCells(layer, graph), bar: "│" }));
  }
  lines.push(rule("└─┴┘", widths));
  for (const [label, count] of totals(model)) {
    const number = colour ? `\x1b[${NUMBER}m${formatCount(count)}\x1b[0m` : formatCount(count);
    lines.push(`${bold(` ${label}: `)}${number} (${formatMemory(count * BYTES_PER_PARAM)})`);
  }
  return `${lines.join("\n")}\n`;
}

function totals(model: ModelSummary): [label: string, count: number][] {
  const { trainable, nonTrainable, optimizerParams } = model;
  const rows: [string, number][] = [
    ["Total params", trainable + nonTrainable + (optimizerParams ?? 0)],
    ["Trainable params", trainable],
    ["Non-trainable params", nonTrainable],
  ];
  if (optimizerParams !== undefined) rows.push(["Optimizer params", optimizerParams]);
  return rows;
}

function isGraph(model: ModelSummary): boolean {
  return model.layers.some((layer) => layer.connectedTo !== undefined);
}

function columnWidths(stops: readonly number[], width: number): number[] {
  const ends = stops.map((stop) => Math.trunc(stop * width));
  return ends.map((end, i) => end - (ends[i - 1] ?? 0));
}

function layerCells(layer: LayerSummary, graph: boolean): StyledText[] {
  const shape = layer.outputShape.flatMap((size, i): [string, string?][] => [
    [i === 0 ? "(" : ", "],
    size === null ? ["None", NONE] : [String(size), NUMBER],
  ]);
  const cells = [
    styled([`${layer.name} (`], [layer.className, SYMBOL], [")"]),
    styled(...shape, [")"]),
    styled([formatCount(layer.params), NUMBER]),
  ];
  if (graph) cells.push(connections(layer.connectedTo ?? []));
  return cells;
}

function connections(names: readonly string[]): StyledText {
  if (names.length === 0) return styled(["-"]);
  const parts = names.flatMap((name, i): [string, string?][] => [
    [`${i === 0 ? "" : ", "}${name}[`],
    ["0", NUMBER],
    ["]["],
    ["0", NUMBER],
    ["]"],
  ]);
  return styled(...parts);
}

/**
 * Keras 2.8's summary: 65 columns, 98 for a graph, whatever the terminal. Ends in a line end. An unnamed input layer gets
 * the name that it has there, input_1.
 */
export function keras2Summary(model: ModelSummary): string {
  const graph = isGraph(model);
  const width = graph ? 98 : 65;
  const ends = (graph ? [0.33, 0.55, 0.67, 1] : [0.45, 0.85, 1]).map((x) => Math.trunc(width * x));
  const names = ["Layer (type)", "Output Shape", "Param #", "Connected to"];
  const lines = [`Model: "${model.name}"`, "_".repeat(width)];
  lines.push(...keras2Row(names.slice(0, ends.length), ends), "=".repeat(width));
  for (const layer of model.layers) {
    lines.push(...keras2Row(keras2Fields(layer, graph), ends), " ".repeat(width));
  }
  const { trainable, nonTrainable } = model;
  lines.push("=".repeat(width), `Total params: ${formatCount(trainable + nonTrainable)}`);
  lines.push(`Trainable params: ${formatCount(trainable)}`);
  lines.push(`Non-trainable params: ${formatCount(nonTrainable)}`, "_".repeat(width));
  return `${lines.join("\n")}\n`;
}

/** Python's str() of a tuple and of a list; an input layer's shape is a list of one tuple. */
function keras2Fields(layer: LayerSummary, graph: boolean): string[] {
  const named = (name: string) => (name === "input_layer" ? "input_1" : name);
  const sizes = layer.outputShape.map((size) => size ?? "None").join(", ");
  const tuple = layer.outputShape.length === 1 ? `(${sizes},)` : `(${sizes})`;
  const shape = layer.className === "InputLayer" ? `[${tuple}]` : tuple;
  const fields = [`${named(layer.name)} (${layer.className})`, shape, String(layer.params)];
  const inputs = (layer.connectedTo ?? []).map((name) => `'${named(name)}[0][0]'`);
  return graph ? [...fields, `[${inputs.join(", ")}]`] : fields;
}

/** Cells are cut at two short of the next column, or after a closing bracket and comma, and go on a line further down. */
function keras2Row(fields: readonly string[], ends: readonly number[]): string[] {
  const left = [...fields];
  const lines: string[] = [];
  while (left.some((text) => text !== "")) {
    let line = "";
    for (const [column, end] of ends.entries()) {
      const gap = column < ends.length - 1 ? 2 : 0;
      const text = left[column] ?? "";
      const cut = keras2Cut(text, end - (ends[column - 1] ?? 0) - gap);
      line += (column === 0 ? " " : "") + text.slice(0, cut) + " ".repeat(gap);
      line = line.padEnd(end);
      left[column] = text.slice(cut);
    }
    lines.push(line);
  }
  return lines;
}

function keras2Cut(text: string, space: number): number {
  const fits = text.slice(0, space);
  const breaks = ["),", "},", "],", "',"].map((mark) => fits.indexOf(mark)).filter((at) => at >= 0);
  return breaks.length > 0 ? Math.min(...breaks) + 2 : space;
}
