// Journeys: a test image's way through the network, layer by layer, and the gradient's way back to its pixels.

import type { JourneyStep, JourneyView } from "../../../inspect/inspector/inspector-document.ts";
import { element, refill } from "../../client/dom.ts";
import { bar, dispatchLink } from "../parts.ts";
import type { Reader, View } from "../reader.ts";
import type { Entry } from "../step-model.ts";
import { planesElement, scaleElement } from "../tensors/planes.ts";
import { valuesElement } from "../tensors/values.ts";
import { ofShape, ofShare, ofValue } from "../words.ts";
import { overlayElement } from "./pixel-overlay.ts";

export function imageView(reader: Reader): View {
  const { journeys } = reader.step.document;
  if (journeys.length === 0) {
    const words = element("p", { class: "note" }, "This page was written without images.");
    return {
      element: element("div", { class: "view image-view" }, words),
      follow: () => undefined,
    };
  }
  const picks = journeys.map((journey, index) =>
    pickOf(journey, () => reader.go({ image: index })),
  );
  const box = element("div", { class: "journey" });
  let shown = -1;
  return {
    element: element(
      "div",
      { class: "view image-view" },
      element(
        "p",
        { class: "note" },
        "Images of the test set on their way through the network, as in inference; and ∂loss back on the same way, down to the pixels. Pick one.",
      ),
      element("div", { class: "picks", role: "group", "aria-label": "test images" }, ...picks),
      box,
    ),
    follow: ({ image }) => {
      const at = Math.min(image, journeys.length - 1);
      for (const [index, pick] of picks.entries())
        pick.setAttribute("aria-pressed", String(index === at));
      const journey = journeys[at];
      if (at === shown || !journey) return;
      shown = at;
      refill(box, ...journeyElements(journey, reader));
    },
  };
}

function bestOf({ probabilities }: JourneyView): JourneyView["probabilities"][number] | undefined {
  return [...probabilities].sort((a, b) => b.share - a.share)[0];
}

function pickOf(journey: JourneyView, onclick: () => void): HTMLElement {
  const best = bestOf(journey);
  const isRight = best?.name === journey.trueClass;
  const words = isRight
    ? journey.trueClass
    : `${journey.trueClass}, taken for ${best?.name ?? "nothing"}`;
  return element(
    "button",
    {
      type: "button",
      class: isRight ? "pick" : "pick wrong",
      title: `test row ${journey.row}: ${words}`,
      onclick,
    },
    planesElement(journey.image, { side: 56, label: words }),
    element("span", {}, journey.trueClass),
    isRight ? null : element("span", { class: "bad" }, `✗ ${best?.name ?? ""}`),
  );
}

function journeyElements(journey: JourneyView, reader: Reader): readonly HTMLElement[] {
  const steps = journey.steps.map((step) => stepElement(step, reader));
  return [
    element(
      "div",
      { class: "verdicts" },
      element(
        "section",
        {},
        element("h3", {}, `Test row ${journey.row}: ${journey.trueClass}`),
        element(
          "p",
          { class: "note" },
          `Over the image, ∂loss/∂pixel: where brightening raises the loss it is red, where it lowers it blue.`,
        ),
        overlayElement(journey),
      ),
      element(
        "section",
        {},
        element("h3", {}, "Probabilities"),
        element(
          "p",
          { class: "note" },
          `Loss ${ofValue(journey.loss)}: minus the logarithm of the true class's probability.`,
        ),
        probabilities(journey),
      ),
    ),
    element("h3", {}, "Layer by layer"),
    element("div", { class: "stations" }, ...steps),
  ];
}

function probabilities({ probabilities: all, trueClass }: JourneyView): HTMLElement {
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

function stepElement(
  { layer, shape, activation, gradient }: JourneyStep,
  reader: Reader,
): HTMLElement {
  const own = reader.step.entries
    .filter(({ facts }) => facts.layer === layer && facts.pass === "forward")
    .reduce<Entry | null>(
      (best, one) => (best && best.facts.ms.median > one.facts.ms.median ? best : one),
      null,
    );
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
      own ? dispatchLink(own, reader) : null,
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
