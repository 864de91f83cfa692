// The gradient of the pixels over the image, with a slider from one to the other.

import type { JourneyView, PictureView } from "../../../inspect/inspector/inspector-document.ts";
import { element } from "../../client/dom.ts";
import { scaleElement, unpacked } from "../tensors/planes.ts";

const SIDE = 224;

export function overlayElement({ image, pixelGradient, trueClass }: JourneyView): HTMLElement {
  const below = canvasOf(image, `image of ${trueClass}`);
  const above = canvasOf(pixelGradient, "∂loss/∂pixel");
  drawImage(below, image);
  drawGradient(above, pixelGradient);
  const slider = element("input", {
    type: "range",
    min: 0,
    max: 100,
    value: 60,
    "aria-label": "how much of the gradient is seen",
  });
  const follow = (): void => above.style.setProperty("opacity", String(Number(slider.value) / 100));
  slider.addEventListener("input", follow);
  follow();
  return element(
    "div",
    { class: "overlay-box" },
    element("div", { class: "overlay" }, below, above),
    element("label", {}, "image ", slider, " gradient"),
    scaleElement(pixelGradient),
  );
}

function canvasOf({ height, width }: PictureView, label: string): HTMLCanvasElement {
  const side = SIDE / Math.max(height, width);
  const style = `width: ${Math.round(width * side)}px; height: ${Math.round(height * side)}px`;
  return element("canvas", {
    height,
    width,
    style,
    role: "img",
    "aria-label": label,
    class: "tensor-picture",
  });
}

/** In grey: the least value black, the greatest white, whatever the preprocessing made of them. */
function drawImage(canvas: HTMLCanvasElement, picture: PictureView): void {
  const values = meanOfPlanes(picture);
  const least = Math.min(...values);
  const most = Math.max(...values);
  draw(canvas, values, (value) => {
    const grey = most > least ? (255 * (value - least)) / (most - least) : 0;
    return [grey, grey, grey, 255];
  });
}

/** The stronger, the less of the image is seen through it. */
function drawGradient(canvas: HTMLCanvasElement, picture: PictureView): void {
  const values = meanOfPlanes(picture);
  const most = Math.max(...values.map(Math.abs), 1e-30);
  draw(canvas, values, (value) => {
    const strength = 255 * Math.sqrt(Math.abs(value) / most);
    return value < 0 ? [30, 120, 255, strength] : [255, 60, 30, strength];
  });
}

/** Of colours. */
function meanOfPlanes(picture: PictureView): Float32Array {
  const { height, width, planes } = picture;
  const values = unpacked(picture);
  const size = height * width;
  return Float32Array.from({ length: size }, (_, index) => {
    let sum = 0;
    for (let plane = 0; plane < planes.length; plane++) sum += values[plane * size + index] ?? 0;
    return sum / Math.max(1, planes.length);
  });
}

function draw(
  canvas: HTMLCanvasElement,
  values: Float32Array,
  colourOf: (value: number) => readonly [number, number, number, number],
): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const pixels = context.createImageData(canvas.width, canvas.height);
  for (const [index, value] of values.entries()) pixels.data.set(colourOf(value), 4 * index);
  context.putImageData(pixels, 0, 0);
}
