// A convolution with groups and dilation, for what the kernels of conv2d.ts do not do; depthwise where there are as many
// groups as channels. Without bias, which is an op of its own (bias-add.ts).
//   y[n,oh,ow,o] = Σ x[n, oh·sh + kh·dh − top, ow·sw + kw·dw − left, g·I/G + i] · w[kh,kw,i,o], g = ⌊o / (O/G)⌋
//   x (N,H,W,I)   w (KH,KW,I/G,O)   ->   y (N,OH,OW,O)

import { ShapeError } from "../../core/errors.ts";
import { formatShape, shape4 } from "../../core/shape.ts";
import type { Tensor } from "../../core/tensor.ts";
import { climb } from "../../program/ladder.ts";
import type { Op } from "../../program/tape.ts";
import { groupedDw, groupedDx, groupedForward } from "./grouped-ladders.ts";
import { type GroupedConv2dAttrs, groupedGeometry, groupedWindows } from "./grouped-problem.ts";

export type { GroupedConv2dAttrs } from "./grouped-problem.ts";

interface Saved {
  readonly x: Tensor;
  readonly w: Tensor;
}

export const groupedConv2d: Op<readonly [x: Tensor, w: Tensor], GroupedConv2dAttrs, Saved> = {
  name: "grouped-conv2d",

  infer([x, w], attrs) {
    const [n, , , channels] = shape4(x, "grouped-conv2d");
    const [, , ofGroup, filters] = shape4(w, "grouped-conv2d");
    const { groups } = attrs;
    if (ofGroup * groups !== channels || filters % groups !== 0) {
      throw new ShapeError(
        `grouped-conv2d: channels and filters are shared out among ${groups} groups, ` +
          `got x ${formatShape(x)}, w ${formatShape(w)}`,
      );
    }
    const { rows, columns } = groupedWindows(x, w, attrs);
    return [n, rows.out, columns.out, filters];
  },

  forward(rec, [x, w], attrs, shape) {
    const y = rec.allocate(shape, "y", x.dtype);
    const geometry = groupedGeometry(x.shape, w.shape, attrs);
    climb(rec, groupedForward, { geometry, x, w, y });
    return { output: y, saved: { x, w } };
  },

  backward(rec, dy, { x, w }, attrs, [needsX, needsW]) {
    const geometry = groupedGeometry(x.shape, w.shape, attrs);
    const dx = needsX ? rec.allocate(x.shape, "dx", x.dtype) : null;
    const dw = needsW ? rec.allocate(w.shape, "dw") : null;
    if (dx) climb(rec, groupedDx, { geometry, dy, w, dx });
    if (dw) climb(rec, groupedDw, { geometry, x, dy, dw });
    return [dx, dw];
  },
};
