// Matrix products with a matrix that is larger than what the adapter binds at once (VGG's first dense layer has 411 MB of
// weights, software adapters bind 128): rows of that matrix are bound piece by piece. What is smaller goes to gemm.ts whole.

import { BINDING_ALIGNMENT, bindingTooLarge, viewOf } from "../../core/binding.ts";
import { ceilDiv, shape2, sizeOf } from "../../core/shape.ts";
import { itemBytes, type Tensor } from "../../core/tensor.ts";
import type { Recorder } from "../../program/recorder.ts";
import { recordColumns } from "./copy-columns.ts";
import {
  allocateProduct,
  extentsOf,
  type Gemm,
  recordCombine,
  recordGemm,
  recordGemmInto,
} from "./gemm.ts";

/** Rows of a matrix, as many as fit into a binding. */
interface Piece {
  readonly first: number;
  readonly count: number;
}

/** As recordGemm, for matrices of any size. Throws DeviceError when not even a few rows can be bound. */
export function recordLargeGemm(rec: Recorder, request: Gemm): Tensor {
  const { b, transA = false, transB = false } = request;
  const limit = rec.capabilities.maxStorageBufferBindingSize ?? Number.POSITIVE_INFINITY;
  const { m, n } = extentsOf(request);
  // With transA, b is as large as an activation, which the ops beside this one bind whole.
  if (b.storage.bytes > limit && !transA) {
    const pieces = piecesOf(b, limit);
    return transB ? columnsOfResult(rec, request, pieces) : sumOfPieces(rec, request, pieces);
  }
  if (transA && m * n * 4 > limit) return rowsOfResult(rec, request, limit);
  return recordGemm(rec, request);
}

/** Rows of a matrix, cut where a binding may begin. */
function piecesOf({ label, shape, dtype }: Tensor, limit: number): readonly Piece[] {
  const [rows, columns] = shape2(shape, label);
  const rowBytes = columns * itemBytes(dtype);
  const aligned = BINDING_ALIGNMENT / commonDivisor(BINDING_ALIGNMENT, rowBytes);
  const least = rowBytes * aligned;
  const most = Math.floor(limit / least) * aligned;
  if (most < 1) throw bindingTooLarge(label, least, limit);
  return Array.from({ length: ceilDiv(rows, most) }, (_, piece) => {
    const first = piece * most;
    return { first, count: Math.min(most, rows - first) };
  });
}

function rowsOf(tensor: Tensor, { first, count }: Piece): Tensor {
  const columns = tensor.shape[1] ?? 1;
  return viewOf(tensor, [count, columns], first * columns * itemBytes(tensor.dtype));
}

/** c = Σ over pieces of a[:, piece] · b[piece, :], with the epilogue at the sum. */
function sumOfPieces(rec: Recorder, request: Gemm, pieces: readonly Piece[]): Tensor {
  const { op, a, b, bias = null, activation = "linear", slope = null, label } = request;
  const { m, n } = extentsOf(request);
  const apart = (ceilDiv(m * n * 4, BINDING_ALIGNMENT) * BINDING_ALIGNMENT) / 4;
  const partial = rec.allocate([pieces.length, apart], `${label}.pieces`);
  for (const [index, piece] of pieces.entries()) {
    const product = viewOf(partial, [m, n], index * apart * 4);
    recordGemmInto(rec, product, {
      ...request,
      a: columnsOf(rec, { op, from: a, piece }),
      b: rowsOf(b, piece),
      bias: null,
      activation: "linear",
      slope: null,
    });
  }
  const c = allocateProduct(rec, request);
  const slices = pieces.length;
  recordCombine(rec, c, { op, partial, slices, apart, bias, activation, slope });
  return c;
}

/** c[:, piece] = a · b[piece, :]ᵀ. */
function columnsOfResult(rec: Recorder, request: Gemm, pieces: readonly Piece[]): Tensor {
  const { op, b, slope = null, label } = request;
  const c = allocateProduct(rec, request);
  for (const piece of pieces) {
    const product = recordGemm(rec, {
      ...request,
      b: rowsOf(b, piece),
      slope: slope && { ...slope, y: columnsOf(rec, { op, from: slope.y, piece }) },
      label: `${label}.piece`,
    });
    const to = { tensor: c, first: piece.first };
    recordColumns(rec, { op, from: { tensor: product, first: 0 }, to, count: piece.count });
  }
  return c;
}

/** c[piece, :] = a[:, piece]ᵀ · b. */
function rowsOfResult(rec: Recorder, request: Gemm, limit: number): Tensor {
  const { op, a } = request;
  const c = allocateProduct(rec, request);
  for (const piece of piecesOf(c, limit)) {
    recordGemmInto(rec, rowsOf(c, piece), {
      ...request,
      a: columnsOf(rec, { op, from: a, piece }),
      sums: piece.first === 0 ? (request.sums ?? null) : null,
    });
  }
  return c;
}

/** A copy of some columns. */
function columnsOf(
  rec: Recorder,
  { op, from, piece }: { readonly op: string; readonly from: Tensor; readonly piece: Piece },
): Tensor {
  const rows = sizeOf(from.shape) / (from.shape[1] ?? 1);
  const copy = rec.allocate([rows, piece.count], "columns", from.dtype);
  const to = { tensor: copy, first: 0 };
  recordColumns(rec, { op, from: { tensor: from, first: piece.first }, to, count: piece.count });
  return copy;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
