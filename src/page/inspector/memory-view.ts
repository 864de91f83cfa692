// The memory plan: slots downwards, dispatches to the right, a box a tensor's life. Tensors whose lives do not meet share a slot.

import type { LifeView } from "../../inspect/inspector/inspector-document.ts";
import { element, svg } from "../client/dom.ts";
import { formatBytes } from "./format.ts";
import type { Step } from "./step.ts";

const WIDTH = 1100;
const LEFT = 96;
const ROW = 22;
const CURVE = 90;

export function memoryView(
  step: Step,
  { onSelect }: { readonly onSelect: (id: number) => void },
): HTMLElement {
  const { memory } = step.document.profile;
  const lives = step.document.memory.filter(({ slot }) => slot !== null);
  const last = Math.max(...step.dispatches.map(({ id }) => id), 1) + 1;
  const x = (id: number) => LEFT + (id / last) * (WIDTH - LEFT);
  const rows = memory.slots.length;
  const picture = svg("svg", {
    viewBox: `0 0 ${WIDTH} ${CURVE + rows * ROW + 24}`,
    class: "memory",
    role: "img",
    "aria-label": `${lives.length} tensors in ${rows} slots`,
  });
  const most = Math.max(memory.peak.bytes, 1);
  const curve = memory.live.map(
    ({ dispatch, bytes }) => `${x(dispatch)},${CURVE - 8 - (bytes / most) * (CURVE - 26)}`,
  );
  picture.append(svg("polyline", { points: curve.join(" "), class: "live" }));
  picture.append(svg("text", { x: 0, y: 14 }, "live bytes"));
  const { peak } = memory;
  const side = peak.dispatch > last * 0.7 ? "end" : "start";
  picture.append(
    svg(
      "text",
      { x: x(peak.dispatch), y: 12, "text-anchor": side, class: "strong" },
      `peak ${formatBytes(peak.bytes)} at #${peak.dispatch}`,
    ),
  );
  for (const [slot, { bytes }] of memory.slots.entries()) {
    const y = CURVE + slot * ROW;
    picture.append(svg("text", { x: 0, y: y + 15 }, `slot ${slot}, ${formatBytes(bytes)}`));
    picture.append(
      svg("line", { x1: LEFT, x2: WIDTH, y1: y + ROW - 1, y2: y + ROW - 1, class: "grid" }),
    );
  }
  for (const life of lives) picture.append(lifeBox(life, { x, onSelect }));
  const saved = memory.unsharedBytes > 0 ? 1 - memory.slotBytes / memory.unsharedBytes : 0;
  return element(
    "div",
    {},
    element(
      "p",
      { class: "hint" },
      `${formatBytes(memory.totalBytes)} in all: ${formatBytes(memory.persistentBytes)} persist, ${formatBytes(memory.slotBytes)} in ${rows} slots; ${formatBytes(memory.unsharedBytes)} without sharing, which saves ${(100 * saved).toFixed(0)} %. A box goes from the first dispatch that uses a tensor to the last.`,
    ),
    element("div", { class: "scroll", tabindex: 0 }, element("div", { class: "wide" }, picture)),
    element("h3", {}, "What persists"),
    element(
      "div",
      { class: "scroll" },
      element(
        "table",
        {},
        element(
          "tbody",
          {},
          ...memory.persistent.map(({ label, holds, bytes }) =>
            element(
              "tr",
              {},
              element("td", {}, label),
              element("td", {}, holds),
              element("td", {}, formatBytes(bytes)),
            ),
          ),
        ),
      ),
    ),
  );
}

interface Places {
  readonly x: (id: number) => number;
  readonly onSelect: (id: number) => void;
}

function lifeBox(
  { label, bytes, first, last, slot }: LifeView,
  { x, onSelect }: Places,
): SVGElement {
  const width = Math.max(3, x(last + 1) - x(first) - 1);
  const y = CURVE + (slot ?? 0) * ROW + 2;
  const text = width > 7 * label.length ? label : "";
  return svg(
    "g",
    { class: "life", onclick: () => onSelect(first) },
    svg("title", {}, `${label}, ${formatBytes(bytes)}, #${first} to #${last}`),
    svg("rect", { x: x(first), y, width, height: ROW - 5, rx: 2 }),
    svg("text", { x: x(first) + 4, y: y + 12 }, text),
  );
}
