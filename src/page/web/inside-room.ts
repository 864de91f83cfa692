// The inspector over the step of the model that is trained: the same page as `npm run inspect` writes, in a frame, with a document that the
// worker gathers from the weights as they are now.

import { element, refill } from "../client/dom.ts";
import { field, numberOf } from "./form.ts";
import type { InspectChoice } from "./protocol.ts";
import type { House, Room } from "./room.ts";

const STEPS = ["train", "evaluate", "predict"] as const;

export function insideRoom(house: House): Room {
  const step = field({ label: "step", value: "train", choices: STEPS });
  const batch = field({ label: "batch size", value: "50", inputmode: "numeric" });
  const button = element("button", { type: "submit", class: "go" }, "Look inside");
  const note = element("p", { class: "note" });
  const frame = element("iframe", { class: "inspector", title: "inspector", hidden: true });
  const form = element("form", { class: "fields" }, step.element, batch.element, button);
  let document: unknown = null;
  // The frame asks when its script is there.
  addEventListener("message", (event) => {
    if (event.source !== frame.contentWindow || event.origin !== location.origin) return;
    if (event.data === "document?") frame.contentWindow?.postMessage({ document }, location.origin);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void look();
  });
  async function look(): Promise<void> {
    house.complain(null);
    button.disabled = true;
    try {
      const choice: InspectChoice = {
        step: STEPS.find((name) => name === step.value) ?? "train",
        batchSize: numberOf("batch size", batch),
      };
      document = await house.link.ask("inspect", choice);
      frame.hidden = false;
      // Another address than before, so that it loads again.
      frame.src = `inspector.html?ask=${Date.now()}`;
    } catch (error) {
      house.complain(error);
    } finally {
      button.disabled = false;
    }
  }
  return {
    ...{ name: "inside", title: "Look inside" },
    element: element("section", {}, form, note, frame),
    open: () => {
      button.disabled = !house.hasModel;
      refill(
        note,
        house.hasModel
          ? "Runs the step once more on its own copy of the weights, and measures every dispatch; a training under way waits for it."
          : "There is no model yet: train one first. What a step looks like inside, this recorded one shows.",
      );
      if (house.hasModel || frame.src !== "") return;
      frame.hidden = false;
      frame.src = "inspector.html";
    },
  };
}
