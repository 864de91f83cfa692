// Every problem that a ladder solved, with all its rungs; like ones together.

import type { SolutionView } from "../../../inspect/inspector/inspector-document.ts";
import { element } from "../../client/dom.ts";
import { rungTable, speedUpOf } from "../detail/ladder.ts";
import { linksTo } from "../detail/tensors.ts";
import type { Reader, View } from "../reader.ts";
import { counted, ofFactor } from "../words.ts";

export function laddersView(reader: Reader): View {
  const { solutions } = reader.step.document;
  const ladders = [...new Set(solutions.map(({ ladder }) => ladder))];
  const parts = ladders.map((ladder) => {
    const alike = grouped(solutions.filter((one) => one.ladder === ladder));
    const cards = alike.map((group) => card(group, reader));
    const count = alike.reduce((sum, group) => sum + group.length, 0);
    return element(
      "section",
      { class: "ladder-group" },
      element(
        "h3",
        {},
        `${ladder} `,
        element("span", { class: "muted" }, counted(count, "problem")),
      ),
      element("div", { class: "cards" }, ...cards),
    );
  });
  return {
    element: element(
      "div",
      { class: "view ladders-view" },
      element(
        "p",
        { class: "note" },
        "A ladder is one operation written in several ways, its rungs: from the naive loop upwards. For each problem of the step the time of every rung that fits it, alone, on the inputs that it has here; ✓ is the one that runs.",
      ),
      ...(parts.length > 0
        ? parts
        : [element("p", {}, "No dispatch of this step is on a ladder.")]),
    ),
    follow: () => undefined,
  };
}

/** Those that were measured as one are one. */
function grouped(solutions: readonly SolutionView[]): readonly (readonly SolutionView[])[] {
  const groups = new Map<string, SolutionView[]>();
  for (const solution of solutions) {
    const isMeasured = solution.rungs.some(({ ms }) => ms !== null);
    const key = isMeasured
      ? JSON.stringify(solution.rungs)
      : JSON.stringify([solution.rung, "unmeasured"]);
    groups.set(key, [...(groups.get(key) ?? []), solution]);
  }
  return [...groups.values()];
}

function card(group: readonly SolutionView[], reader: Reader): HTMLElement {
  const [first] = group;
  if (!first) return element("div");
  const layers = [
    ...new Set(
      group.flatMap(({ dispatches }) =>
        dispatches.map((id) => reader.step.entry(id)?.facts.layer ?? ""),
      ),
    ),
  ].filter(Boolean);
  const factor = speedUpOf(first);
  const title =
    layers.length > 3
      ? `${layers.slice(0, 2).join(", ")} and ${layers.length - 2} more layers`
      : layers.join(", ");
  const gain = factor && first.rung !== "naive" ? `${ofFactor(factor)} as fast as naive` : "";
  return element(
    "article",
    { class: "ladder-card" },
    element("header", {}, element("b", {}, title), element("span", { class: "gain" }, gain)),
    rungTable(first),
    element(
      "p",
      { class: "users" },
      ...linksTo(
        group.flatMap(({ dispatches }) => dispatches),
        reader,
      ),
    ),
  );
}
