// Figures over epochs as they grow: thick lines by epoch, behind them pale ones of the last steps. Under the pointer, the legend says what the
// lines are at.

import { element, refill } from "../client/dom.ts";
import { EDGE, type LineChart, lineChart, type Series } from "../client/line-chart.ts";
import type { Curve, LiveState, Point } from "./live-state.ts";
import { card, type Panel } from "./panel.ts";
import { figureName, figureText, percent, short } from "./words.ts";

/** More than a chart has pixels for. */
const MOST_POINTS = 500;
/** Of a chart on the narrowest page, and of all. */
const LEAST_WIDTH = 260;
const HEIGHT = 230;

type Drawn = Omit<LineChart, "width" | "height"> & {
  readonly series: readonly Series[];
  readonly nameX: (x: number) => string;
  readonly nameY: (y: number) => string;
};

/** A chart with a legend. `drawnOf`: null while there is nothing to show. */
export function chartPanel(
  title: string,
  hears: Panel["hears"],
  drawnOf: (state: LiveState) => Drawn | null,
): Panel {
  const legend = element("p", { class: "legend" });
  const place = element("div", { class: "chart" });
  const panel = card(title, { className: "chart-card", note: legend }, place);
  let drawn: Drawn | null = null;
  let pointer: number | null = null;
  const redraw = (): void => {
    if (!drawn) return;
    // As wide as it is shown, so that words keep their size.
    const width = Math.max(LEAST_WIDTH, place.clientWidth);
    const at = pointer === null ? null : positionAt(drawn, pointer, width);
    const marks = [...(drawn.marks ?? []), ...(at === null ? [] : [{ x: at, title: "" }])];
    refill(place, lineChart({ ...drawn, marks, width, height: HEIGHT }));
    refill(legend, ...legendOf(drawn, at));
  };
  place.addEventListener("pointermove", (event) => {
    const box = place.getBoundingClientRect();
    pointer = event.clientX - box.left;
    redraw();
  });
  place.addEventListener("pointerleave", () => {
    pointer = null;
    redraw();
  });
  addEventListener("resize", redraw);
  return {
    element: panel,
    hears,
    draw(state) {
      drawn = drawnOf(state);
      panel.hidden = drawn === null;
      redraw();
    },
  };
}

/** The nearest x at which a thick line has a point. */
function positionAt(
  { series, xDomain = [0, 1] }: Drawn,
  pointer: number,
  width: number,
): number | null {
  const share = (pointer - EDGE.left) / (width - EDGE.left - EDGE.right);
  const wanted = xDomain[0] + share * (xDomain[1] - xDomain[0]);
  const thick = series.filter(({ isFaint }) => !isFaint);
  const all = (thick.some(({ points }) => points.length > 0) ? thick : series)
    .flatMap(({ points }) => points)
    .map(([x]) => x);
  const [nearest = null] = all.toSorted((a, b) => Math.abs(a - wanted) - Math.abs(b - wanted));
  return nearest;
}

function legendOf({ series, nameX, nameY }: Drawn, at: number | null): readonly Node[] {
  const shown = series.filter(({ name }) => name !== "");
  const entries = shown.map(({ name, colour, points }) => {
    const last = at === null ? points.at(-1) : pointAt(points, at);
    return element(
      "span",
      { class: "key" },
      element("i", { style: `background: ${colour}` }),
      `${name} `,
      element("b", {}, last ? nameY(last[1]) : "-"),
    );
  });
  return at === null ? entries : [element("span", { class: "where" }, nameX(at)), ...entries];
}

function pointAt(points: readonly Point[], at: number): Point | undefined {
  const [nearest] = points.toSorted((a, b) => Math.abs(a[0] - at) - Math.abs(b[0] - at));
  return nearest && Math.abs(nearest[0] - at) < 0.5 ? nearest : undefined;
}

/** Loss or accuracy of one training, on the rows it learns from and on those held out. */
export function figurePanel(figure: "loss" | "accuracy"): Panel {
  const formatY = (value: number) => (figure === "loss" ? short(value, 3) : percent(value, 0));
  return chartPanel(
    figure === "loss" ? "Loss" : "Accuracy",
    ["run", "progress", "epoch", "rate"],
    (state) => {
      const curve = state.curves.get("run");
      if (!curve || state.run?.parts) return null;
      const recent = thinned(figure === "loss" ? curve.recentLoss : curve.recentAccuracy);
      const [training, validation] = [byEpoch(curve, figure), byEpoch(curve, `val_${figure}`)];
      // A model that tells no classes apart has no accuracy.
      if ([recent, training, validation].every(({ length }) => length === 0)) return null;
      return {
        label: `${figure} by epoch`,
        series: [
          { name: "last steps", colour: "var(--blue)", points: recent, isFaint: true },
          { name: "training", colour: "var(--blue)", points: training },
          { name: "validation", colour: "var(--vermillion)", points: validation },
        ],
        ...{ formatY, hasWholeX: true, xDomain: [0, epochsShown(state)] },
        marks: byHand(state),
        nameX: (x) => `epoch ${short(x, 3)}`,
        nameY: (y) => figureText(figure, y),
      };
    },
  );
}

