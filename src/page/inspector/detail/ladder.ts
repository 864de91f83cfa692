// The rungs of the ladder that a dispatch helps to climb: how long each takes alone, and why this one.

import type { SolutionView } from "../../../inspect/inspector/inspector-document.ts";
import { element } from "../../client/dom.ts";
import { bar, section } from "../parts.ts";
import type { Entry } from "../step-model.ts";
import { ofFactor, ofTime } from "../words.ts";

export function ladderSection({ solution, facts }: Entry): HTMLElement {
  if (!solution) {
    const note = `${facts.op} is written in one way only: there is nothing to choose between.`;
    return section({ id: "ladder", title: "Rung", note });
  }
  return section(
    {
      id: "ladder",
      title: `Rung: ${solution.rung} of ${solution.ladder}`,
      note: "A rung is one way to compute the same result, from the naive loop upwards. Times are of the whole problem, alone, on the inputs that it has here.",
    },
    element("p", { class: "reason" }, "Why this one: ", element("b", {}, solution.reason), "."),
    rungTable(solution),
  );
}

export function rungTable({ rungs }: SolutionView): HTMLElement {
  const slowest = Math.max(...rungs.map(({ ms }) => ms ?? 0));
  const naive = rungs.find(({ name }) => name === "naive")?.ms ?? null;
  const rows = rungs.map(({ name, isTaken, ms, note }) => {
    const against =
      ms !== null && naive !== null && name !== "naive" ? factorWords(naive / ms) : "";
    const hue = isTaken ? "var(--accent)" : "var(--muted)";
    return element(
      "div",
      { class: isTaken ? "rung taken" : "rung", role: "listitem" },
      element("span", { class: "name" }, isTaken ? `${name} ✓` : name),
      ms === null ? element("span", { class: "bar none" }) : bar(ms / slowest, hue),
      element("span", { class: "ms" }, ms === null ? "—" : ofTime(ms)),
      element("span", { class: "factor" }, against),
      note === "" ? null : element("span", { class: "why" }, note),
    );
  });
  return element("div", { class: "rungs", role: "list" }, ...rows);
}

function factorWords(factor: number): string {
  return factor >= 1 ? `${ofFactor(factor)} as fast as naive` : `${ofFactor(1 / factor)} as slow`;
}

/** How often the naive rung's time the taken one's is; null where one is not known. */
export function speedUpOf({ rungs }: SolutionView): number | null {
  const naive = rungs.find(({ name }) => name === "naive")?.ms;
  const taken = rungs.find(({ isTaken }) => isTaken)?.ms;
  return naive && taken ? naive / taken : null;
}
