// How values lie between the least and the greatest: a bar a bin, and where zero is.

import type { ValuesView } from "../../../inspect/inspector/inspector-document.ts";
import { svg } from "../../client/dom.ts";
import { ofCount, ofValue } from "../words.ts";

const WIDTH = 240;
const HEIGHT = 56;

export function histogramElement({ histogram, min, max }: ValuesView): SVGSVGElement {
  const most = Math.max(1, ...histogram);
  const step = WIDTH / Math.max(1, histogram.length);
  const bars = histogram.map((count, index) => {
    // One element among a million is still there.
    const height = count === 0 ? 0 : Math.max(1.5, (count / most) * (HEIGHT - 2));
    const from = min + ((max - min) * index) / histogram.length;
    const to = min + ((max - min) * (index + 1)) / histogram.length;
    const words = `${ofCount(count)} from ${ofValue(from)} to ${ofValue(to)}`;
    const place = { x: index * step, y: HEIGHT - height, width: step - 1, height };
    return svg("rect", place, svg("title", {}, words));
  });
  const zero = min < 0 && max > 0 ? (-min / (max - min)) * WIDTH : null;
  return svg(
    "svg",
    {
      class: "histogram",
      viewBox: `0 0 ${WIDTH} ${HEIGHT}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": `histogram from ${ofValue(min)} to ${ofValue(max)}`,
    },
    ...bars,
    zero === null ? null : svg("line", { x1: zero, x2: zero, y1: 0, y2: HEIGHT }),
  );
}
