// Where a model is tried on pictures of the reader's own: drawn, dropped, or from the camera.

import { element, refill } from "../client/dom.ts";
import { answerElement, bestOf, stationsElement } from "../inspector/views/journey-parts.ts";
import { overlayElement } from "../inspector/views/pixel-overlay.ts";
import { imagePicture } from "../live/packed-pictures.ts";
import { percent, short } from "../live/words.ts";
import { cameraElement } from "./camera.ts";
import { drawingElement } from "./drawing.ts";
import { dropZone } from "./drop.ts";
import type { SeenView } from "./protocol.ts";
import type { House, Room } from "./room.ts";

export function tryRoom(house: House): Room {
  const answer = element("div", { class: "answer" });
  const waiting: { name: string; picture: Blob }[] = [];
  let isBusy = false;
  /** The newest alone: while a finger draws, older ones are of no interest any more. */
  const show = async (name: string, picture: Blob): Promise<void> => {
    waiting.splice(0, waiting.length, { name, picture });
    if (isBusy) return;
    isBusy = true;
    try {
      for (let next = waiting.pop(); next; next = waiting.pop()) {
        const seen = await house.link.ask("see", next);
        house.complain(null);
        refill(answer, ...seenElements(seen));
      }
    } catch (error) {
      house.complain(error);
    } finally {
      isBusy = false;
    }
  };
  const box = element("div", { class: "data" });
  const drop = dropZone(box, "Or drop a picture here, or", (files) => {
    const [first] = files;
    if (first) void show(first.path, first.file);
  });
  box.append(
    drawingElement((picture) => void show("the drawing", picture)),
    cameraElement((picture) => void show("the camera's picture", picture), house.complain),
    drop,
  );
  const note = element("p", { class: "note" });
  return {
    ...{ name: "try", title: "Try it" },
    element: element("section", { class: "try" }, note, box, answer),
    open: () =>
      refill(
        note,
        house.hasModel
          ? "Draw one of the classes, white on black, as large as you like: it is trimmed, centred and scaled as the training pictures were."
          : "There is no model yet: train one first.",
      ),
  };
}

function seenElements({ shown, notes, journey }: SeenView): readonly HTMLElement[] {
  const best = bestOf(journey);
  const verdict = best
    ? `${best.name}, ${percent(best.share)}`
    : `given back with a loss of ${short(journey.loss, 3)}`;
  const sign = best
    ? `∂loss/∂pixel for “${journey.trueClass}”: where brightening would speak against it red, for it blue.`
    : "∂loss/∂pixel through the network, held against the picture as it is: where brightening raises the loss red, where it lowers it blue.";
  return [
    element(
      "div",
      { class: "verdicts" },
      element(
        "section",
        {},
        element("h2", { class: "verdict" }, verdict),
        element("figure", { class: "shown" }, imagePicture(shown, "as the network sees it")),
        element("p", { class: "note" }, `As the network sees it: ${notes.join(", ")}.`),
      ),
      element("section", {}, answerElement(journey)),
    ),
    element("h3", {}, "Which pixels mattered"),
    element("p", { class: "note" }, sign),
    overlayElement(journey),
    element("h3", {}, "What each layer saw"),
    stationsElement(journey),
  ];
}
