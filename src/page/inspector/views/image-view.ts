// Journeys: a test image's way through the network, layer by layer, and the gradient's way back to its pixels.

import type { JourneyView } from "../../../inspect/inspector/inspector-document.ts";
import { element, refill } from "../../client/dom.ts";
import { dispatchLink } from "../parts.ts";
import type { Reader, View } from "../reader.ts";
import type { Entry } from "../step-model.ts";
import { planesElement } from "../tensors/planes.ts";
import { answerElements, bestOf, stationsElement } from "./journey-parts.ts";
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

function pickOf(journey: JourneyView, onclick: () => void): HTMLElement {
  const best = bestOf(journey);
  const isRight = best === null || best.name === journey.trueClass;
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
      element("section", {}, ...answerElements(journey)),
    ),
    element("h3", {}, "Layer by layer"),
    stationsElement(journey, (layer) => linkOf(layer, reader)),
  ];
}

/** To what took longest of a layer's way forward. */
function linkOf(layer: string, reader: Reader): HTMLElement | null {
  const own = reader.step.entries
    .filter(({ facts }) => facts.layer === layer && facts.pass === "forward")
    .reduce<Entry | null>(
      (best, one) => (best && best.facts.ms.median > one.facts.ms.median ? best : one),
      null,
    );
  return own && dispatchLink(own, reader);
}
