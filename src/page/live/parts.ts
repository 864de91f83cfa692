// Trials or folds as a table, the best first; of trials also their hyper-parameters as lines across parallel axes, coloured by score. A row under
// the pointer brings its line out.

import { element, refill, svg } from "../client/dom.ts";
import { bestPart } from "./curves.ts";
import type { Axis, PartsPlan } from "./live-events.ts";
import type { LiveState, Part } from "./live-state.ts";
import type { Panel } from "./panel.ts";
import { duration, figureName, figureText } from "./words.ts";

export function partsPanel(): Panel {
  const table = element("div", { class: "scrolls" });
  const picture = element("div", { class: "parallel scrolls" });
  const title = element("h2", {});
  const panel = element(
    "section",
    { class: "card full", hidden: true },
    ...[element("header", {}, title), picture, table],
  );
  const bringOut = (part: string | null): void => {
    for (const line of picture.querySelectorAll("[data-part]")) {
      line.classList.toggle("out", line.getAttribute("data-part") === part);
    }
  };
  table.addEventListener("pointerover", (event) => {
    const row = event.target instanceof Element ? event.target.closest("tr[data-part]") : null;
    bringOut(row?.getAttribute("data-part") ?? null);
  });
  table.addEventListener("pointerleave", () => bringOut(null));
  return {
    element: panel,
    hears: ["run", "part", "partEnd", "end"],
    draw(state) {
      const plan = state.run?.parts ?? null;
      panel.hidden = !plan || state.parts.size === 0;
      if (!plan) return;
      title.textContent = plan.name === "trial" ? "Trials" : "Folds";
      refill(table, tableOf(state, plan));
      const drawn = plan.axes.length > 1 ? parallel(state, plan) : null;
      picture.hidden = drawn === null;
      refill(picture, drawn);
    },
  };
}

function tableOf(state: LiveState, { name, objective, axes }: PartsPlan): HTMLTableElement {
  const parts = ranked(state, objective.direction);
  const figures = [...new Set(parts.flatMap(([, { ended }]) => Object.keys(ended?.figures ?? {})))];
  const best = bestPart(state);
  const heads = [
    ...[name, figureName(objective.name), ...figures.map(figureName), "best epoch", "took"],
    ...axes.map((axis) => axis.name),
  ];
  const rows = parts.map(([id, { begun, ended }]) => {
    const cells = [
      scoreText(ended, objective.name),
      ...figures.map((figure) => {
        const value = ended?.figures[figure];
        return value == null ? "" : figureText(figure, value);
      }),
      ended?.bestEpoch ?? "",
      ended ? duration(ended.seconds) : "",
      ...axes.map((axis) => begun.values[axis.name] ?? ""),
    ];
    return element(
      "tr",
      { "data-part": id, class: id === best ? "best" : ended ? undefined : "running" },
      element("th", { scope: "row" }, id),
      ...cells.map((text) => element("td", { class: "number" }, text)),
    );
  });
  return element(
    "table",
    { class: "figures" },
    element("thead", {}, element("tr", {}, ...heads.map((text) => element("th", {}, text)))),
    element("tbody", {}, ...rows),
  );
}

function scoreText(ended: Part["ended"], objective: string): string {
  if (!ended) return "under way";
  if (ended.score === null) return ended.message ? `failed: ${ended.message}` : "failed";
  return figureText(objective, ended.score);
}

/** What is under way first, then by score, what failed last. */
function ranked({ parts }: LiveState, direction: "min" | "max"): (readonly [string, Part])[] {
  const sign = direction === "max" ? -1 : 1;
  const key = ({ ended }: Part) =>
    ended ? (ended.score === null ? Number.MAX_VALUE : sign * ended.score) : -Number.MAX_VALUE;
  return [...parts].sort(([, a], [, b]) => key(a) - key(b));
}

const HEIGHT = 260;
const TOP = 34;
const BOTTOM = 14;
const SIDE = 70;
/** Least distance of two axes. */
const GAP = 120;

/** Where scores lie on the last axis. */
type Place = (score: number) => number;

function parallel(state: LiveState, plan: PartsPlan): SVGSVGElement {
  const { axes, objective } = plan;
  const scores = [...state.parts.values()].flatMap(({ ended }) => ended?.score ?? []);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const place: Place = (score) => (high > low ? (score - low) / (high - low) : 0.5);
  const marks = [...new Set(scores.length > 0 ? [low, high] : [])].map((score) => ({
    at: place(score),
    text: figureText(objective.name, score),
  }));
  const [width, height] = [2 * SIDE + axes.length * GAP, HEIGHT];
  const label = `hyper-parameters of ${state.parts.size} trials, and their ${figureName(objective.name)}`;
  const size = { viewBox: `0 0 ${width} ${height}`, width, height };
  return svg(
    "svg",
    { ...size, role: "img", "aria-label": label },
    ...[...axes, { name: figureName(objective.name), marks }].flatMap(axisOf),
    ...[...state.parts].map(([id, part]) => trialLine(id, part, { plan, place })),
  );
}

const y = (share: number): number => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);
const x = (index: number): number => SIDE + index * GAP;

function axisOf({ name, marks }: Axis, index: number): readonly SVGElement[] {
  return [
    svg("line", { x1: x(index), x2: x(index), y1: y(0), y2: y(1), class: "axis" }),
    svg("text", { x: x(index), y: 14, class: "name" }, name),
    ...marks.map(({ at, text }) =>
      svg("text", { x: x(index) + 5, y: y(at) + 4, class: "mark" }, text),
    ),
  ];
}

function trialLine(
  id: string,
  { begun, ended }: Part,
  { plan, place }: { readonly plan: PartsPlan; readonly place: Place },
): SVGElement | null {
  const score = ended?.score ?? null;
  if (ended && score === null) return null;
  // An axis that a trial has no value of is passed by.
  const points = plan.axes.flatMap(({ name }, index) => {
    const at = begun.places[name];
    return at === undefined ? [] : [`${x(index)},${y(at).toFixed(1)}`];
  });
  if (score !== null) points.push(`${x(plan.axes.length)},${y(place(score)).toFixed(1)}`);
  const style = `stroke: ${score === null ? "var(--ink)" : colourOf(place(score), plan)}`;
  const kind = ended ? "trial" : "trial running";
  const line = { points: points.join(" "), "data-part": id, style, class: kind };
  return svg("polyline", line, svg("title", {}, id));
}

function colourOf(place: number, { objective }: PartsPlan): string {
  const good = Math.round(100 * (objective.direction === "max" ? place : 1 - place));
  return `color-mix(in oklab, var(--vermillion) ${good}%, var(--sky))`;
}
