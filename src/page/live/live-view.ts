// What is known of a run, drawn: hears its events, keeps them all, and draws what they change, at most once a second. Where they come from, and who
// answers its buttons, is for the page that has it.

import { element } from "../client/dom.ts";
import { type Ask, controlsPanel } from "./controls.ts";
import { figurePanel, partsFigurePanel, ratePanel, speedPanel } from "./curves.ts";
import { type Connection, headPanel } from "./head.ts";
import { layerTimesPanel } from "./layer-times.ts";
import type { Told } from "./live-events.ts";
import { LiveState } from "./live-state.ts";
import type { Panel } from "./panel.ts";
import { partsPanel } from "./parts.ts";
import { picturesPanel } from "./pictures.ts";
import { statisticsPanel } from "./statistics.ts";

const DRAW_MS = 1000;

export interface LiveView {
  readonly element: HTMLElement;
  readonly state: LiveState;
  /** All that it has heard. */
  readonly told: readonly Told[];
  hear(event: Told): void;
  show(connection: Connection): void;
}

export function liveView(ask: Ask): LiveView {
  const state = new LiveState();
  const told: Told[] = [];
  const head = headPanel();
  const panels: readonly Panel[] = [
    head,
    controlsPanel(ask),
    partsPanel(),
    partsFigurePanel("val_accuracy"),
    partsFigurePanel("val_loss"),
    ...(["loss", "accuracy"] as const).map(figurePanel),
    ...[ratePanel(), speedPanel(), picturesPanel(), statisticsPanel(), layerTimesPanel(ask)],
  ];
  const due = new Set<Panel>();
  let drawn = Number.NEGATIVE_INFINITY;
  const draw = (): void => {
    drawn = performance.now();
    const now = [...due];
    due.clear();
    for (const panel of now) panel.draw(state);
  };
  /**
   * Once a second, and not at all where nobody sees it: on a software adapter, pixels are drawn by the cores that train. Nothing
   * on the page moves by itself for the same reason.
   */
  const drawSoon = (): void => {
    const wait = Math.max(0, drawn + DRAW_MS - performance.now());
    setTimeout(() => requestAnimationFrame(draw), wait);
  };
  return {
    element: element(
      "div",
      { class: "run-view" },
      ...panels.slice(0, 2).map((panel) => panel.element),
      element("div", { class: "cards" }, ...panels.slice(2).map((panel) => panel.element)),
    ),
    ...{ state, told },
    hear(event) {
      told.push(event);
      state.tell(event);
      if (due.size === 0) drawSoon();
      for (const panel of panels) if (panel.hears.includes(event.type)) due.add(panel);
    },
    show: (connection) => head.show(connection),
  };
}
