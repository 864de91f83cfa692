// Values of a packed picture as a photograph has them: what a network takes or gives where that is a picture.

import type { PictureView } from "../../inspect/inspector/inspector-document.ts";
import { unpacked } from "../inspector/tensors/planes.ts";
import { element } from "./dom.ts";
import { tensorPicture } from "./tensor-picture.ts";

/** From 0 to 1 as they are; others from the least to the greatest, whatever the preprocessing made of them. */
export function valuePicture(picture: PictureView, label: string): HTMLCanvasElement {
  const { height, width, planes, hasSigns, limit } = picture;
  const values = unpacked(picture);
  const isUnit = !hasSigns && limit <= 1;
  const [least, most] = isUnit ? [0, 1] : [Math.min(...values), Math.max(...values)];
  const levels = values.map((value) => (value - least) / Math.max(most - least, 1e-30));
  const size = height * width;
  if (planes.length !== 3) {
    const own = levels.subarray(0, size);
    return tensorPicture({ height, width, values: own, limit: 1, hasSigns: false }, label);
  }
  const canvas = element("canvas", { height, width, role: "img", class: "tensor-picture" });
  canvas.setAttribute("aria-label", label);
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  const pixels = context.createImageData(width, height);
  for (let at = 0; at < size; at++) {
    for (let channel = 0; channel < 3; channel++) {
      pixels.data[4 * at + channel] = 255 * (levels[channel * size + at] ?? 0);
    }
    pixels.data[4 * at + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
  return canvas;
}
