// The tape: what an op is, and what applying one leaves behind for the backward pass. The walk that turns a tape into
// gradients is in ops/gradients.ts, because summing two gradients is itself an op.

import type { Shape } from "../core/shape.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Recorder } from "./recorder.ts";
import { NO_SLOPES, type Slopes, type TapeEntry } from "./tape-entry.ts";

/** A tuple of tensors; optional elements (a bias) may be left out at the end. */
export type Tensors = readonly (Tensor | undefined)[];
/** One per input; null where no gradient flows. */
export type Gradients<In extends Tensors> = { readonly [K in keyof In]: Tensor | null };
export type Shapes<In extends Tensors> = { readonly [K in keyof In]: Shape };
/** One per input: whether its gradient is asked for. */
export type Needs<In extends Tensors> = { readonly [K in keyof In]: boolean };

/** A differentiable operation: shapes, forward and backward, side by side in one file of ops/. */
export interface Op<In extends Tensors, Attrs, Saved> {
  readonly name: string;
  /** The output's shape; every shape error of the op is thrown here, when the model is built. */
  infer(shapes: Shapes<In>, attrs: Attrs): Shape;
  /** Records the forward dispatches; `saved` is whatever backward needs. */
  forward(rec: Recorder, inputs: In, attrs: Attrs, shape: Shape): { output: Tensor; saved: Saved };
  /** Records the backward dispatches for the inputs whose gradient is needed. */
  backward(
    rec: Recorder,
    dy: Tensor,
    saved: Saved,
    attrs: Attrs,
    needs: Needs<In>,
    slopes: Slopes,
  ): Gradients<In>;
  /** What the op applies to its result in the same kernel; default: nothing. */
  activationOf?(attrs: Attrs): string;
  /** Whether backward can multiply its first gradient by the slope of the activation that computed the first input. */
  readonly takesSlope?: boolean;
}

/** Applies an op: checks shapes, records forward, and leaves an entry on the tape when a gradient may be asked for. */
export function apply<In extends Tensors, Attrs, Saved>(
  rec: Recorder,
  op: Op<In, Attrs, Saved>,
  inputs: In,
  attrs: Attrs,
): Tensor {
  const present = inputs as readonly unknown[] as readonly Tensor[];
  const shapes = present.map((tensor) => tensor.shape) as unknown as Shapes<In>;
  const shape = op.infer(shapes, attrs);
  const first = rec.nextId;
  const { output, saved } = op.forward(rec, inputs, attrs, shape);
  const needs = present.map((tensor) => rec.isWatched(tensor)) as unknown as Needs<In>;
  if (needs.some(Boolean)) rec.watchResult(output);
  rec.tape.push({
    op: op.name,
    origin: rec.origin,
    forward: rec.writerOf(output, first),
    inputs: present,
    output,
    isLoss: false,
    attrs,
    activation: op.activationOf?.(attrs) ?? "linear",
    takesSlope: op.takesSlope ?? false,
    backward: (dy, slopes = NO_SLOPES) =>
      dy ? op.backward(rec, dy, saved, attrs, needs, slopes) : present.map(() => null),
  });
  return output;
}

/**
 * The entry that computed a tensor, if an op did. So two neighbours can be recorded as one kernel: the second is applied
 * to the inputs of the first, and does the first one's work as its own. The first stays as it was recorded, for whoever
 * else reads its result or keeps it, and the planner drops it where nobody does; that layer then has no dispatch in the
 * program. Only for a first op without side effects, since both may run. Joined are zero padding with the convolution
 * after it, normalisation in inference with the ReLU after it, and softmax with the loss.
 */
export function producerOf(rec: Recorder, tensor: Tensor): TapeEntry | undefined {
  return rec.tape.find((entry) => entry.output === tensor);
}
