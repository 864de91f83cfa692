// How a dispatch is started: grid, bindings, Params.

import { element } from "../../client/dom.ts";
import { section } from "../parts.ts";
import type { Entry } from "../step-model.ts";
import { counted, ofBytes, ofShape } from "../words.ts";

export function launchSection({ facts, view }: Entry): HTMLElement {
  const [x, y, z] = facts.grid;
  const groups = x * y * z;
  const rows = Object.entries(facts.bindings).map(([name, bound]) =>
    element(
      "tr",
      {},
      element("td", {}, element("code", {}, name)),
      element("td", {}, bound.tensor),
      element("td", {}, `${ofShape(bound.shape)} ${bound.dtype}`),
      element("td", {}, bound.access),
      element("td", { class: "number" }, ofBytes(bound.bytes)),
    ),
  );
  const head = ["binding", "tensor", "shape", "access", "touches"].map((name) =>
    element("th", {}, name),
  );
  const table = element(
    "table",
    {},
    element("thead", {}, element("tr", {}, ...head)),
    element("tbody", {}, ...rows),
  );
  const params = Object.entries(view.params).map(([name, value]) =>
    element("span", { class: "chip" }, `${name} = ${value}`),
  );
  return section(
    { id: "launch", title: "Launch" },
    element(
      "p",
      {},
      `Grid of ${x} × ${y} × ${z}: ${counted(groups, "workgroup")}. ${params.length > 0 ? "Params:" : "No Params."}`,
    ),
    params.length > 0 ? element("p", { class: "chips" }, ...params) : null,
    element(
      "div",
      { class: "wide", tabindex: "0", role: "region", "aria-label": "bindings" },
      table,
    ),
  );
}
