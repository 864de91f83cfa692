// Every rung of a ladder with the time that it takes for a problem, the taken one lit.

import type { SolutionView } from "../../inspect/inspector/inspector-document.ts";
import { element } from "../client/dom.ts";
import { formatMs } from "./format.ts";

export function ladderView({ ladder, rungs, reason }: SolutionView): HTMLElement {
  const slowest = Math.max(...rungs.map(({ ms }) => ms ?? 0), 1e-9);
  return element(
    "div",
    { class: "ladder" },
    element("p", { class: "hint" }, `${ladder}: ${reason}`),
    ...rungs.map(({ name, ms, isTaken, note }) => {
      const bar = element("span", { class: "bar" });
      bar.style.width = `${ms === null ? 0 : Math.max(0.5, (100 * ms) / slowest)}%`;
      return element(
        "div",
        { class: `rung${isTaken ? " taken" : ""}` },
        element("b", {}, name),
        element("span", { class: "track" }, bar),
        element("span", { class: "time" }, ms === null ? "–" : formatMs(ms)),
        note !== "" && element("span", { class: "note" }, note),
      );
    }),
  );
}
