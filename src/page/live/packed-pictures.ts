// Pictures as the host packs them, on canvases.

import type { PictureView } from "../../inspect/inspector/inspector-document.ts";
import { element } from "../client/dom.ts";
import { tensorPicture } from "../client/tensor-picture.ts";
import { unpacked } from "../inspector/tensors/planes.ts";
import type { ImageView } from "./live-events.ts";

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** One canvas for each plane, all with the same limit of colours. */
export function planePictures(view: PictureView): readonly HTMLElement[] {
  const { height, width, planes, limit, hasSigns } = view;
  const all = unpacked(view);
  return planes.map((name, plane) => {
    const values = all.subarray(plane * height * width, (plane + 1) * height * width);
    const canvas = tensorPicture({ height, width, values, limit, hasSigns }, name);
    canvas.title = name;
    return canvas;
  });
}

export function imagePicture(view: ImageView, label: string): HTMLCanvasElement {
  const { height, width, channels } = view;
  const bytes = bytesOf(view.bytes);
  if (channels === 1) {
    return tensorPicture({ height, width, values: bytes, limit: 255, hasSigns: false }, label);
  }
  const canvas = element("canvas", { height, width, role: "img", class: "tensor-picture" });
  canvas.setAttribute("aria-label", label);
  const context = canvas.getContext("2d");
  if (!context) return canvas;
  const image = context.createImageData(width, height);
  for (let pixel = 0; pixel < height * width; pixel++) {
    const at = pixel * channels;
    image.data.set([bytes[at] ?? 0, bytes[at + 1] ?? 0, bytes[at + 2] ?? 0, 255], 4 * pixel);
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
