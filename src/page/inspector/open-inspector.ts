// The inspector over one step: puts views and details together, and follows the address.

import type { InspectorDocument } from "../../inspect/inspector/inspector-document.ts";
import { byId, element, refill } from "../client/dom.ts";
import { detailPanel } from "./detail/detail.ts";
import { listenToKeys } from "./keys.ts";
import { hashOf, type Place, placeIn, type ViewName } from "./place.ts";
import type { Reader, View } from "./reader.ts";
import { headerElement, helpDialog, searchElement, tabsElement } from "./shell.ts";
import { stepView } from "./step/step-view.ts";
import { type StepModel, stepModel } from "./step-model.ts";
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

/** Fills the page's element #page. */
export function openInspector(document: InspectorDocument): void {
  new Inspector(stepModel(document)).start();
}

class Inspector implements Reader {
  readonly step: StepModel;
  place: Place;
  readonly #views = new Map<ViewName, View>();
  #matches: ReadonlySet<number> | null = null;
  readonly #detail: ReturnType<typeof detailPanel>;
  readonly #tabs: ReturnType<typeof tabsElement>;
  readonly #main = element("main", { id: "view", tabindex: "-1", role: "tabpanel" });

  constructor(step: StepModel) {
    this.step = step;
    this.place = this.#known(placeIn(location.hash));
    this.#detail = detailPanel(this);
    this.#tabs = tabsElement(this);
  }

  start(): void {
    const help = helpDialog();
    const search = searchElement(this, (found) => {
      this.#matches = found;
      this.#views.get(this.place.view)?.filter?.(found);
    });
    const explain = element(
      "button",
      {
        ...{ type: "button", class: "plain" },
        ...{ "aria-label": "keys and words (?)", title: "keys and words (?)" },
        onclick: () => help.showModal(),
      },
      "?",
    );
    const bar = element("nav", { class: "bar" }, this.#tabs.element, search.element, explain);
    const split = element("div", { class: "split" }, this.#main, this.#detail.element);
    refill(byId("page"), headerElement(this.step), bar, split, help);
    listenToKeys(this, { search, help });
    for (const name of ["popstate", "hashchange"]) {
      addEventListener(name, () => this.#move(this.#known(placeIn(location.hash))));
    }
    if (location.hash === "" && WIDE.matches) {
      this.place = { ...this.place, dispatch: this.step.start?.id ?? null };
    }
    this.#move(this.place);
  }

  go(to: Partial<Place>, { isWalk = false }: { readonly isWalk?: boolean } = {}): void {
    const next = this.#known({ ...this.place, ...to });
    if (hashOf(next) === hashOf(this.place)) return;
    history[isWalk ? "replaceState" : "pushState"](null, "", hashOf(next));
    this.#move(next);
  }

  /** A dispatch that this step does not have is none. */
  #known(wanted: Place): Place {
    const { dispatch } = wanted;
    return dispatch !== null && !this.step.entry(dispatch) ? { ...wanted, dispatch: null } : wanted;
  }

  #move(next: Place): void {
    const hadDetail = this.place.dispatch !== null;
    this.place = next;
    const view = this.#viewOf(next.view);
    if (this.#main.firstElementChild !== view.element) {
      refill(this.#main, view.element);
      this.#main.scrollTop = 0;
    }
    this.#tabs.show(next.view);
    this.#main.setAttribute("aria-labelledby", `tab-${next.view}`);
    this.#detail.show(next.dispatch === null ? null : this.step.entry(next.dispatch));
    document.body.classList.toggle("has-detail", next.dispatch !== null);
    view.follow(next);
    view.filter?.(this.#matches);
    // Over the view there is nothing else to read, so the keyboard goes where the eye is.
    if (!WIDE.matches && next.dispatch !== null && !hadDetail) this.#detail.element.focus();
  }

  #viewOf(name: ViewName): View {
    const view = this.#views.get(name) ?? MAKE[name](this);
    this.#views.set(name, view);
    return view;
  }
}
