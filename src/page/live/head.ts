// The head of the page: what runs, how far it is, how fast, how long still.

import { element, refill } from "../client/dom.ts";
import type { LiveState } from "./live-state.ts";
import type { Panel } from "./panel.ts";
import { count, duration, figureName, figureText, percent, short } from "./words.ts";

/** Whether the host still tells: `lost` while the browser tries again. */
export type Connection = "open" | "lost" | "gone" | "saved";

export interface Head extends Panel {
  show(connection: Connection): void;
}

export function headPanel(): Head {
  const title = element("h1", {});
  const facts = element("p", { class: "facts" });
  const status = element("p", { class: "status", role: "status" });
  const bars = element("div", { class: "bars" });
  const gauges = element("dl", { class: "gauges" });
  let connection: Connection = "open";
  let known: LiveState | null = null;
  const draw = (state: LiveState): void => {
    known = state;
    const { run } = state;
    if (!run) return;
    refill(title, run.model, element("small", {}, run.command));
    refill(facts, ...run.facts.map(([name, value]) => element("span", {}, `${name} ${value}`)));
    status.className = `status ${toneOf(state, connection)}`;
    refill(status, statusOf(state, connection));
    refill(bars, ...barsOf(state));
    refill(gauges, ...gaugesOf(state));
    document.title = `${shareDone(state)} ${run.model} - ${run.command}`.trim();
  };
  return {
    element: element(
      "section",
      { class: "head" },
      element("div", { class: "title" }, title, status),
      ...[facts, bars, gauges],
    ),
    hears: [
      ...(["run", "compile", "epochBegin", "progress", "epoch", "rate"] as const),
      ...(["part", "partEnd", "stopping", "end"] as const),
    ],
    draw,
    show(now) {
      connection = now;
      if (known) draw(known);
    },
  };
}

function toneOf({ phase, end }: LiveState, connection: Connection): string {
  if (end) return end.ended === "failed" ? "bad" : "done";
  return connection !== "open" || phase === "stopping" ? "doubt" : "busy";
}

const ENDINGS = {
  finished: "finished",
  early: "stopped early",
  interrupted: "stopped",
  failed: "failed",
} as const;

function statusOf({ end, phase, compile }: LiveState, connection: Connection): string {
  if (end) return end.message ? `${ENDINGS[end.ended]}: ${end.message}` : ENDINGS[end.ended];
  if (connection === "lost") return "no word from the run; trying again";
  if (connection === "gone") return "the run has ended without a word; what was told so far stays";
  if (connection === "saved") return "saved while it was running";
  if (phase === "stopping") return "stopping; the epoch under way is not counted";
  if (compile) return `compiling kernels ${compile.index + 1}/${compile.total}: ${compile.label}`;
  return phase === "training" ? "training" : "preparing";
}

/** The epoch's bar, and, where there are several, that of all epochs or parts. */
function barsOf(state: LiveState): readonly Node[] {
  const { run, current, parts } = state;
  if (!run || !current) return [];
  const within = current.steps > 0 ? current.step / current.steps : 0;
  const epochs = (current.epoch - 1 + within) / run.epochs;
  const rows = [bar(`step ${count(current.step)} of ${count(current.steps)}`, within)];
  rows.unshift(bar(`epoch ${current.epoch} of ${run.epochs}`, epochs));
  if (run.parts) {
    const done = [...parts.values()].filter(({ ended }) => ended).length;
    const { name, total } = run.parts;
    const text = total === null ? `${done} ${name}s done` : `${done} of ${total} ${name}s`;
    rows.unshift(bar(text, total === null ? 0 : done / total));
  }
  return rows;
}

function bar(text: string, share: number): HTMLElement {
  const value = Math.min(1, Math.max(0, share));
  return element(
    "div",
    { class: "bar" },
    element("span", {}, text),
    element("progress", { max: 1, value: value.toFixed(4), "aria-label": text }),
  );
}

function gaugesOf(state: LiveState): readonly Node[] {
  const { progress, current, end, at } = state;
  const rows: (readonly [string, string])[] = [["elapsed", duration(at / 1000)]];
  if (!end) rows.push(["left, at most", progress?.eta == null ? "-" : duration(progress.eta)]);
  rows.push([
    "images/s",
    progress?.imagesPerSecond == null ? "-" : count(progress.imagesPerSecond),
  ]);
  rows.push(["ms/step", progress?.msPerStep == null ? "-" : short(progress.msPerStep, 3)]);
  if (state.learningRate !== null) rows.push(["learning rate", short(state.learningRate)]);
  const logs = current ? state.curves.get(current.curve)?.epochs.at(-1)?.logs : undefined;
  for (const name of ["loss", "accuracy", "val_loss", "val_accuracy"]) {
    const value = logs?.[name];
    if (value != null) rows.push([figureName(name), figureText(name, value)]);
  }
  return rows.map(([name, value]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, value)),
  );
}

/** For the tab's title. */
function shareDone({ run, current, end, parts }: LiveState): string {
  if (end) return end.ended === "failed" ? "✗" : "✓";
  if (!run || !current) return "";
  if (run.parts) {
    const done = [...parts.values()].filter(({ ended }) => ended).length;
    return run.parts.total === null ? String(done) : percent(done / run.parts.total, 0);
  }
  const within = current.steps > 0 ? current.step / current.steps : 0;
  return percent((current.epoch - 1 + within) / run.epochs, 0);
}
