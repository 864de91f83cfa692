// What `--stats` measures, as it comes: one row a tensor at the newest step, with its histogram and how its deviation went.

import { element, refill, svg } from "../client/dom.ts";
import type { StatisticsEvent } from "./live-events.ts";
import type { LiveState } from "./live-state.ts";
import { card, type Panel } from "./panel.ts";
import { percent, short } from "./words.ts";

type Entry = StatisticsEvent["entries"][number];
type Measured = Entry["measured"];

const KINDS: readonly (readonly [Measured, string])[] = [
  ["activations", "activations"],
  ["activationGradients", "their gradients"],
  ["weights", "weights"],
  ["gradients", "gradients"],
  ["updates", "updates"],
];
/** Steps that a small curve goes back. */
const MOST_STEPS = 120;

export function statisticsPanel(): Panel {
  let kind: Measured = "activations";
  let known: LiveState | null = null;
  const tabs = element("div", { class: "tabs" });
  const note = element("p", { class: "note" });
  const place = element("div", { class: "scrolls" });
  const panel = card("Statistics by layer", { className: "full", note }, tabs, place);
  const show = (): void => {
    const last = known?.statistics.at(-1);
    if (!known || !last) return;
    note.textContent = `step ${last.step}, gradient norm ${short(last.gradientNorm, 3)}`;
    refill(tabs, ...KINDS.map(([name, text]) => tab(name, text)));
    refill(place, tableOf(known.statistics.slice(-MOST_STEPS), kind));
  };
  const tab = (name: Measured, text: string): HTMLElement =>
    element(
      "button",
      {
        type: "button",
        "aria-pressed": String(name === kind),
        onclick: () => {
          kind = name;
          show();
        },
      },
      text,
    );
  return {
    element: panel,
    hears: ["statistics"],
    draw(state) {
      known = state;
      panel.hidden = state.statistics.length === 0;
      show();
    },
  };
}

function tableOf(steps: readonly StatisticsEvent[], kind: Measured): HTMLTableElement {
  const last = steps.at(-1);
  const isUpdate = kind === "updates";
  const heads = ["", "mean", "deviation", "least", "largest", "zero"];
  if (isUpdate) heads.push("update ratio");
  heads.push("histogram", "deviation over steps");
  const rows = (last?.entries ?? [])
    .filter(({ measured }) => measured === kind)
    .map((entry) => {
      const { name, mean, deviation, min, max, zeros, elements, nonFinite } = entry;
      const ratio = isUpdate ? [cell(short(last?.updateRatios[name], 3))] : [];
      const history = steps.map(
        (step) => step.entries.find((one) => one.measured === kind && one.name === name)?.deviation,
      );
      return element(
        "tr",
        { class: nonFinite > 0 ? "bad" : undefined },
        element("th", { scope: "row" }, name),
        ...[mean, deviation, min, max].map((value) => cell(short(value, 3))),
        cell(percent(zeros / elements, 0)),
        ...ratio,
        element("td", {}, nonFinite > 0 ? `${nonFinite} not finite` : histogram(entry)),
        element("td", {}, sparkline(history)),
      );
    });
  return element(
    "table",
    { class: "figures" },
    element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", {}, text)))),
    element("tbody", {}, ...rows),
  );
}

function cell(text: string): HTMLElement {
  return element("td", { class: "number" }, text);
}

function histogram({ histogram: counts, min, max }: Entry): SVGElement {
  const most = Math.max(1, ...counts);
  // Roots: a peak at zero would leave nothing else to see.
  const bars = counts.map((count, bin) => {
    const height = 20 * Math.sqrt(count / most);
    return svg("rect", { x: 3 * bin, y: 20 - height, width: 2.5, height });
  });
  const label = `from ${short(min, 3)} to ${short(max, 3)}`;
  const size = { width: 3 * counts.length, height: 20, viewBox: `0 0 ${3 * counts.length} 20` };
  return svg("svg", { ...size, class: "histogram", role: "img", "aria-label": label }, ...bars);
}

function sparkline(values: readonly (number | null | undefined)[]): SVGElement {
  const finite = values.filter((value): value is number => Number.isFinite(value ?? Number.NaN));
  const [low, high] = [Math.min(...finite), Math.max(...finite)];
  const x = (index: number) => (finite.length > 1 ? (100 * index) / (finite.length - 1) : 50);
  const y = (value: number) => (high > low ? 18 - (16 * (value - low)) / (high - low) : 10);
  const points = finite.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`);
  const label = `from ${short(finite[0], 3)} to ${short(finite.at(-1), 3)}`;
  const size = { width: 100, height: 20, viewBox: "0 0 100 20" };
  const line = svg("polyline", { points: points.join(" ") });
  return svg("svg", { ...size, class: "sparkline", role: "img", "aria-label": label }, line);
}
