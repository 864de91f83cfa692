// Everything about one dispatch: where it is from, what it runs, on what, how fast, and how right.

import { element, refill } from "../client/dom.ts";
import { compiledCode, siteCode, writtenCode } from "./code-view.ts";
import {
  formatBytes,
  formatFlops,
  formatMs,
  formatNumber,
  formatShape,
  formatShare,
  shortSite,
} from "./format.ts";
import { ladderView } from "./ladder-view.ts";
import { rooflineView } from "./roofline-view.ts";
import { type Dispatch, type Step, shortName } from "./step.ts";
import { tensorView } from "./values-view.ts";

interface DetailActions {
  readonly select: (id: number) => void;
  readonly close: () => void;
}

export function detailView(step: Step, dispatch: Dispatch, actions: DetailActions): HTMLElement {
  const { id, layer, pass, op, kernel } = dispatch;
  return element(
    "div",
    { class: "detail-body" },
    element(
      "header",
      {},
      element("button", { class: "close", onclick: actions.close, "aria-label": "close" }, "×"),
      element("p", { class: `pass ${pass}` }, `#${id} · ${pass} pass · ${op}`),
      element("h2", {}, layer ?? pass),
      element("p", { class: "kernel" }, kernel),
    ),
    neighbours(step, dispatch, actions),
    section("Time", timing(step, dispatch, actions)),
    section("Right or wrong", errors(dispatch)),
    section(
      "Reads",
      tensors(step, dispatch, (access) => access !== "write"),
    ),
    section(
      "Writes",
      tensors(step, dispatch, (access) => access !== "read"),
    ),
    dispatch.solutionView && section("Rungs of the ladder", ladderView(dispatch.solutionView)),
    section("WGSL", code(dispatch)),
    section("Launch", launch(step, dispatch)),
    section("In the model", site(step, dispatch)),
  );
}

function section(title: string, ...children: (Node | null)[]): HTMLElement {
  return element("section", {}, element("h3", {}, title), ...children);
}

function neighbours(step: Step, { view, forwardOf }: Dispatch, { select }: DetailActions) {
  const link = (id: number) => {
    const other = step.dispatch(id);
    if (!other) return null;
    const name = `#${id} ${other.layer ?? other.pass} · ${shortName(other)}`;
    return element("button", { class: `link ${other.pass}`, onclick: () => select(id) }, name);
  };
  const row = (title: string, ids: readonly number[]) =>
    ids.length > 0 &&
    element("div", { class: "row" }, element("span", { class: "title" }, title), ...ids.map(link));
  return element(
    "nav",
    { class: "neighbours", "aria-label": "producers and consumers" },
    row("from", view.producers),
    row("to", view.consumers),
    forwardOf !== null && row("gradient of", [forwardOf]),
  );
}

function timing(step: Step, dispatch: Dispatch, { select }: DetailActions): HTMLElement {
  const { ms, share, gflops, gbs, bound, ofCompute, ofMemory, ofLaunch } = dispatch;
  const near = { compute: ofCompute, memory: ofMemory, launch: ofLaunch }[bound];
  return element(
    "div",
    { class: "timing" },
    element(
      "dl",
      { class: "figures" },
      fact(
        "time",
        formatMs(ms.median),
        `half of the samples: ${formatMs(ms.lower)} to ${formatMs(ms.upper)}`,
      ),
      fact("of the step", formatShare(share)),
      fact("GFLOPS", formatNumber(gflops)),
      fact("GB/s", formatNumber(gbs)),
      fact("bound by", bound, `at ${formatShare(near)} of that ceiling`),
      fact(
        "work",
        formatFlops(dispatch.usefulFlops),
        `the kernel does ${formatFlops(dispatch.executedFlops)}`,
      ),
      fact("moves", formatBytes(dispatch.bytes)),
    ),
    gflops > 0 && gbs > 0
      ? rooflineView(step, { width: 360, height: 220, selected: dispatch.id, onSelect: select })
      : element("p", { class: "hint" }, "computes nothing, so it has no dot in the roofline"),
  );
}

function fact(name: string, value: string, note = ""): HTMLElement {
  return element(
    "div",
    {},
    element("dt", {}, name),
    element("dd", {}, value, note !== "" && element("small", {}, note)),
  );
}

