// The recorder: ops call it to allocate tensors and to write dispatches down. It needs no device, only what the device
// can do, so that a program can be recorded, looked at and tested anywhere.

import { VitrineError } from "../core/errors.ts";
import { describeKernel, type Kernel } from "../core/kernel.ts";
import type { Shape } from "../core/shape.ts";
import { bytesOf, type DType, type Storage, storageOf, type Tensor } from "../core/tensor.ts";
import type { Dispatch, Grid, Pass, Program } from "./program.ts";
import type { TapeEntry } from "./tape-entry.ts";

/** What recording depends on; a Device satisfies it. */
export interface Capabilities {
  readonly subgroupSize: number | null;
  readonly isSoftware: boolean;
  /** Bytes that one binding holds; no limit where there is no device. */
  readonly maxStorageBufferBindingSize?: number;
}

export interface DispatchRequest {
  readonly op: string;
  readonly kernel: Kernel;
  readonly grid: Grid;
  readonly bind: Readonly<Record<string, Tensor>>;
  readonly params?: Readonly<Record<string, number>>;
  readonly flops?: number;
}

export interface RecorderOptions {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Rungs to use instead of the measured ones, by ladder: `{ gemm: "naive" }`. */
  readonly rungs?: Readonly<Record<string, string>>;
}

const MAX_GROUPS = 65_535;

export class Recorder {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly rungs: Readonly<Record<string, string>>;
  readonly tape: TapeEntry[] = [];
  readonly #dispatches: Dispatch[] = [];
  readonly #kept: Tensor[] = [];
  readonly #watched = new Set<Tensor>();
  #layer = "";
  #pass: Pass = "forward";

  constructor(options: RecorderOptions) {
    this.name = options.name;
    this.capabilities = options.capabilities;
    this.rungs = options.rungs ?? {};
  }

  get layer(): string {
    return this.#layer;
  }

  /** A tensor of this program's own; the planner finds room for it. */
  allocate(shape: Shape, label: string, dtype: DType = "f32"): Tensor {
    const name = this.#layer ? `${this.#layer}.${label}` : label;
    return { label: name, shape, dtype, storage: storageOf(bytesOf(shape, dtype), name) };
  }

  /** Makes the tensor's storage a part of `parent`, so that it is written there in the first place. */
  alias(tensor: Tensor, parent: Storage, offset: number): void {
    if (tensor.storage.place || tensor.storage.parent) {
      throw new VitrineError(`recorder: ${tensor.label} has a place already`);
    }
    tensor.storage.parent = { storage: parent, offset };
  }

  /** Keeps a tensor readable after the program has run, and what computes it in the program. */
  keep(tensor: Tensor): void {
    this.#kept.push(tensor);
  }

  /** Asks for gradients with respect to a tensor, and so to everything computed from it. */
  watch(tensor: Tensor): void {
    this.#watched.add(tensor);
  }

  isWatched(tensor: Tensor): boolean {
    return this.#watched.has(tensor);
  }

  /** Everything recorded by `body` belongs to `layer`. */
  inLayer<T>(layer: string, body: () => T): T {
    const outer = this.#layer;
    this.#layer = layer;
    try {
      return body();
    } finally {
      this.#layer = outer;
    }
  }

  /** Everything recorded by `body` belongs to `pass`. */
  inPass<T>(pass: Pass, body: () => T): T {
    const outer = this.#pass;
    this.#pass = pass;
    try {
      return body();
    } finally {
      this.#pass = outer;
    }
  }

  /** Writes one dispatch down. Throws VitrineError when the kernel binds or takes something else than was given. */
  dispatch(request: DispatchRequest): void {
    const { op, kernel, grid, bind, params = {}, flops = 0 } = request;
    const { bindings, params: fields } = describeKernel(kernel);
    const where = `dispatch ${kernel.label}`;
    if (grid.some((count) => count < 1 || count > MAX_GROUPS || !Number.isInteger(count))) {
      throw new VitrineError(
        `${where}: takes 1 to ${MAX_GROUPS} workgroups a dimension, got ${grid}`,
      );
    }
    for (const name of Object.keys(bind)) {
      if (!bindings.some((binding) => binding.name === name)) {
        throw new VitrineError(`${where}: the kernel has no binding ${name}`);
      }
    }
    const unbound = bindings.find(({ name, access }) => access !== "uniform" && !bind[name]);
    if (unbound) throw new VitrineError(`${where}: nothing is bound to ${unbound.name}`);
    const given = Object.keys(params);
    const expected = fields.map((field) => field.name);
    const wrong =
      given.find((n) => !expected.includes(n)) ?? expected.find((n) => !given.includes(n));
    if (wrong) {
      throw new VitrineError(`${where}: Params and what is given differ in ${wrong}`);
    }
    const access = (kind: string) =>
      bindings.flatMap((b) =>
        kind.includes(b.access) && bind[b.name] ? [bind[b.name]] : [],
      ) as Tensor[];
    const [reads, writes] = [access("read"), access("write update")];
    const bytes = [...reads, ...writes].reduce((sum, t) => sum + bytesOf(t.shape, t.dtype), 0);
    this.#dispatches.push({
      op,
      layer: this.#layer,
      pass: this.#pass,
      kernel,
      grid,
      bind,
      reads,
      writes,
      params,
      flops,
      bytes,
    });
  }

  finish(): Program {
    return { name: this.name, dispatches: this.#dispatches, kept: this.#kept };
  }
}

/**
 * Workgroups for `count` invocations in groups of `size`, folded into two dimensions when one does not hold them.
 * The kernel finds its index as `(wg.y * num_workgroups.x + wg.x) * size + local index`, and guards against the excess.
 */
export function linearGrid(count: number, size: number): Grid {
  const groups = Math.max(1, Math.ceil(count / size));
  if (groups <= MAX_GROUPS) return [groups, 1, 1];
  const rows = Math.ceil(groups / MAX_GROUPS);
  return [Math.ceil(groups / rows), rows, 1];
}
