// One WebGPU device: what it can do, the buffers on it, its kernels, and what became of it. It is handed a GPU object,
// so the same code runs in Node (Dawn) and in a browser.

import { bufferTooLarge } from "./binding.ts";
import { onFailure } from "./device-failure.ts";
import { DeviceError } from "./errors.ts";
import { KernelCache } from "./kernel-cache.ts";
import { requestedDevice } from "./requested-device.ts";
import { RowMemory } from "./row-memory.ts";
import { RungTable } from "./rung-table.ts";
import { formatShape, type Shape } from "./shape.ts";
import { type Place, Staging, writeBytes } from "./staging.ts";
import { matricesOf, type SubgroupMatrices, subgroupsOf } from "./subgroups.ts";
import {
  bytesOf,
  type DType,
  persistentStorage,
  persistentTensor,
  rootOf,
  rootStorage,
  type Storage,
  type Tensor,
} from "./tensor.ts";
import { WriteLog } from "./write-log.ts";

/** From a wait that was cut off to the word that the device is lost. */
const LOSS_MS = 1000;

const USAGE = {
  STORAGE: 0x80,
  COPY_SRC: 0x4,
  COPY_DST: 0x8,
  UNIFORM: 0x40,
  MAP_READ: 0x1,
} as const;

/** How a device is opened: which adapter, and what is asked of it. */
export interface DeviceOptions {
  /** The GPU object; the device keeps it alive, because Dawn aborts when it is collected. */
  readonly gpu: GPU;
  readonly powerPreference?: GPUPowerPreference;
  /** Bytes that rows of data may take on the device; more of them are streamed. Default 2 GiB. */
  readonly rowBudget?: number | undefined;
  /** Features to ask for beside those that kernels use, where the adapter has them; default none. */
  readonly features?: readonly string[];
  /** Called once when the device is lost for a reason other than `destroy()`. */
  readonly onLost?: (error: DeviceError) => void;
}

/** What a scope has to itself beside the buffers made in it. */
export interface ScopeOptions {
  /** Compiles its kernels by itself; default false. */
  readonly ownKernels?: boolean;
  /** Which kernels are recorded for it; default its device's table. */
  readonly rungTable?: RungTable;
}

/** Counts of what has been made on a device; buffers and bind groups are flat once a program is warm. */
export interface Counters {
  buffers: number;
  bindGroups: number;
  submits: number;
  readBacks: number;
}

/** A WebGPU device: what it can do, the buffers on it, its kernels, and what became of it. `scope()` frees what is made in it. */
export class Device {
  readonly gpu: GPU;
  readonly handle: GPUDevice;
  readonly info: GPUAdapterInfo;
  readonly kernels: KernelCache;
  /** Lanes in a subgroup where the adapter has subgroups of one size, or can be held to one; else null. */
  readonly subgroupSize: number | null;
  /** What a subgroup multiplies at once; null where it does not. */
  readonly matrices: SubgroupMatrices;
  /** Whether kernels may store and load f16. */
  readonly hasHalf: boolean;
  /** True for an adapter that computes on the processor (llvmpipe, SwiftShader, WARP). */
  readonly isSoftware: boolean;
  readonly counters: Counters;
  /** Which kernels are recorded for it; scopes share it where they are not given one. */
  readonly rungTable: RungTable;
  /** How often persistent storages were written. */
  readonly writes: WriteLog;
  /** What rows of data take on the device, and may take. */
  readonly rowMemory: RowMemory;
  readonly #staging: Staging;
  /** Buffers made through this object; destroyed with it. */
  readonly #owned = new Set<GPUBuffer>();
  /** Where persistent storages lie that were placed through this object. */
  readonly #places = new WeakMap<Storage, Place>();
  readonly #parent: Device | null;
  /** Set when the device is lost or runs out of memory; every later call throws it. */
  #failure: DeviceError | null = null;

  private constructor(
    { gpu, handle, info }: Pick<Device, "gpu" | "handle" | "info">,
    parent: Device | null,
    own: { readonly kernels?: KernelCache; readonly rungTable?: RungTable | undefined } = {},
  ) {
    this.gpu = gpu;
    this.handle = handle;
    this.info = info;
    this.#parent = parent;
    this.counters = parent?.counters ?? { buffers: 0, bindGroups: 0, submits: 0, readBacks: 0 };
    this.rungTable = own.rungTable ?? parent?.rungTable ?? new RungTable();
    this.writes = parent?.writes ?? new WriteLog();
    this.rowMemory = new RowMemory(parent?.rowMemory);
    this.#staging = new Staging(handle, (bytes) => this.#mappableBuffer(bytes));
    const { size, isPinned } = subgroupsOf(handle.features, info);
    this.subgroupSize = size;
    const pinnedSubgroup = isPinned ? size : null;
    this.kernels = own.kernels ?? parent?.kernels ?? new KernelCache(handle, { pinnedSubgroup });
    this.hasHalf = handle.features.has("shader-f16");
    this.isSoftware = isSoftware(info);
    const facts = { size, isSoftware: this.isSoftware };
    this.matrices = parent ? parent.matrices : matricesOf(handle.features, info, facts);
  }

