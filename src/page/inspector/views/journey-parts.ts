// What an image's way through a network comes to: probabilities, and layer by layer what became of it.

import type {
  JourneyAnswer,
  JourneyStep,
  JourneyView,
} from "../../../inspect/inspector/inspector-document.ts";
import { element } from "../../client/dom.ts";
import { valuePicture } from "../../client/value-picture.ts";
import { bar } from "../parts.ts";
import { planesElement, scaleElement } from "../tensors/planes.ts";
import { valuesElement } from "../tensors/values.ts";
import { ofShape, ofShare, ofValue } from "../words.ts";

type Share = Extract<JourneyAnswer, { kind: "classes" }>["probabilities"][number];

/** The class that the network takes the image for; null for one that gives pictures. */
export function bestOf({ answer }: JourneyView): Share | null {
  if (answer.kind === "picture") return null;
  return [...answer.probabilities].sort((a, b) => b.share - a.share)[0] ?? null;
}

/** What the network gives, under a title, with what its loss is. */
export function answerElements(journey: JourneyView): readonly HTMLElement[] {
  const { answer, loss } = journey;
  const isPicture = answer.kind === "picture";
  const rule = isPicture
    ? "how far its pixels are from the image's, by the loss that it is trained by."
    : "minus the logarithm of the true class's probability.";
  return [
    element("h3", {}, isPicture ? "The picture that it gives" : "Probabilities"),
    element("p", { class: "note" }, `Loss ${ofValue(loss)}: ${rule}`),
    answerElement(journey),
  ];
}

export function answerElement({ answer, trueClass }: JourneyView): HTMLElement {
  if (answer.kind === "classes") return probabilitiesElement(answer.probabilities, trueClass);
  const picture = valuePicture(answer.picture, "the picture that the network gives");
  picture.style.width = `${GIVEN_SIDE}px`;
  return element("figure", { class: "given-picture" }, picture);
}

const GIVEN_SIDE = 224;

/** The greatest of many; the true class stands out. */
function probabilitiesElement(all: readonly Share[], trueClass: string): HTMLElement {
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
