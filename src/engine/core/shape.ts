// Shapes and their arithmetic. The letters used across the project: N batch, H W C input, KH KW window, OH OW output,
// I O channels or features, K classes. Images are NHWC, convolution kernels HWIO, dense kernels (I, O).

import { ShapeError } from "./errors.ts";

/** Extents of a tensor, the outermost first; images are (rows, height, width, channels). */
export type Shape = readonly number[];

/** Number of elements; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** `(32, 28, 28, 1)`, as error messages and summaries print it. */
export function formatShape(shape: Shape): string {
  return shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}

export function ceilDiv(a: number, b: number): number {
  return Math.ceil(a / b);
}

/** Destructures a rank-2 shape, or throws a ShapeError that names `where`. */
export function shape2(shape: Shape, where: string): readonly [number, number] {
  const [a, b] = shape;
  if (shape.length !== 2 || a === undefined || b === undefined) {
    throw new ShapeError(`${where}: takes a tensor of rank 2, got ${formatShape(shape)}`);
  }
  return [a, b];
}

/** Destructures a rank-4 shape, or throws a ShapeError that names `where`. */
export function shape4(shape: Shape, where: string): readonly [number, number, number, number] {
  const [a, b, c, d] = shape;
  if (
    shape.length !== 4 ||
    a === undefined ||
    b === undefined ||
    c === undefined ||
    d === undefined
  ) {
    throw new ShapeError(
      `${where}: takes a tensor of rank 4 (N, H, W, C), got ${formatShape(shape)}`,
    );
  }
  return [a, b, c, d];
}