  /**
   * Opens the adapter that the GPU object offers, with its own limits (the defaults are far below most adapters').
   * Throws DeviceError when there is none.
   */
  static async open(options: DeviceOptions): Promise<Device> {
    const { handle, info } = await requestedDevice(options);
    const device = new Device({ gpu: options.gpu, handle, info }, null);
    device.rowMemory.budget = options.rowBudget ?? device.rowMemory.budget;
    device.#listen(options.onLost);
    return device;
  }

  /**
   * The same device with an account of its own: `destroy()` on it frees the buffers made through it, and nothing else.
   * For one of several models trained after another. With `ownKernels`, an edit of a kernel is tried in it and seen nowhere else; those of
   * this device hold in it.
   */
  scope(options: ScopeOptions = {}): Device {
    const { handle } = this;
    const kernels = options.ownKernels ? new KernelCache(handle, this.kernels) : this.kernels;
    return new Device(this, this, { kernels, rungTable: options.rungTable });
  }

  /** `llvmpipe (LLVM 15.0.6, 256 bits)`, or whatever the adapter calls itself. */
  get name(): string {
    const { device, description, vendor, architecture } = this.info;
    return description || device || `${vendor} ${architecture}`.trim();
  }

  /** Bytes that one binding holds; larger tensors are bound in views. */
  get maxStorageBufferBindingSize(): number {
    return this.handle.limits.maxStorageBufferBindingSize;
  }

  /** Bytes of memory that the invocations of a workgroup share. */
  get maxComputeWorkgroupStorageSize(): number {
    return this.handle.limits.maxComputeWorkgroupStorageSize;
  }

  get failure(): DeviceError | null {
    return this.#parent ? this.#parent.failure : this.#failure;
  }

  /** Throws what went wrong with the device, if anything did. */
  check(): void {
    if (this.failure) throw this.failure;
  }

  /** A persistent storage with a buffer of its own, zeroed. */
  storage(bytes: number, label: string): Storage {
    const storage = persistentStorage(bytes, label);
    this.place(storage);
    return storage;
  }

