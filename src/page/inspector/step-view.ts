// The step as a picture: a row a layer, forward on the left and backward on the right, a bar a dispatch.

import { element } from "../client/dom.ts";
import { formatMeasure } from "./format.ts";
import {
  type Dispatch,
  type Group,
  groupsOf,
  type Measure,
  measured,
  type Step,
  shortName,
} from "./step.ts";

interface StepOptions {
  readonly measure: Measure;
  readonly selected: number | null;
  readonly onSelect: (id: number) => void;
  readonly onMeasure: (measure: Measure) => void;
}

const MEASURES: readonly Measure[] = ["time", "bytes", "flops"];

export function stepView(step: Step, options: StepOptions): HTMLElement {
  const most = Math.max(...step.dispatches.map((one) => measured(one, options.measure)), 1e-12);
  const search = element("input", {
    ...{ type: "search", id: "search", placeholder: "search: layer, kernel, op ( / )" },
    "aria-label": "search dispatches",
  });
  const rows = groupsOf(step).map((group) => groupView(group, { ...options, most }));
  const body = element("div", { class: "step" }, ...rows);
  search.addEventListener("input", () => filter(body, search.value.trim().toLowerCase()));
  return element(
    "div",
    {},
    element(
      "p",
      { class: "hint" },
      "Layers from top to bottom; a bar is a dispatch: one kernel on one grid of workgroups. Click one.",
    ),
    element(
      "div",
      { class: "controls" },
      element(
        "div",
        { class: "switch", role: "group", "aria-label": "bars by" },
        ...MEASURES.map((measure) =>
          element(
            "button",
            {
              "aria-pressed": String(measure === options.measure),
              onclick: () => options.onMeasure(measure),
            },
            measure,
          ),
        ),
      ),
      search,
    ),
    element(
      "div",
      { class: "step-head" },
      element("span", {}, "layer"),
      element("span", {}, "forward →"),
      element("span", {}, "← backward"),
    ),
    body,
  );
}

function groupView(group: Group, options: StepOptions & { readonly most: number }): HTMLElement {
  const { name, className, forward, backward } = group;
  return element(
    "div",
    { class: `group${forward.length + backward.length === 0 ? " empty" : ""}` },
    element("div", { class: "name" }, name, className !== "" && element("small", {}, className)),
    element("div", { class: "cell" }, ...forward.map((one) => bar(one, options))),
    element("div", { class: "cell" }, ...backward.map((one) => bar(one, options))),
  );
}

function bar(dispatch: Dispatch, options: StepOptions & { readonly most: number }): HTMLElement {
  const { id, pass, layer, kernel, op, view } = dispatch;
  const value = measured(dispatch, options.measure);
  const isWrong = view.errors.some(({ isWithin }) => !isWithin);
  const button = element(
    "button",
    {
      class: `dispatch ${pass}${id === options.selected ? " selected" : ""}${isWrong ? " wrong" : ""}`,
      "data-id": id,
      "data-text":
        `${layer ?? pass} ${kernel} ${op} ${dispatch.solution?.ladder ?? ""} #${id}`.toLowerCase(),
      title: `#${id} ${kernel}`,
      onclick: () => options.onSelect(id),
    },
    element("span", { class: "what" }, shortName(dispatch)),
    element("span", { class: "value" }, formatMeasure(value, options.measure)),
  );
  button.style.setProperty("--share", String(Math.max(0.004, value / options.most)));
  return button;
}

function filter(body: HTMLElement, text: string): void {
  for (const group of body.children) {
    let found = 0;
    for (const button of group.querySelectorAll<HTMLElement>(".dispatch")) {
      const matches = text === "" || (button.dataset["text"] ?? "").includes(text);
      button.hidden = !matches;
      if (matches) found++;
    }
    (group as HTMLElement).hidden = text !== "" && found === 0;
  }
}
