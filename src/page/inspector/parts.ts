// Small parts that all views are made of: a switch, a section with its line of explanation, a link to a dispatch.

import { type Child, element } from "../client/dom.ts";
import { passStyle } from "./passes.ts";
import type { Reader } from "./reader.ts";
import type { Entry } from "./step-model.ts";
import { ofTime } from "./words.ts";

/** Buttons of which one is pressed. */
export function choice<Name extends string>(
  label: string,
  names: readonly Name[],
  { chosen, onChoose }: { readonly chosen: Name; onChoose(name: Name): void },
): HTMLElement {
  const buttons = names.map((name) =>
    element("button", { type: "button", "aria-pressed": String(name === chosen) }, name),
  );
  for (const [index, button] of buttons.entries()) {
    button.addEventListener("click", () => {
      for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
      const name = names[index];
      if (name !== undefined) onChoose(name);
    });
  }
  const caption = element("span", { class: "caption" }, label);
  return element(
    "span",
    { class: "choice", role: "group", "aria-label": label },
    caption,
    ...buttons,
  );
}

export function section(
  { id, title, note }: { readonly id: string; readonly title: string; readonly note?: string },
  ...children: readonly Child[]
): HTMLElement {
  const heading = element("h3", { id: `title-${id}` }, title);
  const line = note === undefined ? null : element("p", { class: "note" }, note);
  const attributes = {
    class: "section",
    id: `section-${id}`,
    "aria-labelledby": `title-${id}`,
  };
  return element("section", attributes, heading, line, ...children);
}

/** Its result and number, in the colour of its pass; goes there. */
export function dispatchLink(entry: Entry, reader: Reader): HTMLElement {
  const { layer, ms, pass } = entry.facts;
  return element(
    "button",
    {
      type: "button",
      class: "dispatch-link",
      style: passStyle(entry),
      title: `${entry.facts.kernel}, ${ofTime(ms.median)}`,
      onclick: () => reader.go({ dispatch: entry.id }),
    },
    element("span", { class: "number" }, `#${entry.id}`),
    ` ${layer === null ? pass : layer} `,
    element("b", {}, entry.result),
  );
}

/** Label and value, as many as there are. */
export function figures(
  rows: readonly (readonly [label: string, value: Child, title?: string])[],
): HTMLElement {
  const cells = rows.map(([label, value, title]) =>
    element("div", { title }, element("dt", {}, label), element("dd", {}, value)),
  );
  return element("dl", { class: "figures" }, ...cells);
}

/** A bar of a share of the width, for tables. */
export function bar(share: number, hue = "var(--accent)"): HTMLElement {
  const width = `${(100 * Math.min(1, Math.max(0, share))).toFixed(2)}%`;
  return element(
    "span",
    { class: "bar", style: `--hue: ${hue}` },
    element("i", { style: `width: ${width}` }),
  );
}
