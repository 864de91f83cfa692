// What goes to the device, and comes back from it through buffers that are mapped, copied from and used again.

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

/** Writes bytes to a place in the queue's order. WebGPU takes whole words: the last one is filled with zeros. */
export function writeBytes(queue: GPUQueue, to: Place, data: ArrayBufferView<ArrayBuffer>): void {
  const { buffer: source, byteOffset: start, byteLength } = data;
  const whole = byteLength - (byteLength % 4);
  if (whole > 0) queue.writeBuffer(to.buffer, to.offset, source, start, whole);
  if (whole === byteLength) return;
  const tail = new Uint8Array(4);
  tail.set(new Uint8Array(source, start + whole, byteLength - whole));
  queue.writeBuffer(to.buffer, to.offset + whole, tail);
}
