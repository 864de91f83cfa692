// The script of the inspector's page: puts views and details together, and follows the address.

import type { InspectorDocument } from "../../inspect/inspector/inspector-document.ts";
import { byId, element, refill } from "../client/dom.ts";
import { pageData } from "../client/page-data.ts";
import { detailPanel } from "./detail/detail.ts";
import { listenToKeys } from "./keys.ts";
import { hashOf, type Place, placeIn, type ViewName } from "./place.ts";
import type { Reader, View } from "./reader.ts";
import { headerElement, helpDialog, searchElement, tabsElement } from "./shell.ts";
import { stepView } from "./step/step-view.ts";
import { stepModel } from "./step-model.ts";
import { imageView } from "./views/image-view.ts";
import { laddersView } from "./views/ladders-view.ts";
import { memoryView } from "./views/memory-view.ts";
import { rooflineView } from "./views/roofline-view.ts";
import { timelineView } from "./views/timeline-view.ts";

const MAKE: Readonly<Record<ViewName, (reader: Reader) => View>> = {
  step: stepView,
  timeline: timelineView,
  memory: memoryView,
  roofline: rooflineView,
  ladders: laddersView,
  image: imageView,
};

/** From here on details stand beside the view, not over it. */
const WIDE = matchMedia("(min-width: 900px)");

const step = stepModel(pageData<InspectorDocument>("document"));
const views = new Map<ViewName, View>();
let place = known(placeIn(location.hash));
let matches: ReadonlySet<number> | null = null;

const reader: Reader = {
  step,
  get place() {
    return place;
  },
  go(to, { isWalk = false } = {}) {
    const next = known({ ...place, ...to });
    if (hashOf(next) === hashOf(place)) return;
    history[isWalk ? "replaceState" : "pushState"](null, "", hashOf(next));
    move(next);
  },
};

const detail = detailPanel(reader);
const tabs = tabsElement(reader);
const help = helpDialog();
const search = searchElement(reader, (found) => {
  matches = found;
  views.get(place.view)?.filter?.(matches);
});
const main = element("main", { id: "view", tabindex: "-1", role: "tabpanel" });

function start(): void {
  const explain = element(
    "button",
    {
      type: "button",
      class: "plain",
      "aria-label": "keys and words (?)",
      title: "keys and words (?)",
      onclick: () => help.showModal(),
    },
    "?",
  );
  const bar = element("nav", { class: "bar" }, tabs.element, search.element, explain);
  refill(
    byId("page"),
    headerElement(step),
    bar,
    element("div", { class: "split" }, main, detail.element),
    help,
  );
  listenToKeys(reader, { search, help });
  for (const name of ["popstate", "hashchange"]) {
    addEventListener(name, () => move(known(placeIn(location.hash))));
  }
  if (location.hash === "" && WIDE.matches) place = { ...place, dispatch: step.start?.id ?? null };
  move(place);
}

/** A dispatch that this step does not have is none. */
function known(wanted: Place): Place {
  const { dispatch } = wanted;
  return dispatch !== null && !step.entry(dispatch) ? { ...wanted, dispatch: null } : wanted;
}

function move(next: Place): void {
  const hadDetail = place.dispatch !== null;
  place = next;
  const view = viewOf(next.view);
  if (main.firstElementChild !== view.element) {
    refill(main, view.element);
    main.scrollTop = 0;
  }
  tabs.show(next.view);
  main.setAttribute("aria-labelledby", `tab-${next.view}`);
  detail.show(next.dispatch === null ? null : step.entry(next.dispatch));
  document.body.classList.toggle("has-detail", next.dispatch !== null);
  view.follow(next);
  view.filter?.(matches);
  // Over the view there is nothing else to read, so the keyboard goes where the eye is.
  if (!WIDE.matches && next.dispatch !== null && !hadDetail) detail.element.focus();
}

function viewOf(name: ViewName): View {
  const view = views.get(name) ?? MAKE[name](reader);
  views.set(name, view);
  return view;
}

start();
