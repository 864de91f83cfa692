// The passes of a step and what bounds a dispatch, each in its word and its colour.

import type { Entry, Pass } from "./step-model.ts";

export const PASSES: Readonly<Record<Pass, { readonly colour: string; readonly sign: string }>> = {
  data: { colour: "var(--orange)", sign: "·" },
  forward: { colour: "var(--blue)", sign: "↓" },
  backward: { colour: "var(--vermillion)", sign: "↑" },
  update: { colour: "var(--green)", sign: "+" },
  metric: { colour: "var(--purple)", sign: "Σ" },
};

export type Bound = Entry["facts"]["bound"];

export const BOUNDS: Readonly<Record<Bound, { readonly colour: string; readonly means: string }>> =
  {
    compute: {
      colour: "var(--blue)",
      means: "arithmetic is what it comes closest to the limit of",
    },
    memory: {
      colour: "var(--orange)",
      means: "moving bytes is what it comes closest to the limit of",
    },
    launch: {
      colour: "var(--purple)",
      means: "most of its time is that of starting a dispatch at all",
    },
  };

/** What the short names of tensors stand for, as papers on backpropagation use them. */
const MEANINGS: Readonly<Record<string, string>> = {
  y: "output of the layer",
  dx: "gradient of its input, ∂loss/∂x",
  dw: "gradient of its weights, ∂loss/∂w",
  "dw.partial": "gradient of its weights in parts, summed by the next",
  db: "gradient of its bias, ∂loss/∂b",
  dz: "gradient before the activation, ∂loss/∂z",
  "w.packed": "weights, laid out for the next kernel",
  "w.turned": "weights turned around, for the gradient of the input",
  x: "images of the batch, scaled",
  labels: "labels of the batch",
};

export function meaningOf({ result, facts }: Entry): string {
  const known = MEANINGS[result];
  if (known) return known;
  if (facts.pass === "update") return "step of the optimiser";
  if (facts.pass === "metric") return "running loss and accuracy";
  return facts.pass === "data" ? "place in the data" : facts.op;
}

export function passStyle({ facts }: Entry): string {
  return `--hue: ${PASSES[facts.pass].colour}`;
}
