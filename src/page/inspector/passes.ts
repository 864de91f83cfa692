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

/** What the short names of tensors stand for, as papers on backpropagation use them: before the layer's name, and after it. */
const MEANINGS: Readonly<Record<string, readonly [before: string, after: string]>> = {
  y: ["Output of", ""],
  dx: ["Gradient of the input of", ", ∂loss/∂x"],
  dw: ["Gradient of the weights of", ", ∂loss/∂w"],
  "dw.partial": ["Gradient of the weights of", ", ∂loss/∂w, in parts that the next dispatch sums"],
  db: ["Gradient of the bias of", ", ∂loss/∂b"],
  dz: ["Gradient before the activation of", ", ∂loss/∂z"],
  "w.transformed": ["Weights of", ", transformed as the next kernel reads them"],
  "w.turned": ["Weights of", ", turned around for the gradient of the input"],
};

const OUTSIDE: Readonly<Record<string, string>> = {
  x: "Images of the batch, gathered and scaled",
  labels: "Labels of the batch",
  clock: "The place in the data goes on by a batch",
};

/** A sentence, with the layer's name in its place. */
export function meaningOf({
  result,
  facts,
}: Entry): readonly [before: string, layer: string, after: string] {
  const { layer, pass, op } = facts;
  if (pass === "update") return ["A step of the optimiser", "", ""];
  if (pass === "metric") return ["Running sums of loss and accuracy", "", ""];
  if (layer === null) return [OUTSIDE[result] ?? op, "", ""];
  const [before, after] = MEANINGS[result] ?? [`${op} of`, ""];
  return [before, layer, after];
}

export function passStyle({ facts }: Entry): string {
  return `--hue: ${PASSES[facts.pass].colour}`;
}
