// All that is known of the chosen dispatch, section by section, with links to those before and after it.

import { element, refill } from "../../client/dom.ts";
import { section } from "../parts.ts";
import { passStyle } from "../passes.ts";
import type { Reader } from "../reader.ts";
import { hasDot, intensityOf, rooflineChart } from "../roofline.ts";
import type { Entry } from "../step-model.ts";
import { codeSection } from "./code.ts";
import { errorSection } from "./errors.ts";
import { ladderSection } from "./ladder.ts";
import { launchSection } from "./launch.ts";
import { sourceSection } from "./source.ts";
import { summaryOf } from "./summary.ts";
import { linksTo, tensorSections } from "./tensors.ts";

export interface Detail {
  readonly element: HTMLElement;
  show(entry: Entry | null): void;
}

export function detailPanel(reader: Reader): Detail {
  const panel = element("aside", {
    class: "detail",
    id: "detail",
    tabindex: "-1",
    "aria-label": "the chosen dispatch",
  });
  let shown: number | null = null;
  return {
    element: panel,
    show: (entry) => {
      panel.classList.toggle("open", entry !== null);
      if (entry === null) refill(panel, nothing(reader));
      else if (entry.id !== shown) {
        refill(panel, head(entry, reader), body(entry, reader));
        panel.scrollTop = 0;
      }
      shown = entry?.id ?? null;
    },
  };
}

function nothing(reader: Reader): HTMLElement {
  const { start } = reader.step;
  const go = (): void => reader.go({ dispatch: start?.id ?? null });
  return element(
    "div",
    { class: "nothing" },
    element("p", {}, "Click a dispatch to look into it."),
    start
      ? element(
          "button",
          { type: "button", class: "start", onclick: go },
          start.facts.pass === "backward"
            ? "Start with the heaviest gradient"
            : "Start with the heaviest",
        )
      : null,
  );
}

function head(entry: Entry, reader: Reader): HTMLElement {
  const { entries } = reader.step;
  const { facts, id, at } = entry;
  const [across] = reader.step.acrossFrom(entry);
  const step = (to: Entry | undefined, sign: string, words: string): HTMLElement =>
    element(
      "button",
      {
        type: "button",
        class: "plain",
        disabled: !to,
        "aria-label": words,
        title: words,
        onclick: () => reader.go({ dispatch: to?.id ?? null }, { isWalk: true }),
      },
      sign,
    );
  return element(
    "header",
    { class: "detail-head", style: passStyle(entry) },
    element(
      "div",
      { class: "name" },
      element("h2", {}, `${facts.layer ?? facts.pass} `, element("b", {}, entry.result)),
      element("p", {}, `#${id} · ${facts.pass} · `, element("code", {}, facts.kernel)),
    ),
    element(
      "div",
      { class: "walk" },
      step(entries[at - 1], "↑", "the dispatch before (arrow up)"),
      step(entries[at + 1], "↓", "the dispatch after (arrow down)"),
      step(
        across,
        "⇄",
        facts.forwardOf === null
          ? "to its gradient (arrow right)"
          : "to its forward dispatch (arrow left)",
      ),
      element(
        "button",
        {
          type: "button",
          class: "plain close",
          "aria-label": "close (Escape)",
          title: "close (Escape)",
          onclick: () => reader.go({ dispatch: null }),
        },
        "✕",
      ),
    ),
  );
}

function body(entry: Entry, reader: Reader): HTMLElement {
  const sections = [
    ladderSection(entry),
    rooflineSection(entry, reader),
    ...tensorSections(entry, reader),
    errorSection(entry),
    codeSection(entry),
    launchSection(entry),
    sourceSection(entry, reader),
    flowSection(entry, reader),
  ].filter((one) => one !== null);
  const parts = element(
    "div",
    { class: "detail-body" },
    ...summaryOf(entry),
    contents(sections),
    ...sections,
  );
  return parts;
}

/** Chips that lead to each section. */
function contents(sections: readonly HTMLElement[]): HTMLElement {
  const chips = sections.map((one) => {
    const title = one.querySelector("h3")?.textContent ?? "";
    const go = (): void => one.scrollIntoView({ block: "start" });
    const short = title.split(/[:]| of /)[0] ?? title;
    return element("button", { type: "button", onclick: go }, short);
  });
  return element("nav", { class: "contents", "aria-label": "sections" }, ...chips);
}

function rooflineSection(entry: Entry, reader: Reader): HTMLElement {
  const note = hasDot(entry)
    ? `${intensityOf(entry).toFixed(1)} FLOPs for each byte. The nearer its dot to the roof, the less is left to gain; under the slope memory is the limit, under the level part arithmetic.`
    : "It computes nothing that counts as an operation, so that it has no dot.";
  const chart = rooflineChart(reader, { width: 520, height: 230, chosen: entry });
  return section({ id: "roofline", title: "Roofline", note }, chart);
}

function flowSection({ view }: Entry, reader: Reader): HTMLElement {
  const line = (word: string, ids: readonly number[]): HTMLElement =>
    element(
      "p",
      { class: "users" },
      `${word} `,
      ...(ids.length > 0 ? linksTo(ids, reader) : ["none"]),
    );
  return section(
    {
      id: "flow",
      title: "Before and after",
      note: "Whose results it reads, and who reads its own.",
    },
    line("producers:", view.producers),
    line("consumers:", view.consumers),
  );
}
