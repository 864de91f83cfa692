// The scale of a loss in mixed precision: gradients that are stored as f16 would vanish below 6e-8, so the loss is made larger and
// the weights' gradients, in f32, are divided again. The rules are those of Keras's LossScaleOptimizer; they stand in
// loss-scale.wgsl, and all of it happens on the device, within the recorded step.

import shader from "../../shaders/loss-scale.wgsl";
import { viewsWithin } from "../core/binding.ts";
import type { Device } from "../core/device.ts";
import { UsageError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { persistentTensor, type Tensor } from "../core/tensor.ts";
import { countNonFinite } from "../ops/count-non-finite.ts";
import type { Recorder } from "../program/recorder.ts";
import { dispatchWords } from "./word-dispatch.ts";

/** Of mixed precision, with Keras's names and defaults. */
export interface LossScaleConfig {
  /** Default 2^15, Keras's. */
  readonly initialScale?: number;
  /** Finite steps in a row after which the scale is doubled; default 2000, Keras's. */
  readonly growthSteps?: number;
}

/** Where a scale has come to. */
export interface LossScaleValues {
  /** Of the next step. */
  readonly scale: number;
  /** In a row, since it last changed. */
  readonly finiteSteps: number;
  /** Steps that were left out so far, because a gradient was not finite. */
  readonly skippedSteps: number;
}

/** A loss scale and its counts on the device. */
export class LossScale {
  /** (1) f32. */
  readonly scale = persistentTensor([1], "lossScale");
  readonly #counts = persistentTensor([3], "lossScale.counts", "u32");
  readonly #skip = persistentTensor([1], "lossScale.skip", "u32");
  readonly #initialScale: number;
  readonly #growthSteps: number;

  /** Throws UsageError for a scale that is no number above 0, or steps that are no count from 1. */
  constructor({ initialScale = 2 ** 15, growthSteps = 2000 }: LossScaleConfig = {}) {
    if (!(initialScale > 0 && Number.isFinite(Math.fround(initialScale)))) {
      const rule = "loss-scale: initialScale is a finite number above 0";
      throw new UsageError(`${rule}, got ${initialScale}`);
    }
    if (!(Number.isSafeInteger(growthSteps) && growthSteps > 0)) {
      throw new UsageError(`loss-scale: growthSteps is a count from 1, got ${growthSteps}`);
    }
    this.#initialScale = initialScale;
    this.#growthSteps = growthSteps;
  }

  /** Makes room on the device; the scale starts where it was asked to. */
  materialise(device: Device): void {
    for (const tensor of [this.scale, this.#counts, this.#skip]) device.place(tensor);
    device.write(this.scale, new Float32Array([this.#initialScale]));
  }

  /** Reads it to the host, after everything submitted so far. */
  async values(device: Device): Promise<LossScaleValues> {
    const [scale = Number.NaN] = new Float32Array(await device.read(this.scale));
    const [, finiteSteps = 0, skippedSteps = 0] = new Uint32Array(await device.read(this.#counts));
    return { scale, finiteSteps, skippedSteps };
  }

  /**
   * Records what comes between the gradients and the update: they are looked at and divided, and the scale goes on; then the
   * update, by `body`, which does nothing where one of them is not finite. `gradients`: flat, f32.
   */
  record(rec: Recorder, gradients: readonly Tensor[], body: () => void): void {
    const limit = rec.capabilities.maxStorageBufferBindingSize ?? Number.POSITIVE_INFINITY;
    for (const gradient of gradients) {
      countNonFinite(rec, gradient, this.#counts);
      for (const dw of viewsWithin(gradient, limit)) {
        dispatchWords(rec, {
          ...{ op: "loss-scale", kernel: DIVIDE, over: dw, flopsPerElement: 1 },
          ...{ bind: { scale: this.scale, dw }, params: { growth_steps: this.#growthSteps } },
        });
      }
    }
    rec.dispatch({
      ...{ op: "loss-scale", kernel: ADVANCE, grid: [1, 1, 1] },
      bind: { next_scale: this.scale, counts: this.#counts, skip: this.#skip },
      params: { vectors: 0, stride: 0, growth_steps: this.#growthSteps },
    });
    rec.guarded(this.#skip, body);
  }
}

const DIVIDE: Kernel = kernelFrom(shader, "divide");
const ADVANCE: Kernel = kernelFrom(shader, "advance");

/** Every kernel that this file dispatches. */
export function* lossScaleKernels(): Iterable<Kernel> {
  yield DIVIDE;
  yield ADVANCE;
}
