// The step as a picture: every dispatch a block to click, its width by time, bytes or FLOPs; the chosen one with its producers and
// consumers.

import { element, refill, svg } from "../../client/dom.ts";
import { choice } from "../parts.ts";
import type { Reader, View } from "../reader.ts";
import type { Entry } from "../step-model.ts";
import {
  COLOURS,
  type Colouring,
  colourOf,
  legendOf,
  MEASURES,
  type Measure,
  measured,
} from "./blocks.ts";
import { drawLinks } from "./links.ts";
import { pictureOf, scaleOf } from "./picture.ts";

export function stepView(reader: Reader): View {
  const { step } = reader;
  const links = svg("svg", { class: "links", "aria-hidden": "true" });
  let chosen: Entry | null = null;
  let isWaiting = false;
  const redraw = (): void => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      drawLinks(links, picture.element, { entry: chosen, blocks: picture.blocks });
    });
  };
  const picture = pictureOf(reader, redraw);
  picture.element.append(links);
  const legend = element("span", { class: "legend" });
  const slices = slicesIn(picture.element);
  let most = 1;
  const makeRoom = (): void => fitBlocks(picture.element, most);
  const measureBy = (measure: Measure): void => {
    const scale = scaleOf(step, (entry) => measured(entry, measure));
    most = scale.most;
    makeRoom();
    for (const entry of step.entries) {
      const value = measured(entry, measure);
      setShare(picture.blocks.get(entry.id), value / scale.ofRow);
      setShare(slices.get(entry.id), value / scale.ofGroup);
    }
    redraw();
  };
  const colourBy = (colouring: Colouring): void => {
    for (const entry of step.entries) {
      const [, colour] = colourOf(entry, colouring);
      picture.blocks.get(entry.id)?.style.setProperty("--hue", colour);
      slices.get(entry.id)?.style.setProperty("--hue", colour);
    }
    const words = [...legendOf(step.entries, colouring)].map(([word, colour]) =>
      element("span", { style: `--hue: ${colour}` }, word),
    );
    refill(legend, ...words);
  };
  measureBy("time");
  colourBy("pass");
  const tools = element(
    "div",
    { class: "tools" },
    choice("width", MEASURES, { chosen: "time", onChoose: measureBy }),
    choice("colour", COLOURS, { chosen: "pass", onChoose: colourBy }),
    picture.groups.length > 0 ? groupTools(picture.groups) : null,
    legend,
  );
  const note = element(
    "p",
    { class: "note" },
    "Every block is a dispatch: one kernel started once on the device. Forward runs down the left, the gradients come back up the right. Click one.",
  );
  new ResizeObserver(() => {
    makeRoom();
    redraw();
  }).observe(picture.element);
  return {
    element: element("div", { class: "view step-view" }, note, tools, picture.element),
    follow: ({ dispatch }) => {
      chosen = dispatch === null ? null : step.entry(dispatch);
      const holder = picture.groups.find(({ entries }) => chosen && entries.includes(chosen));
      holder?.open(true);
      mark(picture.blocks, chosen);
      for (const [id, slice] of slices) slice.classList.toggle("chosen", id === chosen?.id);
      redraw();
    },
    filter: (matches) => {
      for (const [id, block] of picture.blocks) {
        block.classList.toggle("dimmed", matches !== null && !matches.has(id));
      }
      for (const [id, slice] of slices) {
        slice.classList.toggle("dimmed", matches !== null && !matches.has(id));
      }
    },
  };
}

/** Pixels of the least block: a finger's breadth where sides wrap; where they do not, up to a word's, as far as there is room. */
const LEAST = { finger: 24, word: 36, mouse: 11 } as const;
const MIDDLE = 150;

/** Narrow sides break into lines, and so each block may be as wide as its share; wide ones stay in one line. */
function fitBlocks(picture: HTMLElement, most: number): void {
  const side = (picture.clientWidth - MIDDLE) / 2;
  const isNarrow = side < 200;
  const fair = Math.max(LEAST.mouse, Math.min(LEAST.word, (0.55 * side) / most));
  picture.style.setProperty("--least", `${isNarrow ? LEAST.finger : fair}px`);
  picture.style.setProperty("--most", String(isNarrow ? 1 : most));
}

function slicesIn(picture: HTMLElement): ReadonlyMap<number, HTMLElement> {
  const found = picture.querySelectorAll<HTMLElement>(".slice");
  return new Map([...found].map((slice) => [Number(slice.dataset["id"]), slice]));
}

function setShare(target: HTMLElement | undefined, share: number): void {
  target?.style.setProperty("--share", share.toFixed(5));
}

function mark(blocks: ReadonlyMap<number, HTMLElement>, chosen: Entry | null): void {
  const producers = new Set(chosen?.view.producers);
  const consumers = new Set(chosen?.view.consumers);
  for (const [id, block] of blocks) {
    block.classList.toggle("chosen", id === chosen?.id);
    block.classList.toggle("producer", producers.has(id));
    block.classList.toggle("consumer", consumers.has(id));
    if (id === chosen?.id) {
      block.setAttribute("aria-current", "true");
      block.scrollIntoView({ block: "nearest", inline: "nearest" });
    } else block.removeAttribute("aria-current");
  }
}

function groupTools(groups: readonly { open(isOpen: boolean): void }[]): HTMLElement {
  const all = (isOpen: boolean) => () => {
    for (const group of groups) group.open(isOpen);
  };
  return element(
    "span",
    { class: "choice" },
    element("button", { type: "button", onclick: all(true) }, "open all"),
    element("button", { type: "button", onclick: all(false) }, "close all"),
  );
}
