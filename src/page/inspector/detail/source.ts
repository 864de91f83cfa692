// The line of the model that made the layer, among its neighbours.

import { element } from "../../client/dom.ts";
import { section } from "../parts.ts";
import type { Reader } from "../reader.ts";
import type { Entry } from "../step-model.ts";

export function sourceSection({ facts }: Entry, { step }: Reader): HTMLElement | null {
  const { site } = facts;
  const found = step.document.sites.find((view) => view.site === site);
  if (site === null || !found) return null;
  const marked = Number(site.split(":").at(-1));
  const indent = Math.min(
    ...found.lines.filter((line) => line.trim() !== "").map((line) => line.search(/\S/)),
  );
  const lines = found.lines.map((text, index) => {
    const line = found.firstLine + index;
    return element(
      "div",
      { class: line === marked ? "line entry" : "line" },
      element("span", { class: "gutter", "data-line": line }),
      element("span", { class: "text" }, text.slice(indent)),
    );
  });
  return section(
    { id: "source", title: "The line that made it" },
    element("p", { class: "note" }, shortSite(site)),
    element(
      "div",
      { class: "listing short", tabindex: "0", role: "region", "aria-label": "the model's source" },
      ...lines,
    ),
  );
}

/** Below the project's folder, wherever that is. */
export function shortSite(site: string): string {
  return site.replace(/^.*\/(?=src\/)/, "");
}
