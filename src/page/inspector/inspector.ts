// The inspector in the browser: which view is shown, which dispatch is selected, and the keys that walk. What is shown is in the
// address, so that back goes back and a link can be shared.

import type { InspectorDocument } from "../../inspect/inspector/inspector-document.ts";
import { byId, element, refill } from "../client/dom.ts";
import { pageData } from "../client/page-data.ts";
import { detailView } from "./detail.ts";
import { formatMs } from "./format.ts";
import { imagesView } from "./images-view.ts";
import { ladderView } from "./ladder-view.ts";
import { memoryView } from "./memory-view.ts";
import { rooflineView } from "./roofline-view.ts";
import { type Dispatch, type Measure, Step } from "./step.ts";
import { stepView } from "./step-view.ts";
import { timelineView } from "./timeline-view.ts";

const VIEWS = ["step", "timeline", "memory", "roofline", "ladders", "images"] as const;
type View = (typeof VIEWS)[number];

const KEYS =
  "↑ ↓ walk the dispatches in their order · ← → between a gradient and what it is the gradient of · / search · 1–6 views · Esc closes";

class Inspector {
  readonly #step: Step;
  readonly #main = element("main", { tabindex: -1 });
  readonly #detail = element("aside", { "aria-label": "dispatch", "aria-live": "polite" });
  readonly #tabs: ReadonlyMap<View, HTMLElement>;
  #view: View = "step";
  #measure: Measure = "time";
  #selected: number | null = null;

