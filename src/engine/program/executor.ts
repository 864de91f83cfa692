// The executor replays a program: one encoder, one compute pass and one submit for as many steps as are asked for, with
// no buffer, bind group or pipeline made after compilation.

import { bindingTooLarge } from "../core/binding.ts";
import type { Device } from "../core/device.ts";
import { VitrineError } from "../core/errors.ts";
import { fromHalves } from "../core/half.ts";
import { type CompiledKernel, describeKernel } from "../core/kernel.ts";
import type { KernelSlot } from "../core/kernel-cache.ts";
import { sizeOf } from "../core/shape.ts";
import type { Place } from "../core/staging.ts";
import { bytesOf, rootOf, rootStorage, type Storage, type Tensor } from "../core/tensor.ts";
import { Kept, keptSlots, slotsFor } from "./kept-results.ts";
import { type Plan, type PlanOptions, plan } from "./planner.ts";
import { type Dispatch, type Grid, type Program, tensorsOf, writesOf } from "./program.ts";
import { Workspace } from "./workspace.ts";

/** Uniform offsets must be multiples of this on every adapter. */
const PARAMS_STRIDE = 256;

interface Step {
  readonly dispatch: Dispatch;
  /** What it holds is another pipeline once its shader is edited. */
  readonly kernel: KernelSlot;
  readonly group: GPUBindGroup;
  readonly grid: Grid;
}

/** What part of a program runs: dispatches by their ids, from the first on and up to, but not including, the second. */
export interface DispatchRange {
  readonly from?: number;
  readonly to?: number;
}

export class Executable {
  readonly program: Program;
  readonly plan: Plan;
  readonly #device: Device;
  readonly #slots: readonly GPUBuffer[];
  #steps: readonly Step[] = [];
  /** Those of a replay that finds what was kept; all of them where nothing is. */
  #replayed: readonly Step[] = [];
  #kept: Kept | null = null;
  /** The persistent storages that the program writes. */
  readonly #written: readonly Storage[];
  #stepById: ReadonlyMap<number, Step> = new Map();
  #params: GPUBuffer | null = null;

  private constructor(device: Device, plan: Plan, program: Program, workspace: Workspace) {
    this.program = program;
    this.plan = plan;
    this.#device = device;
    checkBindings(this.plan.dispatches, device.maxStorageBufferBindingSize);
    this.#slots = slotsFor(device, plan, workspace);
    const written = new Set(plan.dispatches.flatMap(writesOf).map(rootStorage));
    this.#written = [...written].filter(({ persistent }) => persistent);
  }

  /**
   * Plans a program, finds room for its tensors and makes its pipelines. Without shared slots every tensor of a dispatch
   * that ran can be read, at the price of memory for all of them at once.
   */
  static async compile(
    device: Device,
    program: Program,
    workspace = new Workspace(device),
    options: PlanOptions = {},
  ): Promise<Executable> {
    const executable = new Executable(device, plan(program, options), program, workspace);
    executable.#steps = await executable.#prepare();
    executable.#stepById = new Map(executable.#steps.map((step) => [step.dispatch.id, step]));
    executable.#keep();
    return executable;
  }

  get dispatches(): readonly Dispatch[] {
    return this.plan.dispatches;
  }

  /** Submits `times` replays of the program at once. */
  run(times = 1): void {
    this.#submit((pass) => this.encodeAll(pass, times));
  }

  /** Submits one run of some of the dispatches; what those before them have computed must be there. */
  runRange({ from = 0, to = Number.POSITIVE_INFINITY }: DispatchRange): void {
    const steps = this.#steps.filter(({ dispatch: { id } }) => id >= from && id < to);
    this.#submit((pass) => this.#encode(pass, steps));
  }