export function ratePanel(): Panel {
  return chartPanel("Learning rate", ["rate", "epoch", "progress"], (state) => {
    if (state.rates.length === 0) return null;
    const steps = state.current?.steps ?? 1;
    const points: Point[] = [];
    for (const { epoch, step, learningRate } of state.rates) {
      const x = epoch - 1 + step / steps;
      const before = points.at(-1);
      if (before) points.push([x, before[1]]);
      points.push([x, learningRate]);
    }
    const { epoch = 1, step = 0 } = state.current ?? {};
    points.push([epoch - 1 + step / steps, state.learningRate ?? 0]);
    const top = 1.15 * Math.max(...points.map(([, rate]) => rate));
    return {
      label: "learning rate by epoch",
      series: [{ name: "rate", colour: "var(--purple)", points }],
      ...{ formatY: (value) => short(value, 2), hasWholeX: true },
      ...{ xDomain: [0, epochsShown(state)], yDomain: [0, top] },
      marks: byHand(state),
      nameX: (x) => `epoch ${short(x, 3)}`,
      nameY: (y) => short(y),
    };
  });
}

export function speedPanel(): Panel {
  return chartPanel("Throughput", ["progress", "epoch", "end"], ({ run, speeds }) => {
    const [first, last] = [speeds[0], speeds.at(-1)];
    // Trials differ in batch and model: one curve of all would say nothing.
    if (run?.parts || !first || !last || speeds.length < 2) return null;
    const top = 1.1 * speeds.reduce((most, [, speed]) => Math.max(most, speed), 0);
    return {
      label: "images per second over time",
      series: [{ name: "images/s", colour: "var(--green)", points: thinned(speeds) }],
      ...{ xDomain: [first[0], last[0]], yDomain: [0, top], formatX: (x) => `${short(x, 3)} s` },
      formatY: (y) => short(y, 3),
      nameX: (x) => `${short(x, 3)} s`,
      nameY: (y) => Math.round(y).toString(),
    };
  });
}

/** A figure of every trial or fold: the one under way and the best stand out. */
export function partsFigurePanel(figure: string): Panel {
  return chartPanel(
    `${figureName(figure).replace(/^./, (first) => first.toUpperCase())} of each`,
    ["run", "epoch", "part", "partEnd", "end"],
    (state) => {
      if (!state.run?.parts || state.curves.size === 0) return null;
      const best = bestPart(state);
      const running = state.phase === "ended" ? null : state.current?.curve;
      const all = [...state.curves.values()].map((curve) => {
        const points = byEpoch(curve, figure);
        if (curve.name === running) {
          return { name: curve.name, colour: "var(--vermillion)", points };
        }
        const isBest = best !== null && state.partOf(curve.name) === best;
        if (isBest) return { name: `best: ${curve.name}`, colour: "var(--green)", points };
        return { name: "", colour: "var(--ink)", points, isFaint: true };
      });
      return {
        label: `${figureName(figure)} by epoch`,
        series: all.toSorted((a, b) => Number(a.name !== "") - Number(b.name !== "")),
        formatY: (value) => (/accuracy$/.test(figure) ? percent(value, 0) : short(value, 3)),
        ...{ hasWholeX: true, xDomain: [1, Math.max(2, epochsShown(state))] },
        nameX: (x) => `epoch ${short(x, 3)}`,
        nameY: (y) => figureText(figure, y),
      };
    },
  );
}

export function bestPart({ run, parts }: LiveState): string | null {
  const sign = run?.parts?.objective.direction === "min" ? -1 : 1;
  let best: { readonly part: string; readonly score: number } | null = null;
  for (const [part, { ended }] of parts) {
    const score = ended?.score ?? null;
    if (score !== null && (!best || sign * score > sign * best.score)) best = { part, score };
  }
  return best?.part ?? null;
}

function byEpoch({ epochs }: Curve, figure: string): Point[] {
  return epochs.flatMap(({ epoch, logs }) => {
    const value = logs[figure];
    return value === undefined || value === null ? [] : [[epoch, value] as const];
  });
}

/** The whole run is not laid out from the start: of twenty epochs the first would be a dot. */
function epochsShown({ current, end }: LiveState): number {
  const epoch = current?.epoch ?? 1;
  return end ? epoch : Math.max(2, epoch);
}

function byHand({ rates, current }: LiveState) {
  const steps = current?.steps ?? 1;
  return rates
    .filter(({ isByHand }) => isByHand)
    .map(({ epoch, step, learningRate }) => ({
      x: epoch - 1 + step / steps,
      title: `learning rate set to ${short(learningRate)}`,
    }));
}

/** Means of neighbours, so that there are no more points than pixels. */
function thinned(points: readonly Point[]): readonly Point[] {
  const size = Math.ceil(points.length / MOST_POINTS);
  if (size <= 1) return points;
  const groups = Math.ceil(points.length / size);
  return Array.from({ length: groups }, (_, group) => {
    const own = points.slice(group * size, (group + 1) * size);
    const mean = (axis: 0 | 1) => own.reduce((sum, point) => sum + point[axis], 0) / own.length;
    return [mean(0), mean(1)] as const;
  });
}
