// A tensor on the page: a picture of it, a histogram, its figures, and its first elements.

import type {
  PictureView,
  TensorView,
  ValuesView,
} from "../../inspect/inspector/inspector-document.ts";
import { element, svg } from "../client/dom.ts";
import { tensorPicture } from "../client/tensor-picture.ts";
import { formatBytes, formatNumber, formatShape, formatShare } from "./format.ts";

/** The planes of a picture side by side; all have the same scale. */
export function pictureView(picture: PictureView, label: string, most = 16): HTMLElement {
  const { height, width, planes, limit, hasSigns } = picture;
  const values = decoded(picture);
  const size = height * width;
  const pixels = Math.max(1, Math.min(Math.floor(150 / Math.max(height, Math.min(width, 64))), 14));
  const shown = planes.slice(0, most).map((name, plane) => {
    const part = values.subarray(plane * size, (plane + 1) * size);
    const canvas = tensorPicture(
      { height, width, values: part, limit, hasSigns },
      `${label}, ${name}`,
    );
    canvas.style.width = `${width * pixels}px`;
    canvas.title = `${name}, up to ±${formatNumber(limit)}`;
    return canvas;
  });
  return element("div", { class: `planes${shown.length === 1 ? " single" : ""}` }, ...shown);
}

/** A byte is 1/127 or 1/128 of the limit. */
export function decoded({ bytes, limit }: PictureView): Float32Array {
  const text = atob(bytes);
  return Float32Array.from({ length: text.length }, (_, index) => {
    const step = text.charCodeAt(index) - 128;
    return (step / (step < 0 ? 128 : 127)) * limit;
  });
}

export function histogramView({ histogram, min, max }: ValuesView): SVGSVGElement {
  const most = Math.max(1, ...histogram);
  const [width, height] = [240, 56];
  const bar = width / histogram.length;
  return svg(
    "svg",
    {
      viewBox: `0 0 ${width} ${height + 14}`,
      class: "histogram",
      role: "img",
      "aria-label": `histogram from ${formatNumber(min)} to ${formatNumber(max)}`,
    },
    ...histogram.map((count, index) => {
      // The root keeps thin tails in sight.
      const tall = Math.sqrt(count / most) * height;
      const place = { x: index * bar + 0.5, y: height - tall, width: bar - 1, height: tall };
      return svg("rect", { ...place, class: "bar" });
    }),
    svg("text", { x: 0, y: height + 11 }, formatNumber(min)),
    svg("text", { x: width, y: height + 11, "text-anchor": "end" }, formatNumber(max)),
  );
}

export function figuresView(values: ValuesView, elements: number): HTMLElement {
  const facts: [string, string][] = [
    ["mean", formatNumber(values.mean)],
    ["deviation", formatNumber(values.deviation)],
    ["zeros", formatShare(elements > 0 ? values.zeros / elements : 0)],
  ];
  if (values.nonFinite > 0) facts.push(["NaN or infinite", String(values.nonFinite)]);
  return element(
    "dl",
    { class: "figures" },
    ...facts.map(([name, value]) =>
      element("div", {}, element("dt", {}, name), element("dd", {}, value)),
    ),
  );
}

export function tensorView(name: string, tensor: TensorView, access: string): HTMLElement {
  const { label, shape, dtype, bytes, values } = tensor;
  const elements = shape.reduce((a, b) => a * b, 1);
  return element(
    "article",
    { class: `tensor ${access}` },
    element(
      "header",
      {},
      element("b", {}, name),
      element("span", { class: "label" }, label),
      element("span", { class: "meta" }, `${formatShape(shape)} ${dtype}, ${formatBytes(bytes)}`),
    ),
    values === null
      ? element("p", { class: "hint" }, "part of the data set: not read")
      : element(
          "div",
          { class: "values" },
          values.picture && pictureView(values.picture, label),
          element("div", {}, histogramView(values), figuresView(values, elements)),
        ),
    values &&
      element(
        "details",
        {},
        element("summary", {}, `first ${values.first.length} elements`),
        element("p", { class: "numbers" }, values.first.map((v) => formatNumber(v)).join("  ")),
      ),
  );
}
