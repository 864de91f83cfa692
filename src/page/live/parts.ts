// Trials or folds as a table, the best first; of trials also their hyper-parameters as lines across parallel axes, coloured by score. A row under
// the pointer brings its line out.

import { element, refill, svg } from "../client/dom.ts";
import { bestPart } from "./curves.ts";
import type { PartsPlan } from "./live-events.ts";
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
    hears: ["run", "part", "partProgress", "partEnd", "end"],
    draw(state) {
      const plan = state.run?.parts ?? null;
      panel.hidden = !plan || state.parts.size === 0;
      if (!plan) return;
      title.textContent = plan.name === "trial" ? "Trials" : "Folds";
      refill(table, tableOf(state, plan));
      picture.hidden = plan.axes.length < 2;
      if (!picture.hidden) refill(picture, parallel(state, plan, picture.clientWidth));
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
  const rows = parts.map(([id, part]) => {
    const { begun, ended } = part;
    const cells = [
      scoreText(part, objective.name),
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

function scoreText({ ended, progress }: Part, objective: string): string {
  if (!ended && progress) {
    const { fold, epoch, epochs, share } = progress;
    const where = fold === null ? "" : `fold ${fold}, `;
    return `${where}epoch ${epoch}/${epochs}, ${Math.round(100 * share)} %`;
  }
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
const SIDE = 46;
/** Between two axes, at least. */
const LEAST_GAP = 84;

/** Where scores lie on the last axis. */
type Place = (score: number) => number;

interface Layout {
  readonly plan: PartsPlan;
  readonly place: Place;
  /** Of an axis. */
  readonly x: (index: number) => number;
}

function parallel(state: LiveState, plan: PartsPlan, room: number): SVGSVGElement {
  const { axes, objective } = plan;
  const scores = [...state.parts.values()].flatMap(({ ended }) => ended?.score ?? []);
  const [low, high] = [Math.min(...scores), Math.max(...scores)];
  const place: Place = (score) => (high > low ? (score - low) / (high - low) : 0.5);
  const marks = [...new Set(scores.length > 0 ? [low, high] : [])].map((score) => ({
    at: place(score),
    text: figureText(objective.name, score),
  }));
  const gap = Math.max(LEAST_GAP, (room - 2 * SIDE) / axes.length);
  const [width, height] = [2 * SIDE + axes.length * gap, HEIGHT];
  const layout: Layout = { plan, place, x: (index) => SIDE + index * gap };
  const all = [...axes, { name: figureName(objective.name), marks }];
  const best = bestPart(state);
  const label = `hyper-parameters of ${state.parts.size} trials, and their ${figureName(objective.name)}`;
  const size = { viewBox: `0 0 ${width} ${height}`, width, height };
  return svg(
    "svg",
    { ...size, role: "img", "aria-label": label },
    ...all.map((_, index) => axisLine(layout.x(index))),
    ...[...state.parts].map(([id, part]) => trialLine(part, layout, id === best)),
    ...all.flatMap(({ name, marks: own }, index) => [
      svg("text", { x: layout.x(index), y: 14, class: "name" }, name),
      ...own.map(({ at, text }) =>
        svg("text", { x: layout.x(index) + 5, y: y(at) + 4, class: "mark" }, text),
      ),
    ]),
  );
}

const y = (share: number): number => HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM);

function axisLine(x: number): SVGElement {
  return svg("line", { x1: x, x2: x, y1: y(0), y2: y(1), class: "axis" });
}

function trialLine(
  { begun, ended }: Part,
  { plan, place, x }: Layout,
  isBest: boolean,
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
  const kind = ended ? (isBest ? "trial best" : "trial") : "trial running";
  const line = { points: points.join(" "), "data-part": begun.part, style, class: kind };
  return svg("polyline", line, svg("title", {}, begun.part));
}

function colourOf(place: number, { objective }: PartsPlan): string {
  const good = Math.round(100 * (objective.direction === "max" ? place : 1 - place));
  return `color-mix(in oklab, var(--vermillion) ${good}%, var(--sky))`;
}
