// Values as a picture on a canvas: one square a value, grey for what is never below zero, blue through white to red for what has
// signs, so that zero looks like zero.

export interface TensorPicture {
  readonly height: number;
  readonly width: number;
  /** Row by row. */
  readonly values: ArrayLike<number>;
  /** The magnitude that gets the full colour; default: the largest. */
  readonly limit?: number;
  /** Whether colours stand for signs; default: whether any value is below zero. */
  readonly hasSigns?: boolean;
}

/** Its pixels are values; CSS makes them larger (`image-rendering: pixelated`). */
export function tensorPicture(picture: TensorPicture, label: string): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  canvas.className = "tensor-picture";
  drawTensor(canvas, picture);
  return canvas;
}

export function drawTensor(canvas: HTMLCanvasElement, picture: TensorPicture): void {
  const { height, width, values } = picture;
  const context = canvas.getContext("2d");
  if (!context) return;
  const image = context.createImageData(width, height);
  let largest = 0;
  let hasSigns = picture.hasSigns ?? false;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] ?? 0;
    if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
    if (value < 0) hasSigns = true;
  }
  const limit = picture.limit ?? largest;
  for (let index = 0; index < height * width; index++) {
    image.data.set(colourOf(values[index] ?? Number.NaN, limit, hasSigns), 4 * index);
  }
  context.putImageData(image, 0, 0);
}

export const TENSOR_PICTURE_CSS = `
.tensor-picture { image-rendering: pixelated; background: #fff; }
`;

type Colour = readonly [number, number, number, number];

/** What is no finite number is magenta, so that nobody overlooks it. */
function colourOf(value: number, limit: number, hasSigns: boolean): Colour {
  if (!Number.isFinite(value)) return [255, 0, 255, 255];
  const share = limit > 0 ? Math.min(1, Math.abs(value) / limit) : 0;
  if (!hasSigns) {
    const grey = Math.round(255 * share);
    return [grey, grey, grey, 255];
  }
  const [r, g, b] = value < 0 ? [0, 90, 181] : [200, 50, 20];
  const mix = (full: number) => Math.round(255 + (full - 255) * share);
  return [mix(r ?? 0), mix(g ?? 0), mix(b ?? 0), 255];
}