  /**
   * Records a dispatch into a pass of the caller's own, as whoever takes its time wants, to be submitted before anything else; false
   * where it does not run.
   */
  encode(pass: GPUComputePassEncoder, id: number): boolean {
    const step = this.#stepById.get(id);
    if (step) this.#encode(pass, [step]);
    return step !== undefined;
  }

  /** Records `times` replays of the whole program into a pass of the caller's own, to be submitted before anything else. */
  encodeAll(pass: GPUComputePassEncoder, times = 1): void {
    for (let time = 0; time < times; time++) {
      encodeSteps(pass, this.#kept?.renew() ? this.#steps : this.#replayed);
    }
    this.#noteWrites();
  }

  #encode(pass: GPUComputePassEncoder, steps: readonly Step[]): void {
    encodeSteps(pass, steps);
    this.#noteWrites();
  }

  #noteWrites(): void {
    for (const root of this.#written) this.#device.writes.note(root);
  }

  #submit(encode: (pass: GPUComputePassEncoder) => void): void {
    const encoder = this.#device.handle.createCommandEncoder({ label: this.program.name });
    const pass = encoder.beginComputePass();
    encode(pass);
    pass.end();
    this.#device.submit(encoder);
  }

  /**
   * Runs the program once, one dispatch at a time. Drivers compile a kernel when it is first dispatched, which can take
   * seconds; `onDispatch` is called before each, so that somebody can be told, and false from it stops half-way.
   */
  async runSlowly(onDispatch: (dispatch: Dispatch, index: number) => boolean): Promise<void> {
    for (const [index, step] of this.#steps.entries()) {
      if (!onDispatch(step.dispatch, index)) return;
      this.#submit((pass) => this.#encode(pass, [step]));
      await this.#device.settle();
    }
  }

  /**
   * The elements of a tensor of this program: a kept one, one that outlives the program, or any where slots are not
   * shared. Throws VitrineError for others, whose slots hold something else by now.
   */
  async read(tensor: Tensor): Promise<Float32Array<ArrayBuffer>> {
    const bytes = await this.readBytes(tensor);
    const elements = sizeOf(tensor.shape);
    if (tensor.dtype === "f16") return fromHalves(new Uint16Array(bytes, 0, elements));
    return new Float32Array(bytes, 0, elements);
  }

  /** Overwrites a tensor of this program, for whoever runs a part of it on other values; as readable as `read` wants. */
  write(tensor: Tensor, data: Uint8Array<ArrayBuffer>): void {
    const { buffer, offset } = this.#readablePlace(tensor);
    this.#device.writes.note(rootStorage(tensor));
    this.#device.handle.queue.writeBuffer(buffer, offset, data);
  }

  /** Frees what is this program's alone; its workspace may serve others. */
  dispose(): void {
    if (this.#params) this.#device.release(this.#params);
    for (const slot of keptSlots(this.plan)) {
      const buffer = this.#slots[slot];
      if (buffer) this.#device.release(buffer);
    }
    this.#params = null;
    this.#steps = [];
    this.#replayed = [];
    this.#stepById = new Map();
  }

  /** Copies a tensor of this program into one that outlives it, from `byteOffset` on. */
  copyInto(target: Tensor, byteOffset: number, tensor: Tensor): void {
    const bytes = bytesOf(tensor.shape, tensor.dtype);
    this.#device.copy(this.#readablePlace(tensor), bytes, target, byteOffset);
  }

  async readBytes(tensor: Tensor): Promise<ArrayBuffer> {
    return this.#device.readPlace(this.#readablePlace(tensor), bytesOf(tensor.shape, tensor.dtype));
  }

  #readablePlace(tensor: Tensor): Place {
    const { root } = rootOf(tensor.storage);
    const life = this.plan.lives.get(root);
    if (!root.persistent && life?.outlives === false) {
      throw new VitrineError(
        `executor: only kept tensors can be read after ${this.program.name}, got ${tensor.label}`,
        { help: "keep it while recording, or compile the program without shared slots" },
      );
    }
    return this.#placeOf(tensor);
  }

  #placeOf(tensor: Tensor): Place {
    const { root, offset } = rootOf(tensor.storage);
    if (root.persistent) return this.#device.placeOf(tensor);
    const buffer = this.#slots[this.plan.lives.get(root)?.slot ?? -1];
    if (!buffer) {
      throw new VitrineError(
        `executor: ${tensor.label} is not part of program ${this.program.name}`,
      );
    }
    return { buffer, offset };
  }

  async #prepare(): Promise<readonly Step[]> {
    const { kernels } = this.#device;
    const { dispatches } = this.plan;
    const params = this.#writeParams(dispatches);
    this.#params = params;
    const pending = dispatches.map(async (dispatch, index): Promise<Step> => {
      const compiled = describeKernel(dispatch.kernel);
      const layout = kernels.layout(compiled);
      const kernel = await kernels.slot(compiled);
      const entries = compiled.bindings.map((binding) => ({
        binding: binding.index,
        resource:
          binding.kind === "uniform"
            ? { buffer: params, offset: index * PARAMS_STRIDE, size: PARAMS_STRIDE }
            : this.#resource(dispatch.bindings[binding.name]?.tensor),
      }));
      const group = this.#device.bindGroup({ label: dispatch.kernel.label, layout, entries });
      return { dispatch, kernel, group, grid: dispatch.grid };
    });
    return Promise.all(pending);
  }

  /** Parts the dispatches whose results are kept from the others. */
  #keep(): void {
    const { invariants } = this.plan;
    const isKept = ({ dispatch }: Step) => invariants.dispatches.has(dispatch);
    const kernels = this.#steps.filter(isKept).map(({ kernel }) => kernel);
    this.#replayed = this.#steps.filter((step) => !isKept(step));
    this.#kept = new Kept(this.#device, invariants, kernels);
  }

  #resource(tensor: Tensor | undefined): GPUBufferBinding {
    if (!tensor) throw new Error("executor: a binding has no tensor");
    const { buffer, offset } = this.#placeOf(tensor);
    return { buffer, offset, size: tensor.storage.bytes };
  }

  #writeParams(dispatches: readonly Dispatch[]): GPUBuffer {
    const bytes = new DataView(new ArrayBuffer(Math.max(1, dispatches.length) * PARAMS_STRIDE));
    for (const [index, dispatch] of dispatches.entries()) {
      writeParams(bytes, index * PARAMS_STRIDE, dispatch, describeKernel(dispatch.kernel));
    }
    const buffer = this.#device.uniformBuffer(bytes.byteLength, `${this.program.name}.params`);
    this.#device.handle.queue.writeBuffer(buffer, 0, bytes.buffer);
    return buffer;
  }
}

/** Throws DeviceError for the first tensor that the adapter cannot bind whole. */
function checkBindings(dispatches: readonly Dispatch[], limit: number): void {
  for (const { label, storage } of dispatches.flatMap(tensorsOf)) {
    if (storage.bytes > limit) throw bindingTooLarge(label, storage.bytes, limit);
  }
}

function encodeSteps(pass: GPUComputePassEncoder, steps: readonly Step[]): void {
  for (const step of steps) {
    pass.setPipeline(step.kernel.pipeline);
    pass.setBindGroup(0, step.group);
    pass.dispatchWorkgroups(step.grid[0], step.grid[1], step.grid[2]);
  }
}

function writeParams(
  bytes: DataView,
  at: number,
  dispatch: Dispatch,
  compiled: CompiledKernel,
): void {
  for (const [index, { name, type }] of compiled.params.entries()) {
    const value = dispatch.params[name] ?? 0;
    const offset = at + index * 4;
    if (type === "f32") bytes.setFloat32(offset, value, true);
    else if (type === "i32") bytes.setInt32(offset, value, true);
    else bytes.setUint32(offset, value, true);
  }
}
