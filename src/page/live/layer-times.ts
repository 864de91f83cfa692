// Where a step's time goes, by layer; measured when it is asked for, because training waits meanwhile.

import { element, refill } from "../client/dom.ts";
import type { Ask } from "./controls.ts";
import type { LayerTimesEvent } from "./live-events.ts";
import { card, empty, type Panel } from "./panel.ts";
import { duration, short } from "./words.ts";

const SHADES = [
  ["forwardMs", "forward", "var(--blue)"],
  ["backwardMs", "backward", "var(--vermillion)"],
  ["otherMs", "update and others", "var(--muted)"],
] as const;

export function layerTimesPanel(ask: Ask): Panel {
  let isAsked = false;
  const button = element("button", { type: "button", onclick: press }, "Measure");
  const note = element("p", { class: "note" });
  const place = element("div", { class: "times" });
  const panel = card(
    "Time by layer",
    { className: "full", note: element("span", { class: "actions" }, note, button) },
    place,
  );
  function press(): void {
    isAsked = true;
    button.disabled = true;
    note.textContent = "measured when this epoch is over; training waits for it";
    void ask("measure", {}).then((against) => {
      if (against === null) return;
      [isAsked, button.disabled] = [false, false];
      note.textContent = against;
    });
  }
  return {
    element: panel,
    hears: ["run", "layerTimes", "end"],
    draw({ run, layerTimes, end }) {
      panel.hidden = !run || run.parts !== null || (end !== null && !layerTimes);
      button.hidden = end !== null;
      if (!layerTimes) {
        refill(place, empty("Not measured yet: it takes about as long as a few dozen steps."));
        return;
      }
      if (isAsked || note.textContent === "") {
        const { epoch, stepMs, samples, seconds } = layerTimes;
        note.textContent = `after epoch ${epoch}: ${short(stepMs, 3)} ms a step, median of ${samples}; took ${duration(seconds)}`;
        [isAsked, button.disabled] = [false, false];
      }
      refill(place, legend(), ...barsOf(layerTimes));
    },
  };
}

function legend(): HTMLElement {
  const keys = SHADES.map(([, name, colour]) =>
    element("span", { class: "key" }, element("i", { style: `background: ${colour}` }), name),
  );
  return element("p", { class: "legend" }, ...keys);
}

function barsOf({ layers }: LayerTimesEvent): readonly HTMLElement[] {
  const sums = layers.map((layer) => SHADES.reduce((sum, [key]) => sum + layer[key], 0));
  const most = Math.max(...sums, 1e-9);
  const whole = sums.reduce((sum, value) => sum + value, 0);
  return layers.map((layer, index) => {
    const sum = sums[index] ?? 0;
    const parts = SHADES.map(([key, name, colour]) => {
      const style = `width: ${((100 * layer[key]) / most).toFixed(2)}%; background: ${colour}`;
      return element("i", { style, title: `${name} ${short(layer[key], 3)} ms` });
    });
    const share = whole > 0 ? Math.round((100 * sum) / whole) : 0;
    return element(
      "div",
      { class: "time" },
      element("span", { class: "name" }, layer.layer),
      element("span", { class: "track" }, ...parts),
      element("span", { class: "number" }, `${short(sum, 3)} ms`),
      element("span", { class: "number" }, `${share} %`),
    );
  });
}
