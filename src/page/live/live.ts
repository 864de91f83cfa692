// The page of a run that is watched: hears the host's events, keeps them all, and draws what they change, at most once a second. When the host
// is gone it goes on with what it has, and can be saved as a file that shows the same.

import { byId, element } from "../client/dom.ts";
import { pageHtml } from "../page.ts";
import { controlsPanel } from "./controls.ts";
import { figurePanel, partsFigurePanel, ratePanel, speedPanel } from "./curves.ts";
import { type Connection, headPanel } from "./head.ts";
import { layerTimesPanel } from "./layer-times.ts";
import type { Told } from "./live-events.ts";
import { LiveState } from "./live-state.ts";
import { LIVE_STYLE } from "./live-style.ts";
import type { Panel } from "./panel.ts";
import { partsPanel } from "./parts.ts";
import { picturesPanel } from "./pictures.ts";
import { statisticsPanel } from "./statistics.ts";

const DRAW_MS = 1000;
/** Tries of the browser to find the host again, about a second apart. */
const MOST_TRIES = 30;

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
const saved = document.getElementById("data-told")?.textContent;

build();
if (saved) {
  for (const event of JSON.parse(saved) as readonly Told[]) hear(event);
  head.show("saved");
} else listen();

function build(): void {
  const save = element(
    "button",
    { type: "button", id: "save", onclick: savePage },
    "Save this page",
  );
  save.title = "as one file that shows what is known now, without the run";
  byId("live").replaceChildren(
    ...panels.slice(0, 2).map((panel) => panel.element),
    element("div", { class: "cards" }, ...panels.slice(2).map((panel) => panel.element)),
    element("footer", {}, save),
  );
  if (saved) save.remove();
}

function hear(event: Told): void {
  told.push(event);
  state.tell(event);
  if (due.size === 0) drawSoon();
  for (const panel of panels) if (panel.hears.includes(event.type)) due.add(panel);
}

/**
 * Once a second, and not at all where nobody sees it: on a software adapter, pixels are drawn by the cores that train. Nothing
 * on the page moves by itself for the same reason.
 */
function drawSoon(): void {
  const wait = Math.max(0, drawn + DRAW_MS - performance.now());
  setTimeout(() => requestAnimationFrame(draw), wait);
}

function draw(): void {
  drawn = performance.now();
  const now = [...due];
  due.clear();
  for (const panel of now) panel.draw(state);
}

function listen(): void {
  const source = new EventSource("events");
  let tries = 0;
  const show = (connection: Connection): void => head.show(connection);
  source.addEventListener("open", () => {
    tries = 0;
    show("open");
  });
  source.addEventListener("message", ({ data }) => {
    const event = JSON.parse(data) as Told;
    hear(event);
    // The host is about to go; without this the browser would go on looking for it.
    if (event.type === "end") source.close();
  });
  source.addEventListener("error", () => {
    const isOver = source.readyState === EventSource.CLOSED || ++tries > MOST_TRIES;
    if (isOver) source.close();
    show(isOver ? "gone" : "lost");
  });
}

async function ask(action: string, body: unknown): Promise<string | null> {
  try {
    const response = await fetch(action, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return response.ok ? null : (await response.text()).trim();
  } catch {
    return "the run does not answer";
  }
}

function savePage(): void {
  const script = [...document.scripts].find(({ type }) => type === "")?.textContent ?? "";
  const title = `${state.run?.model ?? "run"} - ${state.run?.command ?? ""}`;
  const html = pageHtml({
    ...{ title, style: LIVE_STYLE, script, data: { told } },
    body: '<main id="live"></main>',
  });
  const address = URL.createObjectURL(new Blob([html], { type: "text/html" }));
  const name = `${state.run?.command ?? "run"}-${state.run?.model ?? "model"}.html`;
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}
