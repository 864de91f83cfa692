// Fully connected layer.
//   y = activate(x · w + b)
//   x (N, I)   w (I, O)   b (O), optional   ->   y (N, O)
//   dz, db as in bias-activation.ts     dx = dz · wᵀ     dw = xᵀ · dz

import { ShapeError, UsageError } from "../core/errors.ts";
import { formatShape, shape2 } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Recorder } from "../program/recorder.ts";
import { apply, type Op } from "../program/tape.ts";
import type { TapeEntry } from "../program/tape-entry.ts";
import {
  ACTIVATIONS,
  type Activation,
  recordBiasActivationBackward,
  slopeOf,
} from "./gemm/bias-activation.ts";
import { recordLargeGemm } from "./gemm/large-gemm.ts";

export interface DenseAttrs {
  readonly activation: Activation;
}

export type DenseInputs =
  | readonly [x: Tensor, w: Tensor]
  | readonly [x: Tensor, w: Tensor, b: Tensor];

interface Saved {
  readonly x: Tensor;
  readonly w: Tensor;
  readonly hasBias: boolean;
  readonly y: Tensor;
}

export const dense: Op<DenseInputs, DenseAttrs, Saved> = {
  name: "dense",

  infer([x, w, b], { activation }) {
    if (!ACTIVATIONS.includes(activation)) {
      throw new UsageError(
        `dense: activation is one of ${ACTIVATIONS.join(", ")}, got ${activation}`,
      );
    }
    const [n, features] = shape2(x, "dense");
    const [i, o] = shape2(w, "dense");
    if (features !== i) {
      throw new ShapeError(
        `dense: input has ${features} features but the weight expects ${i}, ` +
          `got x ${formatShape(x)}, w ${formatShape(w)}`,
      );
    }
    if (b && (b.length !== 1 || b[0] !== o)) {
      throw new ShapeError(
        `dense: bias has one value a unit, got b ${formatShape(b)}, w ${formatShape(w)}`,
      );
    }
    return [n, o];
  },

  forward(rec, [x, w, b], { activation }) {
    const bias = b ?? null;
    const y = recordLargeGemm(rec, { op: "dense", a: x, b: w, bias, activation, label: "y" });
    return { output: y, saved: { x, w, hasBias: bias !== null, y } };
  },

  activationOf: ({ activation }) => activation,
  takesSlope: true,

  backward(rec, dy, { x, w, hasBias, y }, { activation }, [needsX, needsW, needsB], slopes) {
    const { dz, db, sums } = recordBiasActivationBackward(rec, {
      ...{ dy, y, isSloped: slopes.isSloped, activation },
      ...{ hasBias: hasBias && needsB === true, summedBeside: needsW },
    });
    const slope = slopeOf(x, slopes);
    const product = { op: "dense", a: dz, b: w, transB: true, slope, label: "dx" } as const;
    const dx = needsX ? rec.folding(slopes.inputLayers, () => recordLargeGemm(rec, product)) : null;
    const dw = needsW
      ? recordLargeGemm(rec, { op: "dense", a: x, b: dz, transA: true, sums, label: "dw" })
      : null;
    return hasBias ? [dx, dw, db] : [dx, dw];
  },
};

/** Records what the sigmoid of a dense layer was applied to; null for an entry of another op or activation. */
export function denseWithoutSigmoid(rec: Recorder, entry: TapeEntry): Tensor | null {
  if (entry.op !== dense.name || (entry.attrs as DenseAttrs).activation !== "sigmoid") return null;
  const inputs = entry.inputs as readonly Tensor[] as DenseInputs;
  return apply(rec, dense, inputs, { activation: "linear" });
}
