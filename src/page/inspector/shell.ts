// What surrounds the views: what the page is of, the tabs, the search, and the keys explained.

import { type Child, element } from "../client/dom.ts";
import { PASSES } from "./passes.ts";
import { VIEWS, type ViewName } from "./place.ts";
import type { Reader } from "./reader.ts";
import type { StepModel } from "./step-model.ts";
import { ofShare, ofTime } from "./words.ts";

export function headerElement({ document, entries }: StepModel): HTMLElement {
  const { profile, dropped } = document;
  const spread = (profile.stepMs.upper - profile.stepMs.lower) / 2;
  const fact = (value: string, label: string, title?: string): HTMLElement =>
    element("span", { class: "fact", title }, element("b", {}, value), ` ${label}`);
  const left = dropped.map(({ id, kernel, reason }) => `#${id} ${kernel}: ${reason}`).join("\n");
  const warning = profile.isBusy
    ? element(
        "p",
        { class: "warning", role: "note" },
        "The machine was busy while this was measured: samples of one and the same step lie far apart, so small differences mean nothing.",
      )
    : null;
  return element(
    "header",
    { class: "page-head" },
    element(
      "div",
      { class: "title" },
      element("h1", {}, "One ", element("em", {}, profile.step), " step of ", profile.model),
      element("p", {}, `${document.source} · ${profile.adapter}`),
    ),
    element(
      "p",
      { class: "facts" },
      fact(String(profile.batch), profile.batch === 1 ? "image" : "images"),
      fact(
        ofTime(profile.stepMs.median),
        `a step ± ${ofTime(spread)}`,
        "as it runs, many in a row; half of the samples lie within",
      ),
      fact(String(entries.length), entries.length === 1 ? "dispatch" : "dispatches"),
      dropped.length > 0 ? fact(String(dropped.length), "left out", left) : null,
    ),
    shareLine(entries),
    warning,
  );
}

/** Where the time goes, in one line. */
function shareLine(entries: StepModel["entries"]): HTMLElement {
  const parts = Object.entries(PASSES).map(([pass, { colour }]): Child => {
    const share = entries.reduce(
      (sum, { facts }) => sum + (facts.pass === pass ? facts.share : 0),
      0,
    );
    if (share === 0) return null;
    const style = `--hue: ${colour}; flex-grow: ${share.toFixed(4)}`;
    return element("i", { style, title: `${pass}: ${ofShare(share)} of the time` });
  });
  return element("div", { class: "share-line", "aria-hidden": "true" }, ...parts);
}

const TITLES: Readonly<Record<ViewName, string>> = {
  step: "Step",
  timeline: "Timeline",
  memory: "Memory",
  roofline: "Roofline",
  ladders: "Ladders",
  image: "Image",
};

export interface Tabs {
  readonly element: HTMLElement;
  show(view: ViewName): void;
}

export function tabsElement(reader: Reader): Tabs {
  const tabs = VIEWS.map((view) =>
    element(
      "button",
      {
        type: "button",
        role: "tab",
        id: `tab-${view}`,
        "aria-controls": "view",
        onclick: () => reader.go({ view }),
      },
      TITLES[view],
    ),
  );
  return {
    element: element("div", { class: "tabs", role: "tablist", "aria-label": "views" }, ...tabs),
    show: (view) => {
      for (const tab of tabs) tab.setAttribute("aria-selected", String(tab.id === `tab-${view}`));
    },
  };
}

export interface Search {
  readonly element: HTMLElement;
  focus(): void;
  /** True if there was something to clear. */
  clear(): boolean;
}

/** All words must be somewhere in a dispatch; Enter walks through what matches. */
export function searchElement(
  reader: Reader,
  onMatches: (matches: ReadonlySet<number> | null) => void,
): Search {
  const { entries } = reader.step;
  const found = element("output", { class: "found" });
  const input = element("input", {
    type: "search",
    placeholder: "layer, kernel, tensor, rung",
    "aria-label": "search dispatches",
    autocomplete: "off",
    spellcheck: "false",
  });
  let matches: readonly number[] = [];
  const search = (): void => {
    const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    const isAll = words.length === 0;
    matches = entries
      .filter(({ haystack }) => words.every((word) => haystack.includes(word)))
      .map(({ id }) => id);
    found.textContent = isAll ? "" : `${matches.length} of ${entries.length}`;
    onMatches(isAll ? null : new Set(matches));
  };
  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || matches.length === 0) return;
    const { dispatch } = reader.place;
    const next = matches.find((id) => id > (dispatch ?? -1)) ?? matches[0] ?? null;
    reader.go({ dispatch: next });
  });
  return {
    element: element("label", { class: "search" }, element("kbd", {}, "/"), input, found),
    focus: () => input.focus(),
    clear: () => {
      const isFull = input.value !== "";
      input.value = "";
      search();
      input.blur();
      return isFull;
    },
  };
}

const KEYS: readonly (readonly [string, string])[] = [
  ["↑ ↓", "the dispatch before, and after"],
  ["← →", "from a gradient to its forward dispatch, and back"],
  ["1 … 6", "the views"],
  ["/", "search; Enter walks through what matches"],
  ["Esc", "close"],
  ["?", "this"],
];

const TERMS: readonly (readonly [string, string])[] = [
  ["dispatch", "one kernel, started once on the device over a grid of workgroups"],
  ["ladder, rung", "an operation that is written in several ways, and one of these ways"],
  ["roofline", "the most that arithmetic and memory of this adapter allow"],
  ["ulp", "steps from one float32 number to the next: how far off a result is, counted in them"],
  ["slot", "a buffer that several tensors use, one after another"],
];

export function helpDialog(): HTMLDialogElement {
  const list = (rows: readonly (readonly [string, string])[], isKeys: boolean): HTMLElement =>
    element(
      "dl",
      { class: isKeys ? "keys" : "terms" },
      ...rows.flatMap(([name, words]) => [
        element("dt", {}, isKeys ? element("kbd", {}, name) : name),
        element("dd", {}, words),
      ]),
    );
  const dialog = element(
    "dialog",
    { class: "help", "aria-label": "keys and words" },
    element("h2", {}, "Keys"),
    list(KEYS, true),
    element("h2", {}, "Words"),
    list(TERMS, false),
    element("form", { method: "dialog" }, element("button", { class: "start" }, "Close")),
  );
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  return dialog;
}
