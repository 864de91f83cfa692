// What every part of the page is: an element that is drawn again when the run has news for it.

import { type Child, element } from "../client/dom.ts";
import type { LiveEvent } from "./live-events.ts";
import type { LiveState } from "./live-state.ts";

export interface Panel {
  readonly element: HTMLElement;
  /** The events that change it; it is drawn at most once a frame. */
  readonly hears: readonly LiveEvent["type"][];
  draw(state: LiveState): void;
}

/** A card with a heading; hidden until it has something to show. */
export function card(
  title: string,
  { className = "", note }: { readonly className?: string; readonly note?: Child } = {},
  ...children: readonly Child[]
): HTMLElement {
  const head = element("header", {}, element("h2", {}, title), note);
  return element("section", { class: `card ${className}`, hidden: true }, head, ...children);
}

/** Words that fill a card until it has something to show. */
export function empty(text: string): HTMLElement {
  return element("p", { class: "empty" }, text);
}
