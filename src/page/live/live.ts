// The page of a run that is watched: brings the host's events to the view of them, and what its buttons ask for to the host. When the host
// is gone it goes on with what it has, and can be saved as a file that shows the same.

import { byId, element } from "../client/dom.ts";
import { pageHtml } from "../page.ts";
import type { Connection } from "./head.ts";
import type { Told } from "./live-events.ts";
import { LIVE_STYLE } from "./live-style.ts";
import { liveView } from "./live-view.ts";

/** Tries of the browser to find the host again, about a second apart. */
const MOST_TRIES = 30;

const view = liveView(ask);
const saved = document.getElementById("data-told")?.textContent;

build();
if (saved) {
  for (const event of JSON.parse(saved) as readonly Told[]) view.hear(event);
  view.show("saved");
} else listen();

function build(): void {
  const save = element(
    "button",
    { type: "button", id: "save", onclick: savePage },
    "Save this page",
  );
  save.title = "as one file that shows what is known now, without the run";
  byId("live").replaceChildren(view.element, element("footer", {}, save));
  if (saved) save.remove();
}

function listen(): void {
  const source = new EventSource("events");
  let tries = 0;
  const show = (connection: Connection): void => view.show(connection);
  source.addEventListener("open", () => {
    tries = 0;
    show("open");
  });
  source.addEventListener("message", ({ data }) => {
    const event = JSON.parse(data) as Told;
    view.hear(event);
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
  const { state, told } = view;
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
