// Buffers for the tensors of programs that take turns.

import type { Device } from "../core/device.ts";

/** Buffers for programs' own tensors. Programs that never run at the same time may share one workspace. */
export class Workspace {
  readonly #device: Device;
  readonly #buffers: GPUBuffer[] = [];

  constructor(device: Device) {
    this.#device = device;
  }

  /** A buffer for each of the sizes, reusing those of earlier programs. */
  claim(sizes: readonly number[]): readonly GPUBuffer[] {
    const free = [...this.#buffers].sort((a, b) => a.size - b.size);
    const claimed: GPUBuffer[] = [];
    const largestFirst = sizes
      .map((bytes, slot) => ({ bytes, slot }))
      .sort((a, b) => b.bytes - a.bytes);
    for (const { bytes, slot } of largestFirst) {
      const index = free.findIndex((buffer) => buffer.size >= bytes);
      const buffer = index < 0 ? this.#make(bytes, slot) : free.splice(index, 1)[0];
      if (buffer) claimed[slot] = buffer;
    }
    return claimed;
  }

  #make(bytes: number, slot: number): GPUBuffer {
    const buffer = this.#device.buffer(bytes, `workspace.${slot}`);
    this.#buffers.push(buffer);
    return buffer;
  }
}
