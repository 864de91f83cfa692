// Memory over the step: each slot a lane, each tensor a bar from the dispatch that first sets it to the last that reads it; above, the
// bytes in use, with the peak.

import type { LifeView } from "../../../inspect/inspector/inspector-document.ts";
import { element, refill, svg } from "../../client/dom.ts";
import { bar, dispatchLink } from "../parts.ts";
import { PASSES } from "../passes.ts";
import type { Reader, View } from "../reader.ts";
import type { Entry, StepModel } from "../step-model.ts";
import { valuesElement } from "../tensors/values.ts";
import { counted, ofBytes, ofShare } from "../words.ts";

/** Pixels that the slots take together, as far as none gets too low. */
const HEIGHT = 420;
const LEAST = 9;

export function memoryView(reader: Reader): View {
  const { step } = reader;
  const { memory } = step.document.profile;
  const card = element("div", { class: "life-card", "aria-live": "polite" });
  const cursor = element("div", { class: "cursor", hidden: true });
  const lives = element(
    "div",
    { class: "slots" },
    ...slotLanes(reader, (life) => refill(card, lifeCard(life, reader))),
  );
  const plot = element(
    "div",
    { class: "memory-plot" },
    liveChart(step),
    lives,
    peakMark(step),
    cursor,
  );
  const saved = memory.unsharedBytes > 0 ? 1 - memory.slotBytes / memory.unsharedBytes : 0;
  return {
    element: element(
      "div",
      { class: "view memory-view" },
      element(
        "p",
        { class: "note" },
        `From left to right the dispatches; a lane is a slot, a buffer that several tensors use one after another. ${counted(memory.slots.length, "slot")} of ${ofBytes(memory.slotBytes)}, where ${ofBytes(memory.unsharedBytes)} would be needed without sharing: ${ofShare(saved)} less. Click a tensor.`,
      ),
      element(
        "div",
        { class: "scroller", tabindex: "0", role: "region", "aria-label": "memory" },
        plot,
      ),
      card,
      persistentTable(step),
    ),
    follow: ({ dispatch }) => {
      const entry = dispatch === null ? null : step.entry(dispatch);
      cursor.hidden = entry === null;
      if (entry) cursor.style.left = `${(100 * (entry.at + 0.5)) / step.entries.length}%`;
    },
  };
}

/** Where a dispatch that may not run stands among those that do. */
function placeOf({ entries }: StepModel, id: number): number {
  const at = entries.findIndex((entry) => entry.id >= id);
  return at < 0 ? entries.length - 1 : at;
}

function slotLanes(reader: Reader, onChoose: (life: LifeView) => void): readonly HTMLElement[] {
  const { step } = reader;
  const { slots } = step.document.profile.memory;
  const total = slots.reduce((sum, { bytes }) => sum + bytes, 0);
  return slots.map(({ bytes }, slot) => {
    const height = Math.max(LEAST, (HEIGHT * bytes) / Math.max(1, total));
    const bars = step.document.memory
      .filter((life) => life.slot === slot)
      .map((life) => lifeBar(life, step, { slotBytes: bytes, onChoose }));
    const title = `slot ${slot}: ${ofBytes(bytes)}`;
    return element(
      "div",
      { class: "slot", style: `height: ${height.toFixed(1)}px`, title },
      ...bars,
    );
  });
}

function lifeBar(
  life: LifeView,
  step: StepModel,
  { slotBytes, onChoose }: { readonly slotBytes: number; onChoose(life: LifeView): void },
): HTMLElement {
  const count = step.entries.length;
  const from = placeOf(step, life.first);
  const to = placeOf(step, life.last) + 1;
  const pass = step.entries[from]?.facts.pass ?? "data";
  const words = `${life.label}, ${ofBytes(life.bytes)}, from #${life.first} to #${life.last}`;
  const filled = Math.max(4, (100 * life.bytes) / Math.max(1, slotBytes));
  const place = `left: ${((100 * from) / count).toFixed(3)}%; width: ${((100 * (to - from)) / count).toFixed(3)}%`;
  const style = `${place}; height: max(5px, ${filled.toFixed(1)}%); --hue: ${PASSES[pass].colour}`;
  const attributes = {
    type: "button",
    class: "life",
    style,
    title: words,
    "aria-label": words,
    onclick: () => onChoose(life),
  };
  return element("button", attributes, element("span", {}, life.label));
}

function liveChart(step: StepModel): SVGSVGElement {
  const { live, peak } = step.document.profile.memory;
  const count = Math.max(1, live.length);
  const points = live.flatMap(({ bytes }, index) => {
    const y = (100 - (96 * bytes) / Math.max(1, peak.bytes)).toFixed(2);
    return [`${index},${y}`, `${index + 1},${y}`];
  });
  return svg(
    "svg",
    {
      class: "live",
      viewBox: `0 0 ${count} 100`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `bytes in slots, at most ${ofBytes(peak.bytes)}`,
    },
    svg("polygon", { points: `0,100 ${points.join(" ")} ${count},100` }),
  );
}

function peakMark(step: StepModel): HTMLElement {
  const { peak } = step.document.profile.memory;
  const share = (placeOf(step, peak.dispatch) + 0.5) / step.entries.length;
  const words = `peak ${ofBytes(peak.bytes)} at #${peak.dispatch}`;
  const side = share > 0.6 ? "peak left" : "peak";
  return element(
    "div",
    { class: side, style: `left: ${(100 * share).toFixed(3)}%` },
    element("span", {}, words),
  );
}

function lifeCard(life: LifeView, reader: Reader): HTMLElement {
  const { step } = reader;
  const found = step.document.tensors.find(
    ({ label, writers }) =>
      label === life.label && writers.some((id) => id >= life.first && id <= life.last),
  );
  const ends = [life.first, life.last].flatMap((id): Entry[] => {
    const entry = step.entry(id);
    return entry ? [entry] : [];
  });
  const links = ends.map((entry) => dispatchLink(entry, reader));
  return element(
    "article",
    { class: "tensor" },
    element(
      "header",
      {},
      element("b", {}, life.label),
      element(
        "span",
        { class: "muted right" },
        `${ofBytes(life.bytes)} in slot ${life.slot ?? "of its own"}`,
      ),
    ),
    element("p", { class: "users" }, "first set by ", links[0], " last used by ", links[1]),
    found?.values ? valuesElement(found.values, found.label) : null,
  );
}

function persistentTable({ document }: StepModel): HTMLElement {
  const { memory } = document.profile;
  const rows = [...memory.persistent].sort((a, b) => b.bytes - a.bytes);
  const most = rows[0]?.bytes ?? 1;
  const lines = rows
    .slice(0, 24)
    .map(({ label, holds, bytes }) =>
      element(
        "div",
        { class: "total" },
        element("span", { class: "name" }, label),
        bar(bytes / most),
        element("span", { class: "ms" }, ofBytes(bytes)),
        element("span", { class: "muted" }, holds),
      ),
    );
  const rest = rows.length - lines.length;
  return element(
    "div",
    {},
    element("h3", {}, `What outlives the step: ${ofBytes(memory.persistentBytes)}`),
    element("div", { class: "totals" }, ...lines),
    rest > 0 ? element("p", { class: "note" }, `and ${rest} more, smaller than these`) : null,
  );
}
