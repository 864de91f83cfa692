// Test images on their way through the network: what each layer makes of one, and which of it moves the loss.

import type { JourneyStep, JourneyView } from "../../inspect/inspector/inspector-document.ts";
import { element, refill } from "../client/dom.ts";
import { formatNumber, formatShape, formatShare } from "./format.ts";
import { pictureView } from "./values-view.ts";

export function imagesView(journeys: readonly JourneyView[]): HTMLElement {
  const [first] = journeys;
  if (!first) return element("p", { class: "hint" }, "no images were followed (--images 0)");
  const body = element("div", {}, journeyView(first));
  const buttons = journeys.map((journey) =>
    element(
      "button",
      {
        class: "thumb",
        "aria-pressed": String(journey === first),
        onclick: () => show(journey),
        title: journey.trueClass,
      },
      pictureView(journey.image, journey.trueClass, 1),
      element("span", {}, journey.trueClass),
    ),
  );
  const show = (chosen: JourneyView): void => {
    for (const [index, button] of buttons.entries())
      button.setAttribute("aria-pressed", String(journeys[index] === chosen));
    refill(body, journeyView(chosen));
  };
  return element(
    "div",
    {},
    element(
      "p",
      { class: "hint" },
      "Forward, as in prediction, and back to the pixels. Red raises the loss where it grows, blue lowers it.",
    ),
    element("div", { class: "thumbs" }, ...buttons),
    body,
  );
}

function journeyView({
  row,
  trueClass,
  probabilities,
  loss,
  image,
  pixelGradient,
  steps,
}: JourneyView): HTMLElement {
  const ranked = probabilities.toSorted((a, b) => b.share - a.share).slice(0, 5);
  const isRight = ranked[0]?.name === trueClass;
  return element(
    "div",
    { class: "journey" },
    element(
      "div",
      { class: "journey-head" },
      element(
        "figure",
        {},
        pictureView(image, trueClass),
        element("figcaption", {}, `test row ${row}: ${trueClass}`),
      ),
      element(
        "figure",
        {},
        pictureView(pixelGradient, "∂loss/∂pixel"),
        element("figcaption", {}, "∂loss/∂pixel: which pixels move the loss"),
      ),
      element(
        "div",
        { class: "shares" },
        element("p", {}, `${isRight ? "right" : "wrong"}, loss ${formatNumber(loss)}`),
        ...ranked.map(({ name, share }) => {
          const bar = element("span", { class: "bar" });
          bar.style.width = `${100 * share}%`;
          return element(
            "div",
            { class: `rung${name === trueClass ? " taken" : ""}` },
            element("b", {}, name),
            element("span", { class: "track" }, bar),
            element("span", { class: "time" }, formatShare(share)),
          );
        }),
      ),
    ),
    ...steps.map(journeyStep),
  );
}

function journeyStep({ layer, shape, activation, gradient }: JourneyStep): HTMLElement {
  const half = (title: string, values: JourneyStep["gradient"]) =>
    element(
      "div",
      { class: "half" },
      element(
        "small",
        {},
        values
          ? `${title}, up to ${formatNumber(Math.max(Math.abs(values.min), Math.abs(values.max)))}`
          : `${title}: computed within the loss`,
      ),
      values?.picture && pictureView(values.picture, `${layer} ${title}`),
    );
  return element(
    "div",
    { class: "journey-step" },
    element("div", { class: "name" }, layer, element("small", {}, formatShape(shape))),
    half("activation", activation),
    half("∂loss/∂activation", gradient),
  );
}
