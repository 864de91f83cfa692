// The keyboard: arrows walk through the dispatches, figures choose the view, `/` searches, Escape closes, `?` explains.

import { VIEWS } from "./place.ts";
import type { Reader } from "./reader.ts";
import type { Search } from "./shell.ts";

export function listenToKeys(
  reader: Reader,
  { search, help }: { readonly search: Search; readonly help: HTMLDialogElement },
): void {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open) return;
    if (event.key === "Escape") {
      if (!search.clear()) reader.go({ dispatch: null });
      return;
    }
    if (isTyping(event.target)) return;
    const isKnown = act(event.key, event.target, { reader, search, help });
    if (isKnown) event.preventDefault();
  });
}

function act(
  key: string,
  target: EventTarget | null,
  {
    reader,
    search,
    help,
  }: { readonly reader: Reader; readonly search: Search; readonly help: HTMLDialogElement },
): boolean {
  if (key === "/") search.focus();
  else if (key === "?") help.showModal();
  else if (/^[1-6]$/.test(key)) reader.go({ view: VIEWS[Number(key) - 1] ?? "step" });
  else if (key.startsWith("Arrow") && !scrolls(target, key)) return walk(key, reader);
  else return false;
  return true;
}

/** True where the key led somewhere. */
function walk(key: string, reader: Reader): boolean {
  const { step, place } = reader;
  const entry = place.dispatch === null ? null : step.entry(place.dispatch);
  const [across] = entry ? step.acrossFrom(entry) : [];
  const isBack = entry?.facts.forwardOf != null;
  const to = {
    ArrowUp: entry ? step.entries[entry.at - 1] : step.entries.at(-1),
    ArrowDown: entry ? step.entries[entry.at + 1] : step.entries[0],
    ArrowLeft: isBack ? across : undefined,
    ArrowRight: isBack ? undefined : across,
  }[key];
  if (to) reader.go({ dispatch: to.id }, { isWalk: true });
  return to !== undefined;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement;
}

/** Code and plots scroll by themselves when they have the focus. */
function scrolls(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof HTMLElement) || !target.matches(".listing, .scroller, .wide"))
    return false;
  const isUpright = key === "ArrowUp" || key === "ArrowDown";
  return isUpright
    ? target.scrollHeight > target.clientHeight
    : target.scrollWidth > target.clientWidth;
}
