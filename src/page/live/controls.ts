// What can be done from the page: stop, and set the learning rate. Both ask the host, and show what it then tells.

import { element } from "../client/dom.ts";
import type { LiveState } from "./live-state.ts";
import type { Panel } from "./panel.ts";
import { short } from "./words.ts";

/** Asks the host; resolves to what it has against it, null where it agreed. */
export type Ask = (action: string, body: unknown) => Promise<string | null>;

/** Powers of ten that the slider reaches below and above the first rate. */
const BELOW = 3;
const ABOVE = 2;
/** A second press within this time stops. */
const SURE_MS = 4000;

export function controlsPanel(ask: Ask): Panel {
  const complaint = element("p", { class: "complaint", role: "alert" });
  const told: Ask = async (action, body) => {
    const against = await ask(action, body);
    complaint.textContent = against ?? "";
    return against;
  };
  const rate = rateControl(told);
  const stop = stopButton(told);
  const panel = element(
    "section",
    { class: "controls", hidden: true },
    ...[rate.element, stop.element, complaint],
  );
  return {
    element: panel,
    hears: ["run", "rate", "stopping", "end"],
    draw(state) {
      panel.hidden = !state.run || state.end !== null;
      rate.draw(state);
      stop.draw(state);
    },
  };
}

interface Control {
  readonly element: HTMLElement;
  draw(state: LiveState): void;
}

/** The first press asks, the second does it: a run of hours should not end by a slip. */
function stopButton(ask: Ask): Control {
  const button = element("button", { type: "button", class: "stop", onclick: press }, "Stop");
  let sureUntil = 0;
  function press(): void {
    if (Date.now() < sureUntil) {
      button.disabled = true;
      void ask("stop", {}).then((against) => {
        if (against !== null) button.disabled = false;
      });
      return;
    }
    sureUntil = Date.now() + SURE_MS;
    button.textContent = "Press again to stop";
    setTimeout(() => {
      if (!button.disabled) button.textContent = "Stop";
    }, SURE_MS);
  }
  button.title =
    "as Ctrl-C does: between two steps; the epoch under way is not counted, the run is saved";
  return {
    element: button,
    draw({ phase }) {
      if (phase !== "stopping") return;
      button.disabled = true;
      button.textContent = "Stopping";
    },
  };
}

function rateControl(ask: Ask): Control {
  const slider = element("input", { type: "range", step: 0.01, id: "rate-slider" });
  const field = element("input", { type: "text", inputmode: "decimal", id: "rate-field" });
  field.setAttribute("aria-label", "learning rate as a number");
  let actual = Number.NaN;
  let isHeld = false;
  const show = (value: number): void => {
    field.value = short(value);
    slider.value = String(Math.log10(value));
    slider.setAttribute("aria-valuetext", short(value));
  };
  const set = async (value: number): Promise<void> => {
    isHeld = false;
    const against = await ask("rate", { rate: value });
    if (against !== null && Number.isFinite(actual)) show(actual);
  };
  slider.addEventListener("input", () => {
    isHeld = true;
    field.value = short(10 ** Number(slider.value), 3);
  });
  // Three digits: what is seen is what is set.
  slider.addEventListener("change", () => void set(Number(field.value)));
  field.addEventListener("focus", () => {
    isHeld = true;
  });
  field.addEventListener("blur", () => {
    isHeld = false;
  });
  field.addEventListener("change", () => void set(Number(field.value)));
  const control = element(
    "div",
    { class: "rate", hidden: true },
    element("label", { for: "rate-slider" }, "learning rate"),
    ...[slider, field],
  );
  return {
    element: control,
    draw({ run, learningRate, rates, phase }) {
      control.hidden = !run?.hasRate || learningRate === null;
      for (const input of [slider, field]) input.disabled = phase === "stopping";
      const first = rates[0]?.learningRate;
      if (learningRate === null || first === undefined || learningRate === actual) return;
      actual = learningRate;
      slider.min = String(Math.min(Math.log10(first) - BELOW, Math.log10(actual)));
      slider.max = String(Math.max(Math.log10(first) + ABOVE, Math.log10(actual)));
      if (!isHeld) show(actual);
    },
  };
}
