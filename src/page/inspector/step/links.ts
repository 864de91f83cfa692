// Curves from the dispatches that compute what the chosen one reads, and to those that read its results, over the picture.

import { svg } from "../../client/dom.ts";
import type { Entry } from "../step-model.ts";

/** More would be a thicket; the details list all. */
const MOST = 14;

export function drawLinks(
  canvas: SVGSVGElement,
  picture: HTMLElement,
  {
    entry,
    blocks,
  }: { readonly entry: Entry | null; readonly blocks: ReadonlyMap<number, HTMLElement> },
): void {
  const chosen = entry && blocks.get(entry.id);
  if (!entry || !chosen || chosen.offsetParent === null) {
    canvas.replaceChildren();
    return;
  }
  const frame = picture.getBoundingClientRect();
  canvas.setAttribute("width", String(frame.width));
  canvas.setAttribute("height", String(frame.height));
  const middle = (block: HTMLElement): readonly [number, number] => {
    const box = block.getBoundingClientRect();
    return [box.left + box.width / 2 - frame.left, box.top + box.height / 2 - frame.top];
  };
  const between = (from: HTMLElement, to: HTMLElement, kind: string): SVGPathElement => {
    const [x1, y1] = middle(from);
    const [x2, y2] = middle(to);
    const bend = Math.max(24, Math.abs(y2 - y1) / 2) * (y2 >= y1 ? 1 : -1);
    const d = `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
    return svg("path", { class: kind, d });
  };
  const shown = (ids: readonly number[]): HTMLElement[] =>
    ids.slice(0, MOST).flatMap((id) => {
      const block = blocks.get(id);
      return block && block.offsetParent !== null ? [block] : [];
    });
  canvas.replaceChildren(
    ...shown(entry.view.producers).map((block) => between(block, chosen, "producer")),
    ...shown(entry.view.consumers).map((block) => between(chosen, block, "consumer")),
  );
}
