// What is known of a tensor's elements, shown: picture, histogram, statistics and the first of them.

import type { ValuesView } from "../../../inspect/inspector/inspector-document.ts";
import { type Child, element } from "../../client/dom.ts";
import { figures } from "../parts.ts";
import { ofCount, ofValue } from "../words.ts";
import { histogramElement } from "./histogram.ts";
import { planesElement, scaleElement } from "./planes.ts";

const PLANE_SIDE = 64;
const LONE_SIDE = 208;

export function valuesElement(values: ValuesView, label: string): HTMLElement {
  const { picture } = values;
  const side = (picture?.planes.length ?? 0) > 1 ? PLANE_SIDE : LONE_SIDE;
  const shown = picture
    ? element(
        "div",
        { class: "seen" },
        planesElement(picture, { side, label }),
        scaleElement(picture),
      )
    : null;
  return element(
    "div",
    { class: "values" },
    shown,
    element("div", { class: "measured" }, distribution(values), statistics(values)),
    firstValues(values),
  );
}

function distribution(values: ValuesView): HTMLElement {
  return element(
    "div",
    { class: "distribution" },
    histogramElement(values),
    element(
      "div",
      { class: "ends" },
      element("span", {}, ofValue(values.min)),
      element("span", {}, ofValue(values.max)),
    ),
  );
}

function statistics(values: ValuesView): HTMLElement {
  const elements = values.histogram.reduce((sum, count) => sum + count, values.nonFinite);
  const zeros = elements > 0 ? `${((100 * values.zeros) / elements).toFixed(0)} %` : "0 %";
  const rows: (readonly [string, Child])[] = [
    ["mean", ofValue(values.mean)],
    ["deviation", ofValue(values.deviation)],
    ["zeros", `${zeros} (${ofCount(values.zeros)})`],
  ];
  if (values.nonFinite > 0) {
    rows.push(["NaN or ∞", element("strong", { class: "bad" }, ofCount(values.nonFinite))]);
  }
  return figures(rows);
}

function firstValues({ first }: ValuesView): HTMLElement {
  const cells = first.map((value) =>
    element("span", { class: value < 0 ? "below" : value === 0 ? "zero" : "" }, ofValue(value)),
  );
  return element(
    "details",
    { class: "first" },
    element("summary", {}, `first ${first.length} values`),
    element("div", { class: "numbers" }, ...cells),
  );
}