  constructor(step: Step) {
    this.#step = step;
    this.#tabs = new Map(
      VIEWS.map((view) => [
        view,
        element("button", { role: "tab", onclick: () => this.go(view, this.#selected) }, view),
      ]),
    );
  }

  mount(parent: HTMLElement): void {
    refill(
      parent,
      headerOf(this.#step),
      element("nav", { class: "tabs", role: "tablist" }, ...this.#tabs.values()),
      element("div", { class: "layout" }, this.#main, this.#detail),
      element("footer", {}, KEYS),
    );
    addEventListener("hashchange", () => this.#read());
    addEventListener("keydown", (event) => this.#onKey(event));
    this.#read();
  }

  /** Through the address, so that there is a way back. */
  go(view: View, selected: number | null): void {
    const hash = selected === null ? `#${view}` : `#${view}/${selected}`;
    if (hash === location.hash) this.#read();
    else location.hash = hash;
  }

  #read(): void {
    const [view = "", id] = location.hash.slice(1).split("/");
    const isFirst = location.hash === "" && innerWidth > 900;
    const selected = isFirst
      ? (this.#step.start?.id ?? null)
      : id === undefined
        ? null
        : Number(id);
    const known = VIEWS.find((one) => one === view) ?? "step";
    const isSame = known === this.#view && this.#main.childElementCount > 0;
    this.#view = known;
    this.#selected = this.#step.dispatch(selected ?? -1)?.id ?? null;
    for (const [name, tab] of this.#tabs) tab.setAttribute("aria-selected", String(name === known));
    if (isSame && known === "step") this.#mark();
    else refill(this.#main, this.#viewNow());
    this.#showDetail();
  }

  /** The picture of the step stays as it is, scrolled and filtered; only the mark moves. */
  #mark(): void {
    for (const old of this.#main.querySelectorAll(".selected")) old.classList.remove("selected");
    const now = this.#main.querySelector(`[data-id="${this.#selected}"]`);
    now?.classList.add("selected");
    now?.scrollIntoView({ block: "nearest" });
  }

  #viewNow(): Node {
    const selected = this.#selected;
    const onSelect = (id: number): void => this.go(this.#view, id);
    switch (this.#view) {
      case "step":
        return stepView(this.#step, {
          ...{ measure: this.#measure, selected, onSelect },
          onMeasure: (measure) => {
            this.#measure = measure;
            refill(this.#main, this.#viewNow());
          },
        });
      case "timeline":
        return timelineView(this.#step, { selected, onSelect });
      case "memory":
        return memoryView(this.#step, { onSelect });
      case "roofline":
        return element(
          "div",
          {},
          element(
            "p",
            { class: "hint" },
            "The line is the most that the adapter was measured to do: on the left its memory bounds a kernel, on the right its arithmetic. A dot's size is its share of the time.",
          ),
          rooflineView(this.#step, { width: 760, height: 460, selected, onSelect }),
        );
      case "ladders":
        return laddersOf(this.#step, onSelect);
      case "images":
        return imagesView(this.#step.document.journeys);
    }
  }

  #showDetail(): void {
    const dispatch = this.#selected === null ? null : this.#step.dispatch(this.#selected);
    document.body.classList.toggle("has-detail", dispatch !== null);
    if (!dispatch) {
      refill(this.#detail);
      return;
    }
    refill(
      this.#detail,
      detailView(this.#step, dispatch, {
        select: (id) => this.go(this.#view, id),
        close: () => this.go(this.#view, null),
      }),
    );
    this.#detail.scrollTop = 0;
  }

  #onKey(event: KeyboardEvent): void {
    const isTyping = event.target instanceof HTMLInputElement;
    if (event.key === "Escape") {
      if (isTyping) (event.target as HTMLInputElement).blur();
      else this.go(this.#view, null);
      return;
    }
    if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const next = this.#keyed(event.key);
    if (next !== undefined) {
      event.preventDefault();
      if (next) this.go(this.#view, next.id);
    } else if (event.key === "/") {
      event.preventDefault();
      if (this.#view !== "step") this.go("step", this.#selected);
      setTimeout(() => document.getElementById("search")?.focus());
    } else {
      const view = VIEWS[Number(event.key) - 1];
      if (view) this.go(view, this.#selected);
    }
  }

  /** Where an arrow leads; null: nowhere, undefined: the key is no arrow. */
  #keyed(key: string): Dispatch | null | undefined {
    const { dispatches } = this.#step;
    const now = this.#selected === null ? null : this.#step.dispatch(this.#selected);
    const at = now?.index ?? -1;
    if (key === "ArrowDown") return dispatches[at + 1] ?? null;
    if (key === "ArrowUp") return dispatches[Math.max(0, at - 1)] ?? null;
    if (key === "ArrowLeft")
      return now?.forwardOf == null ? null : this.#step.dispatch(now.forwardOf);
    if (key === "ArrowRight")
      return dispatches.find(({ forwardOf }) => forwardOf === now?.id) ?? null;
    return undefined;
  }
}

function headerOf({ document: { title, source, profile } }: Step): HTMLElement {
  const facts = [
    `${profile.model}, ${profile.step} step, batch ${profile.batch}`,
    `${formatMs(profile.stepMs.median)} a step`,
    `${profile.dispatches.length} dispatches`,
    profile.adapter,
    `weights: ${source}`,
  ];
  return element(
    "header",
    { class: "page-head" },
    element("h1", {}, title),
    element("ul", {}, ...facts.map((fact) => element("li", {}, fact))),
    profile.isBusy &&
      element(
        "p",
        { class: "busy" },
        "The machine was busy while this was measured: samples lie far apart, so small differences mean nothing.",
      ),
  );
}

function laddersOf({ document }: Step, onSelect: (id: number) => void): HTMLElement {
  return element(
    "div",
    {},
    element(
      "p",
      { class: "hint" },
      "A ladder writes one problem several times. Each rung was timed alone, on the inputs that the problem has in this step.",
    ),
    ...document.solutions
      .filter(({ dispatches }) => dispatches.length > 0)
      .map((solution) => {
        const [first = 0] = solution.dispatches;
        const layer = document.profile.dispatches.find(({ id }) => id === first)?.layer ?? "";
        return element(
          "section",
          {},
          element(
            "button",
            { class: "link", onclick: () => onSelect(first) },
            `${layer} · ${solution.ladder} · #${first}`,
          ),
          ladderView(solution),
        );
      }),
  );
}

new Inspector(new Step(pageData<InspectorDocument>("inspector"))).mount(byId("app"));
