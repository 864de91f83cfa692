// What an image's way through a network comes to: probabilities, and layer by layer what became of it.

import type { JourneyStep, JourneyView } from "../../../inspect/inspector/inspector-document.ts";
import { element } from "../../client/dom.ts";
import { bar } from "../parts.ts";
import { planesElement, scaleElement } from "../tensors/planes.ts";
import { valuesElement } from "../tensors/values.ts";
import { ofShape, ofShare, ofValue } from "../words.ts";

/** The greatest of many; the true class stands out. */
export function probabilitiesElement({ probabilities: all, trueClass }: JourneyView): HTMLElement {
  const rows = all.length > 12 ? [...all].sort((a, b) => b.share - a.share).slice(0, 12) : all;
  const lines = rows.map(({ name, share }) =>
    element(
      "div",
      { class: name === trueClass ? "total true" : "total" },
      element("span", { class: "name" }, name === trueClass ? `${name} ✓` : name),
      bar(share, name === trueClass ? "var(--green)" : "var(--accent)"),
      element("span", { class: "ms" }, ofShare(share)),
    ),
  );
  return element("div", { class: "totals" }, ...lines);
}

/** `linkOf`: what a layer's name is followed by. */
export function stationsElement(
  { steps }: JourneyView,
  linkOf: (layer: string) => HTMLElement | null = () => null,
): HTMLElement {
  return element(
    "div",
    { class: "stations" },
    ...steps.map((step) => stationElement(step, linkOf(step.layer))),
  );
}

function stationElement(
  { layer, shape, activation, gradient }: JourneyStep,
  link: HTMLElement | null,
): HTMLElement {
  const half = (title: string, kind: string, values: JourneyStep["gradient"]): HTMLElement => {
    const shown = values
      ? planesAnd(values, `${layer} ${title}`)
      : [element("p", { class: "note" }, "not computed: the loss goes on from the one before")];
    return element("div", { class: `half ${kind}` }, element("h4", {}, title), ...shown);
  };
  return element(
    "article",
    { class: "station" },
    element(
      "header",
      {},
      element("b", {}, layer),
      element("span", { class: "muted" }, ` ${ofShape(shape)} `),
      link,
    ),
    element(
      "div",
      { class: "halves" },
      half("activation ↓", "forward", activation),
      half("∂loss/∂activation ↑", "backward", gradient),
    ),
  );
}

/** The picture at once; the rest for who wants it. */
function planesAnd(
  values: NonNullable<JourneyStep["gradient"]>,
  label: string,
): readonly HTMLElement[] {
  const { picture } = values;
  const all = element(
    "details",
    { class: "more-values" },
    element("summary", {}, `mean ${ofValue(values.mean)}, deviation ${ofValue(values.deviation)}`),
  );
  all.addEventListener("toggle", () => {
    if (all.open && all.children.length === 1)
      all.append(valuesElement({ ...values, picture: null }, label));
  });
  if (!picture) return [all];
  const side = picture.planes.length > 1 ? 52 : 200;
  return [planesElement(picture, { side, label }), scaleElement(picture), all];
}
