// The step along time: the device's passes in lanes, and what the host does meanwhile; below, where the time goes.

import { element, refill } from "../../client/dom.ts";
import { bar, choice } from "../parts.ts";
import { PASSES } from "../passes.ts";
import type { Reader, View } from "../reader.ts";
import type { Entry, Pass } from "../step-model.ts";
import { counted, ofShare, ofTime } from "../words.ts";

const LANES: readonly Pass[] = ["data", "forward", "metric", "backward", "update"];

export function timelineView(reader: Reader): View {
  const { profile } = reader.step.document;
  const starts = startsOf(reader.step.entries);
  const { encodeMs, submitMs, waitMs } = profile.typicalHost;
  const end = Math.max(
    ...reader.step.entries.map((entry) => (starts.get(entry.id) ?? 0) + entry.facts.typicalMs),
  );
  const hostEnd = encodeMs + submitMs + waitMs;
  const most = Math.max(end, hostEnd, 1e-6);
  const blocks = new Map<number, HTMLElement>();
  const lanes = LANES.map((pass) => {
    const own = reader.step.entries.filter(({ facts }) => facts.pass === pass);
    const bars = own.map((entry) => {
      const block = barOf(entry, reader, { start: starts.get(entry.id) ?? 0, most });
      blocks.set(entry.id, block);
      return block;
    });
    return lane(pass, bars);
  });
  const host = lane("host", hostBars(profile.typicalHost, most));
  const strip = element("div", { class: "strip" }, ruler(most), ...lanes, host);
  const scroller = element(
    "div",
    { class: "scroller", tabindex: "0", role: "region", "aria-label": "timeline" },
    strip,
  );
  const zoom = choice("zoom", ["1×", "4×", "16×"], {
    chosen: "1×",
    onChoose: (name) => strip.style.setProperty("width", `${100 * Number.parseInt(name, 10)}%`),
  });
  const note = reader.step.entries.some(({ facts }) => facts.startMs !== null)
    ? "One typical run of the step, as its timestamps tell it. The host encodes, submits and waits; the device works through the dispatches one after another."
    : "Without timestamps: dispatches one after another, each as long as its typical run.";
  const chosenNote = (id: number | null): void => {
    for (const [other, block] of blocks) block.classList.toggle("chosen", other === id);
    if (id !== null) blocks.get(id)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  };
  return {
    element: element(
      "div",
      { class: "view timeline-view" },
      element("p", { class: "note" }, note),
      element("div", { class: "tools" }, zoom),
      scroller,
      totals(reader),
    ),
    follow: ({ dispatch }) => chosenNote(dispatch),
    filter: (matches) => {
      for (const [id, block] of blocks)
        block.classList.toggle("dimmed", matches !== null && !matches.has(id));
    },
  };
}

/** As measured, or else one after another. */
function startsOf(entries: readonly Entry[]): ReadonlyMap<number, number> {
  const starts = new Map<number, number>();
  let at = 0;
  for (const { id, facts } of entries) {
    starts.set(id, facts.startMs ?? at);
    at = (facts.startMs ?? at) + facts.typicalMs;
  }
  return starts;
}

function lane(name: string, bars: readonly HTMLElement[]): HTMLElement {
  return element("div", { class: "lane" }, element("span", { class: "lane-name" }, name), ...bars);
}

function barOf(
  entry: Entry,
  reader: Reader,
  { start, most }: { readonly start: number; readonly most: number },
): HTMLElement {
  const { facts, id, result } = entry;
  const words = `#${id} ${facts.layer ?? facts.pass} ${result}: ${ofTime(facts.typicalMs)} from ${ofTime(start)} on`;
  const left = (100 * start) / most;
  const width = (100 * facts.typicalMs) / most;
  return element(
    "button",
    {
      type: "button",
      class: "time-bar",
      "data-id": id,
      title: words,
      "aria-label": words,
      style: `left: ${left.toFixed(3)}%; width: ${width.toFixed(3)}%; --hue: ${PASSES[facts.pass].colour}`,
      onclick: () => reader.go({ dispatch: id }),
    },
    element("span", {}, `${facts.layer ?? ""} ${result}`),
  );
}

function hostBars(
  {
    encodeMs,
    submitMs,
    waitMs,
  }: { readonly encodeMs: number; readonly submitMs: number; readonly waitMs: number },
  most: number,
): readonly HTMLElement[] {
  let at = 0;
  return (
    [
      ["encode", encodeMs],
      ["submit", submitMs],
      ["wait", waitMs],
    ] as const
  ).map(([name, ms]) => {
    const left = (100 * at) / most;
    at += ms;
    const style = `left: ${left.toFixed(3)}%; width: ${((100 * ms) / most).toFixed(3)}%`;
    return element(
      "span",
      { class: `time-bar host ${name}`, title: `${name}: ${ofTime(ms)}`, style },
      element("span", {}, name),
    );
  });
}

function ruler(most: number): HTMLElement {
  const marks = Array.from({ length: 9 }, (_, index) => {
    const left = `left: ${(index * 12.5).toFixed(1)}%`;
    return element(
      "span",
      { style: left, class: index % 2 === 1 ? "minor" : "" },
      ofTime((most * index) / 8),
    );
  });
  return element("div", { class: "ruler" }, ...marks);
}

function totals({ step }: Reader): HTMLElement {
  const { byLayer, byKernel, byPass } = step.document.profile;
  const lists = { layer: byLayer, kernel: byKernel, pass: byPass } as const;
  const table = element("div", { class: "totals" });
  const show = (name: keyof typeof lists): void => {
    const rows = [...lists[name]].sort((a, b) => b.ms - a.ms);
    const most = rows[0]?.ms ?? 1;
    const lines = rows
      .slice(0, 40)
      .map((row) =>
        element(
          "div",
          { class: "total" },
          element("span", { class: "name" }, row.name),
          bar(row.ms / most),
          element("span", { class: "ms" }, ofTime(row.ms)),
          element(
            "span",
            { class: "muted" },
            `${ofShare(row.share)} · ${counted(row.dispatches, "dispatch", "dispatches")} · ${row.gflops.toFixed(1)} GFLOPS`,
          ),
        ),
      );
    const rest = rows.length - lines.length;
    refill(
      table,
      ...lines,
      rest > 0 ? element("p", { class: "note" }, `and ${rest} more, lighter than these`) : null,
    );
  };
  show("layer");
  const by = choice("by", ["layer", "kernel", "pass"], { chosen: "layer", onChoose: show });
  return element(
    "div",
    {},
    element("h3", {}, "Where the time goes"),
    element("div", { class: "tools" }, by),
    table,
  );
}
