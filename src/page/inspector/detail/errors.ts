// How far the results are from what they should be: the naive kernel's on the same inputs, and float64 loops on the host.

import type { ErrorView } from "../../../inspect/inspector/inspector-document.ts";
import { element } from "../../client/dom.ts";
import { bar, section } from "../parts.ts";
import type { Entry } from "../step-model.ts";
import { ofError, ofShare } from "../words.ts";

export function errorSection({ view, solution }: Entry): HTMLElement {
  const title = "Error";
  const { errors } = view;
  if (errors.length === 0) {
    return section({ id: "errors", title, note: "Nothing was checked here." });
  }
  const note = solution
    ? "Of the problem that this dispatch helps to solve: the element that is furthest off, on the inputs that the step really had. The bound is what rounding explains."
    : "The element that is furthest off, on the inputs that the step really had. The bound is what rounding explains.";
  return section({ id: "errors", title, note }, ...errors.map(errorElement));
}

function errorElement(error: ErrorView): HTMLElement {
  const { against, tensor, worstAbsolute, worstRelative, worstUlp, bound, isWithin } = error;
  const share = bound > 0 ? worstAbsolute / bound : worstAbsolute > 0 ? 1 : 0;
  const other = against === "naive" ? "the naive kernel" : "float64";
  const verdict = isWithin ? "within its bound" : "out of its bound";
  const cell = (name: string, value: string) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value));
  return element(
    "article",
    { class: isWithin ? "error within" : "error outside" },
    element(
      "header",
      {},
      element("b", {}, tensor),
      ` against ${other} `,
      element("span", { class: "verdict" }, isWithin ? `✓ ${verdict}` : `✗ ${verdict}`),
    ),
    element(
      "dl",
      { class: "figures" },
      cell("absolute", ofError(worstAbsolute)),
      cell("relative", ofError(worstRelative)),
      cell("ulp", ofError(worstUlp)),
      cell("bound", ofError(bound)),
      cell("of the bound", ofShare(share)),
    ),
    bar(share, isWithin ? "var(--green)" : "var(--doubt)"),
  );
}
