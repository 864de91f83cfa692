// A packed picture unpacked: its planes side by side on canvases, with the scale that the colours stand for.

import type { PictureView } from "../../../inspect/inspector/inspector-document.ts";
import { element } from "../../client/dom.ts";
import { tensorPicture } from "../../client/tensor-picture.ts";
import { ofValue } from "../words.ts";

export interface PlaneOptions {
  /** Pixels of the page that the longer edge of a plane takes. */
  readonly side: number;
  /** What is shown, for who does not see it. */
  readonly label: string;
}

export function planesElement(picture: PictureView, { side, label }: PlaneOptions): HTMLElement {
  const { height, width, planes, limit, hasSigns } = picture;
  const values = unpacked(picture);
  const size = height * width;
  const scale = side / Math.max(height, width);
  const figures = planes.map((name, index) => {
    const own = values.subarray(index * size, (index + 1) * size);
    const canvas = tensorPicture(
      { height, width, values: own, limit, hasSigns },
      `${label}, ${name}`,
    );
    canvas.style.width = `${Math.max(6, Math.round(width * scale))}px`;
    canvas.style.height = `${Math.max(10, Math.round(height * scale))}px`;
    canvas.title = name;
    const caption = planes.length > 1 ? element("figcaption", {}, shortName(name)) : null;
    return element("figure", {}, canvas, caption);
  });
  return element("div", { class: "planes" }, ...figures);
}

/** Zero in the middle, or at the left where nothing is below it. */
export function scaleElement({ limit, hasSigns }: PictureView): HTMLElement {
  const low = hasSigns ? ofValue(-limit) : "0";
  return element(
    "div",
    { class: hasSigns ? "scale signed" : "scale" },
    element("span", {}, low),
    element("i", {}),
    element("span", {}, ofValue(limit)),
  );
}

export function unpacked({ bytes, limit }: PictureView): Float32Array {
  const text = atob(bytes);
  return Float32Array.from({ length: text.length }, (_, index) => {
    const byte = text.charCodeAt(index) - 128;
    return (byte / (byte < 0 ? 128 : 127)) * limit;
  });
}

/** `filter 3 of input 1` is `3 · 1` under a picture as wide as a thumb. */
function shortName(name: string): string {
  return [...name.matchAll(/\d+/g)].map(([number]) => number).join(" · ") || name;
}
