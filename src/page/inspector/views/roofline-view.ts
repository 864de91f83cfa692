// The roofline of the whole step.

import { element, refill } from "../../client/dom.ts";
import { PASSES } from "../passes.ts";
import type { Reader, View } from "../reader.ts";
import { hasDot, rooflineChart } from "../roofline.ts";
import { counted } from "../words.ts";

export function rooflineView(reader: Reader): View {
  const { step } = reader;
  const box = element("div", { class: "chart-box" });
  const passes = [...new Set(step.entries.filter(hasDot).map(({ facts }) => facts.pass))];
  const legend = passes.map((pass) =>
    element("span", { style: `--hue: ${PASSES[pass].colour}` }, pass),
  );
  const silent = step.entries.filter((entry) => !hasDot(entry)).length;
  const rest =
    silent > 0
      ? ` ${counted(silent, "dispatch", "dispatches")} that only move bytes have none.`
      : "";
  let chosen: number | null = null;
  let matches: ReadonlySet<number> | null = null;
  const draw = (): void => {
    const isNarrow = box.clientWidth < 560;
    const size = isNarrow ? { width: 380, height: 420 } : { width: 760, height: 480 };
    const entry = chosen === null ? null : step.entry(chosen);
    const chart = rooflineChart(reader, { ...size, chosen: entry, hasNames: true });
    refill(box, chart);
    for (const dot of box.querySelectorAll<SVGElement>(".dot")) {
      dot.classList.toggle("dimmed", matches !== null && !matches.has(Number(dot.dataset["id"])));
    }
  };
  let width = 0;
  new ResizeObserver(() => {
    if (box.clientWidth === width) return;
    width = box.clientWidth;
    draw();
  }).observe(box);
  return {
    element: element(
      "div",
      { class: "view roofline-view" },
      element(
        "p",
        { class: "note" },
        `A dispatch is a dot: to the right what computes much for each byte, upwards what computes fast; the larger, the more of the step's time. The roof is what was measured on this adapter: level for arithmetic, a slope for memory, dashed for bytes that fit into its caches.${rest}`,
      ),
      element("div", { class: "tools" }, element("span", { class: "legend" }, ...legend)),
      box,
    ),
    follow: ({ dispatch }) => {
      chosen = dispatch;
      draw();
    },
    filter: (found) => {
      matches = found;
      draw();
    },
  };
}
