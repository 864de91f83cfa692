// Geometry of a window that slides along one axis, for convolutions and pooling alike: how many outputs there are, and
// how much padding the padding mode puts before and after. It knows of extents only, not of tensors.

import { ShapeError } from "./errors.ts";

export type Padding = "valid" | "same";

export interface WindowGeometry {
  /** Outputs along the axis. */
  readonly out: number;
  /** Padding elements before the first input. */
  readonly before: number;
  /** Padding elements after the last input. */
  readonly after: number;
}

/** Elements of padding before the first input and after the last. */
export type Around = readonly [before: number, after: number];

/**
 * Outputs and padding of a window of `kernel` elements that moves by `stride` over `size`, as TensorFlow has them:
 * valid: `out = floor((size − kernel) / stride) + 1`, no padding; same: `out = ceil(size / stride)`, in all
 * `max((out − 1)·stride + kernel − size, 0)` of padding, the odd element after; or valid within what is given around.
 * Throws ShapeError, in the name of `where`, when an extent is no positive integer or a valid window does not fit.
 */
export function windowGeometry(
  size: number,
  kernel: number,
  stride: number,
  padding: Padding | Around,
  where: string,
): WindowGeometry {
  for (const [name, extent] of Object.entries({ size, kernel, stride })) {
    if (!Number.isInteger(extent) || extent < 1) {
      throw new ShapeError(`${where}: ${name} is a positive integer, got ${extent}`);
    }
  }
  if (padding === "same") {
    const out = Math.ceil(size / stride);
    const total = Math.max((out - 1) * stride + kernel - size, 0);
    const before = Math.floor(total / 2);
    return { out, before, after: total - before };
  }
  const [before, after] = padding === "valid" ? [0, 0] : padding;
  const padded = before + size + after;
  if (kernel > padded) {
    throw new ShapeError(
      `${where}: a window with padding "valid" fits into the input, got a window of ${kernel} over ${padded}`,
    );
  }
  return { out: Math.floor((padded - kernel) / stride) + 1, before, after };
}
