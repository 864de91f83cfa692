// Read-backs from the device through buffers that are mapped, copied from and used again.

const MAP_READ = 0x1;

/** A range of a GPU buffer. */
export interface Place {
  readonly buffer: GPUBuffer;
  /** In bytes; a multiple of 256. */
  readonly offset: number;
}

export class Staging {
  readonly #device: GPUDevice;
  readonly #make: (bytes: number) => GPUBuffer;
  readonly #free = new Map<number, GPUBuffer[]>();

  constructor(device: GPUDevice, make: (bytes: number) => GPUBuffer) {
    this.#device = device;
    this.#make = make;
  }

  /** Copies `bytes` (a multiple of 4) at `place` to the host, after everything submitted so far. */
  async read(place: Place, bytes: number): Promise<ArrayBuffer> {
    const free = this.#free.get(bytes) ?? [];
    this.#free.set(bytes, free);
    const staging = free.pop() ?? this.#make(bytes);
    const encoder = this.#device.createCommandEncoder({ label: "read" });
    encoder.copyBufferToBuffer(place.buffer, place.offset, staging, 0, bytes);
    this.#device.queue.submit([encoder.finish()]);
    await staging.mapAsync(MAP_READ);
    const copy = staging.getMappedRange().slice(0);
    staging.unmap();
    free.push(staging);
    return copy;
  }
}