function errors({ view }: Dispatch): HTMLElement {
  if (view.errors.length === 0) {
    return element("p", { class: "hint" }, "nobody has written down what this should compute");
  }
  const head = ["result", "against", "worst", "relative", "ulp", "bound", ""];
  return element(
    "div",
    { class: "scroll" },
    element(
      "table",
      {},
      element("thead", {}, element("tr", {}, ...head.map((text) => element("th", {}, text)))),
      element(
        "tbody",
        {},
        ...view.errors.map((error) =>
          element(
            "tr",
            { class: error.isWithin ? "" : "wrong" },
            ...[
              ...[error.tensor, error.against === "naive" ? "naive rung" : error.against],
              ...[error.worstAbsolute, error.worstRelative, error.worstUlp, error.bound].map(
                formatNumber,
              ),
              error.isWithin ? "within" : "OUT OF BOUNDS",
            ].map((text) => element("td", {}, text)),
          ),
        ),
      ),
    ),
  );
}

function tensors(
  step: Step,
  dispatch: Dispatch,
  isShown: (access: string) => boolean,
): HTMLElement {
  const shown = Object.entries(dispatch.bindings).flatMap(([name, { access }]) => {
    const tensor = step.tensor(dispatch.view.bindings[name] ?? -1);
    return tensor && isShown(access) ? [tensorView(name, tensor, access)] : [];
  });
  const note =
    "as they are after their last writer in the step; pictures are of the first row of the batch";
  return element("div", {}, element("p", { class: "hint" }, note), ...shown);
}

function code({ kernelView }: Dispatch): HTMLElement {
  const body = element("div", {}, writtenCode(kernelView));
  const buttons = (["as written", "as compiled"] as const).map((name) =>
    element(
      "button",
      { "aria-pressed": String(name === "as written"), onclick: () => show(name) },
      name,
    ),
  );
  const show = (name: string): void => {
    for (const button of buttons)
      button.setAttribute("aria-pressed", String(button.textContent === name));
    refill(body, name === "as written" ? writtenCode(kernelView) : compiledCode(kernelView));
  };
  const switches = [
    ...Object.entries(kernelView.flags).map(([name, on]) => `${name} ${on ? "on" : "off"}`),
    ...Object.entries(kernelView.constants).map(([name, value]) => `${name} = ${value}`),
  ];
  return element(
    "div",
    {},
    element("div", { class: "switch", role: "group", "aria-label": "WGSL" }, ...buttons),
    element(
      "p",
      { class: "hint" },
      `entry point ${kernelView.entry}; ${switches.join(", ") || "no switches"}; dim lines are switched off`,
    ),
    body,
  );
}

function launch(step: Step, dispatch: Dispatch): HTMLElement {
  const { grid, view, bindings } = dispatch;
  const rows = Object.entries(bindings).map(([name, { tensor, shape, dtype, access, bytes }]) =>
    element(
      "tr",
      {},
      ...[name, tensor, `${formatShape(shape)} ${dtype}`, access, formatBytes(bytes)].map((text) =>
        element("td", {}, text),
      ),
    ),
  );
  const params = Object.entries(view.params).map(
    ([name, value]) => `${name} = ${formatNumber(value)}`,
  );
  const { length } = step.dispatches;
  return element(
    "div",
    {},
    element(
      "p",
      {},
      `grid ${grid.join(" × ")} workgroups; dispatch ${dispatch.index + 1} of ${length}`,
    ),
    element("div", { class: "scroll" }, element("table", {}, element("tbody", {}, ...rows))),
    element(
      "p",
      { class: "numbers" },
      params.length > 0 ? `Params: ${params.join(", ")}` : "no Params",
    ),
  );
}

function site(step: Step, { site: place, layers }: Dispatch): HTMLElement {
  const known = step.document.sites.find((one) => one.site === place);
  const also = layers.slice(1);
  return element(
    "div",
    {},
    element(
      "p",
      { class: "hint" },
      place === null ? "outside of the model's layers" : shortSite(place),
    ),
    also.length > 0 &&
      element("p", { class: "hint" }, `does the work of ${also.join(", ")} as well`),
    known && siteCode(known),
  );
}