  /** Gives a persistent storage a buffer, zeroed, that lives until this object is destroyed; none where it has one. */
  place({ storage }: Tensor): void;
  place(storage: Storage): void;
  place(target: Tensor | Storage): void {
    const { root } = rootOf("storage" in target ? target.storage : target);
    if (this.#find(root)) return;
    this.#places.set(root, { buffer: this.buffer(root.bytes, root.label), offset: 0 });
  }

  /** Gives each a place, as `place` does; or, where the device has no memory for all of them, none, and says so by false. */
  async placeAll(tensors: readonly Tensor[]): Promise<boolean> {
    this.handle.pushErrorScope("out-of-memory");
    for (const tensor of tensors) this.place(tensor);
    const error = await this.handle.popErrorScope();
    this.check();
    if (!error) return true;
    for (const { storage } of tensors) {
      const place = this.#places.get(storage);
      if (place) this.release(place.buffer);
      this.#places.delete(storage);
    }
    return false;
  }

  /** Where a placed tensor lies. */
  placeOf({ label, storage }: Tensor): Place {
    const { root, offset } = rootOf(storage);
    const place = this.#find(root);
    if (!place) throw new DeviceError(`device: ${label} has no place on the device yet`);
    return { buffer: place.buffer, offset: place.offset + offset };
  }

  #find(root: Storage): Place | undefined {
    const own = this.#places.get(root);
    return own ?? (this.#parent ? this.#parent.#find(root) : undefined);
  }

  /** A tensor with a storage of its own, zeroed or filled with `data`. */
  tensor(
    shape: Shape,
    label: string,
    data?: ArrayBufferView<ArrayBuffer>,
    dtype: DType = "f32",
  ): Tensor {
    const tensor = persistentTensor(shape, label, dtype);
    this.place(tensor);
    if (data) this.write(tensor, data);
    return tensor;
  }

  /** A storage buffer of `bytes`; throws DeviceError when the adapter has none so large. */
  buffer(bytes: number, label: string): GPUBuffer {
    const limit = this.handle.limits.maxBufferSize;
    if (bytes > limit) throw bufferTooLarge(label, bytes, limit);
    const usage = USAGE.STORAGE | USAGE.COPY_SRC | USAGE.COPY_DST;
    return this.#create({ label, size: bytes, usage });
  }

  /** A buffer of so many bytes for the parameters of a dispatch; it is the device's to free. */
  uniformBuffer(bytes: number, label: string): GPUBuffer {
    return this.#create({ label, size: bytes, usage: USAGE.UNIFORM | USAGE.COPY_DST });
  }

  /** A bind group, checked as all calls to the device are: `check()` throws what went wrong. */
  bindGroup(descriptor: GPUBindGroupDescriptor): GPUBindGroup {
    this.counters.bindGroups++;
    return this.handle.createBindGroup(descriptor);
  }

  /** Hands the commands of an encoder to the queue; they run after all that was handed over before. */
  submit(encoder: GPUCommandEncoder): void {
    this.check();
    this.counters.submits++;
    this.handle.queue.submit([encoder.finish()]);
  }

  /** Overwrites the first bytes of a placed tensor, or those from `byteOffset` on. */
  write(tensor: Tensor, data: ArrayBufferView<ArrayBuffer>, byteOffset = 0): void {
    const place = this.placeOf(tensor);
    if (byteOffset + data.byteLength > tensor.storage.bytes) {
      throw new DeviceError(
        `device: cannot write ${data.byteLength} bytes at ${byteOffset} into ${tensor.label} ${formatShape(tensor.shape)}`,
      );
    }
    const { buffer, offset } = place;
    this.writes.note(rootStorage(tensor));
    writeBytes(this.handle.queue, { buffer, offset: offset + byteOffset }, data);
  }

  /** Copies bytes into a placed tensor, from `byteOffset` on, after everything submitted so far. */
  copy(from: Place, bytes: number, tensor: Tensor, byteOffset: number): void {
    const { buffer, offset } = this.placeOf(tensor);
    this.writes.note(rootStorage(tensor));
    const encoder = this.handle.createCommandEncoder({ label: tensor.label });
    encoder.copyBufferToBuffer(from.buffer, from.offset, buffer, offset + byteOffset, bytes);
    this.submit(encoder);
  }

  /** Waits until everything submitted so far has run. */
  async settle(): Promise<void> {
    const done = this.handle.queue.onSubmittedWorkDone();
    await done.catch((cause: unknown) => this.#cutOff("be waited for", cause));
    this.check();
  }

  /** The bytes of a placed tensor, after everything submitted so far. */
  async read(tensor: Tensor): Promise<ArrayBuffer> {
    return this.readPlace(this.placeOf(tensor), bytesOf(tensor.shape, tensor.dtype));
  }

  /** Bytes of a placed tensor from `byteOffset` on. */
  async readPart(tensor: Tensor, byteOffset: number, bytes: number): Promise<ArrayBuffer> {
    const { buffer, offset } = this.placeOf(tensor);
    return this.readPlace({ buffer, offset: offset + byteOffset }, bytes);
  }

  /** Bytes of a buffer from a place on, once all that was submitted has run. */
  async readPlace(place: Place, bytes: number): Promise<ArrayBuffer> {
    this.check();
    this.counters.readBacks++;
    const reading = this.#staging.read(place, bytes);
    const data = await reading.catch((cause: unknown) => this.#cutOff("be read", cause));
    this.check();
    return data;
  }

  /** A lost device aborts what is under way, also before it is said to be lost, which says more than that. */
  async #cutOff(what: string, cause: unknown): Promise<never> {
    const late = new Promise((resolve) => setTimeout(resolve, LOSS_MS));
    if (!this.failure) await Promise.race([this.handle.lost, late]);
    this.check();
    throw new DeviceError(`device: could not ${what}, got ${cause}`, { cause });
  }

  /** Frees what was made through this object: a scope's buffers, or the device with everything on it. */
  destroy(): void {
    if (!this.#parent) this.handle.destroy();
    for (const buffer of this.#owned) buffer.destroy();
    this.#owned.clear();
    this.rowMemory.release();
  }

  /** Frees a buffer before this object is destroyed. */
  release(buffer: GPUBuffer): void {
    if (this.#owned.delete(buffer)) buffer.destroy();
  }

  #create(descriptor: GPUBufferDescriptor): GPUBuffer {
    this.counters.buffers++;
    const buffer = this.handle.createBuffer(descriptor);
    this.#owned.add(buffer);
    return buffer;
  }

  #listen(onLost: DeviceOptions["onLost"]): void {
    onFailure(this.handle, (error) => {
      if (this.#failure) return;
      this.#failure = error;
      onLost?.(error);
    });
  }

  #mappableBuffer(bytes: number): GPUBuffer {
    const usage = USAGE.MAP_READ | USAGE.COPY_DST;
    return this.#create({ label: "staging", size: bytes, usage });
  }
}

/** A browser tells no names; of SwiftShader it says the architecture, and of some that they stand in for a GPU. */
function isSoftware(info: GPUAdapterInfo): boolean {
  const { device, description, architecture, isFallbackAdapter } = info;
  const names = `${device} ${description} ${architecture}`;
  return isFallbackAdapter === true || /llvmpipe|swiftshader|basic render|warp/i.test(names);
}
