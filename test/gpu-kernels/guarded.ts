// Tensors between sentinels: more room before and behind the elements, filled with a NaN of known bits, and so are elements that
// nobody has written yet. The binding reaches into the room behind, where a kernel that writes too far would write; reading from
// there or before a write shows as NaN in a result.

import type { Device } from "../../src/engine/core/device.ts";
import { type Shape, sizeOf } from "../../src/engine/core/shape.ts";
import {
  bytesOf,
  type DType,
  persistentStorage,
  rootOf,
  type Tensor,
} from "../../src/engine/core/tensor.ts";
import { Recorder, type RecorderOptions } from "../../src/engine/program/recorder.ts";

import { toHalves } from "../support/halves.ts";

/** A NaN that no computation makes; each tensor has the next, because sums hand on the NaNs that they read. */
const FIRST_SENTINEL = 0x7fc5_a100;
/** Bytes; a binding begins at a multiple of 256. */
const BEFORE = 256;
/** Bytes: some rows of what the bench computes. */
const BEHIND = 4096;

/** Places tensors between sentinels, and looks whether those are whole. */
export class Guard {
  readonly #device: Device;
  readonly #tensors: { readonly tensor: Tensor; readonly sentinel: number }[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  /** A tensor of these elements, or of sentinels. */
  tensor(
    shape: Shape,
    label: string,
    data?: () => Float32Array,
    dtype: "f32" | "f16" = "f32",
  ): Tensor {
    const bytes = bytesOf(shape, dtype);
    const root = persistentStorage(
      BEFORE + Math.ceil(bytes / 16) * 16 + BEHIND,
      `${label}.guarded`,
    );
    const parent = { storage: root, offset: BEFORE };
    const storage = { label, bytes: root.bytes - BEFORE, persistent: true, parent };
    const tensor: Tensor = { label, shape, dtype, storage };
    const sentinel = FIRST_SENTINEL + this.#tensors.length;
    const words = new Uint32Array(root.bytes / 4).fill(sentinel);
    if (data) {
      const elements = dtype === "f16" ? toHalves(data()) : data();
      new Uint8Array(words.buffer).set(new Uint8Array(elements.buffer), BEFORE);
    }
    this.#device.place(root);
    this.#device.handle.queue.writeBuffer(this.#device.placeOf(tensor).buffer, 0, words);
    this.#tensors.push({ tensor, sentinel });
    return tensor;
  }

  /** The elements of a tensor. */
  async read(tensor: Tensor): Promise<Float32Array> {
    return new Float32Array(await this.#device.read(tensor), 0, sizeOf(tensor.shape));
  }

  /** What was written outside of tensors, the first of each; empty where all is well. */
  async breaches(): Promise<readonly string[]> {
    const found = await Promise.all(
      this.#tensors.map(({ tensor, sentinel }) => this.#breachOf(tensor, sentinel)),
    );
    return found.filter((text) => text !== null);
  }

  async #breachOf(tensor: Tensor, sentinel: number): Promise<string | null> {
    const { root } = rootOf(tensor.storage);
    const { buffer } = this.#device.placeOf(tensor);
    const words = new Uint32Array(await this.#device.readPlace({ buffer, offset: 0 }, root.bytes));
    const first = BEFORE / 4;
    // Kernels may write whole words of four; storages have room for the last one.
    const end = first + Math.ceil(bytesOf(tensor.shape, tensor.dtype) / 16) * 4;
    const at = words.findIndex((word, i) => (i < first || i >= end) && word !== sentinel);
    if (at < 0) return null;
    const place = at < first ? `${first - at} before the first` : `${at - end + 1} behind the last`;
    return `${tensor.label} (${tensor.shape}) was written ${place} of its elements`;
  }
}

/** A recorder whose tensors, those between two dispatches too, lie between sentinels. */
export class GuardedRecorder extends Recorder {
  readonly #guard: Guard;

  constructor(options: RecorderOptions, guard: Guard) {
    super(options);
    this.#guard = guard;
  }

  override allocate(shape: Shape, label: string, dtype: DType = "f32"): Tensor {
    return dtype === "f32" ? this.#guard.tensor(shape, label) : super.allocate(shape, label, dtype);
  }
}
