// The recorder: ops call it to allocate tensors and to write dispatches down. It needs no device, only what the device
// can do, so that a program can be recorded, looked at and tested anywhere.

import { VitrineError } from "../core/errors.ts";
import { GUARD } from "../core/guarded-kernel.ts";
import { RungTable } from "../core/rung-table.ts";
import type { Shape } from "../core/shape.ts";
import {
  bytesOf,
  type DType,
  rootStorage,
  type Storage,
  storageOf,
  type Tensor,
} from "../core/tensor.ts";
import type { DispatchRequest } from "./dispatch-request.ts";
import type { LayerRecord } from "./layer-record.ts";
import {
  type Capabilities,
  capabilitiesOf,
  type Dispatch,
  type Grid,
  type Pass,
  type Program,
  type ProgramVariable,
  type Solution,
  tensorsOf,
  writesOf,
} from "./program.ts";
import type { TapeEntry } from "./tape-entry.ts";
import { writtenDown } from "./written-down.ts";

export interface RecorderOptions {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Rungs to use instead of the measured ones, by ladder: `{ gemm: "naive" }`. */
  readonly rungs?: Readonly<Record<string, string>>;
  /** Whether neighbouring ops are recorded as one kernel where they can; default: as the device's table says. */
  readonly fuses?: boolean;
}

/** Whose work is being recorded: layers, the first one's own, and the line of the model that made it. */
export interface Origin {
  readonly layers: readonly string[];
  readonly site: string | null;
}

/** What a ladder knows of a solution before it is recorded. */
export type SolutionRequest = Omit<Solution, "id" | "within">;

const MAX_GROUPS = 65_535;

interface Scope {
  readonly origin: Origin;
  readonly pass: Pass;
  readonly solution: Solution | null;
  readonly forwardOf: number | null;
  /** (1) u32: not 0 where dispatches are to do nothing. */
  readonly guard: Tensor | null;
}

/** Records a step: ops allocate tensors and dispatch kernels here, and `finish` makes a program of it. */
export class Recorder {
  readonly name: string;
  readonly capabilities: Capabilities;
  readonly rungs: Readonly<Record<string, string>>;
  readonly fuses: boolean;
  /** Of the device that is recorded for. */
  readonly rungTable: RungTable;
  readonly tape: TapeEntry[] = [];
  /** Layers recorded so far; a model adds them. */
  readonly layers: LayerRecord[] = [];
  /** Variables declared so far. */
  readonly variables: ProgramVariable[] = [];
  readonly #dispatches: Dispatch[] = [];
  readonly #solutions: Solution[] = [];
  readonly #kept: Tensor[] = [];
  readonly #watched = new Set<Tensor>();
  readonly #asked = new Set<Tensor>();
  #scope: Scope = {
    origin: { layers: [], site: null },
    pass: "forward",
    solution: null,
    forwardOf: null,
    guard: null,
  };

  constructor(options: RecorderOptions) {
    this.name = options.name;
    this.capabilities = capabilitiesOf(options.capabilities);
    this.rungs = options.rungs ?? {};
    this.rungTable = options.capabilities.rungTable ?? new RungTable();
    this.fuses = options.fuses ?? this.rungTable.fuses;
  }

  /** Whose work is being recorded. */
  get origin(): Origin {
    return this.#scope.origin;
  }

  /** The id of the next dispatch. */
  get nextId(): number {
    return this.#dispatches.length;
  }

  /** A tensor of this program's own; the planner finds room for it. */
  allocate(shape: Shape, label: string, dtype: DType = "f32"): Tensor {
    const [layer] = this.origin.layers;
    const name = layer === undefined ? label : `${layer}.${label}`;
    return { label: name, shape, dtype, storage: storageOf(bytesOf(shape, dtype), name) };
  }

  /** Makes the tensor's storage a part of `parent`, so that it is written there in the first place. */
  alias(tensor: Tensor, parent: Storage, offset: number): void {
    if (tensor.storage.persistent || tensor.storage.parent) {
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
    this.#asked.add(tensor);
    this.#watched.add(tensor);
  }

  /** A gradient flows through a tensor, computed from one that is watched; nobody asks for it itself. */
  watchResult(tensor: Tensor): void {
    this.#watched.add(tensor);
  }

  /** Whether somebody asked for the gradient of this very tensor. */
  isAsked(tensor: Tensor): boolean {
    return this.#asked.has(tensor);
  }

  /** Whether a gradient flows to this tensor. */
  isWatched(tensor: Tensor): boolean {
    return this.#watched.has(tensor);
  }

  /** Everything recorded by `body` belongs to `layer`. */
  inLayer<T>(layer: string, body: () => T, site: string | null = null): T {
    return this.#within({ origin: { layers: [layer], site } }, body);
  }

  /** Everything recorded by `body` does the work of these layers as well. */
  folding<T>(layers: readonly string[], body: () => T): T {
    const { origin } = this;
    return this.#within(
      { origin: { ...origin, layers: [...new Set([...origin.layers, ...layers])] } },
      body,
    );
  }

  /** Everything recorded by `body` belongs to `pass`. */
  inPass<T>(pass: Pass, body: () => T): T {
    return this.#within({ pass }, body);
  }

  /** Everything recorded by `body` is the backward pass of an entry of the tape. */
  backwardOf<T>({ origin, forward }: Pick<TapeEntry, "origin" | "forward">, body: () => T): T {
    return this.#within({ origin, forwardOf: forward, pass: "backward" }, body);
  }

  /** Everything recorded by `body` does nothing in a step where `guard`, (1) u32 on the device, is not 0. */
  guarded<T>(guard: Tensor, body: () => T): T {
    return this.#within({ guard }, body);
  }

  /** Everything recorded by `body` solves one problem. */
  solving<T>(request: SolutionRequest, body: () => T): T {
    const solution = { ...request, id: this.#solutions.length, within: this.#scope.solution };
    this.#solutions.push(solution);
    return this.#within({ solution }, body);
  }

  /** The last dispatch from `first` on that writes what `tensor` lies in; null where there is none. */
  writerOf(tensor: Tensor, first = 0): number | null {
    const root = rootStorage(tensor);
    const writes = (dispatch: Dispatch) =>
      writesOf(dispatch).some((written) => rootStorage(written) === root);
    return this.#dispatches.slice(first).findLast(writes)?.id ?? null;
  }

  /**
   * Writes one dispatch down. Throws VitrineError when what is given is not exactly what the kernel binds and takes, or
   * when it has no such entry point, switch or constant.
   */
  dispatch(request: DispatchRequest): void {
    const { origin, pass, solution, forwardOf, guard } = this.#scope;
    const id = this.nextId;
    const { op, ...written } = writtenFor(origin, guard ? guardedRequest(request, guard) : request);
    this.#dispatches.push({ id, op, ...origin, pass, ...written, solution, forwardOf });
  }

  /** Ends the recording: drops what nobody reads, and plans memory for the rest. */
  finish(): Program {
    const roots = this.#dispatches.flatMap(tensorsOf).map(rootStorage);
    return {
      name: this.name,
      capabilities: this.capabilities,
      dispatches: this.#dispatches,
      kept: this.#kept,
      persistent: [...new Set(roots.filter(({ persistent }) => persistent))],
      solutions: this.#solutions,
      layers: this.layers,
      variables: this.variables,
    };
  }

  #within<T>(change: Partial<Scope>, body: () => T): T {
    const outer = this.#scope;
    this.#scope = { ...outer, ...change };
    try {
      return body();
    } finally {
      this.#scope = outer;
    }
  }
}

/** As `writtenDown`; where the kernel cannot load or store f16, the error says whose layer asks it to. */
function writtenFor({ layers: [layer] }: Origin, request: DispatchRequest) {
  try {
    return writtenDown(request);
  } catch (cause) {
    const hasHalves = Object.values(request.bind).some(({ dtype }) => dtype === "f16");
    if (!(cause instanceof VitrineError) || layer === undefined || !hasHalves) throw cause;
    const rule = `layer ${layer}: must be one that mixed precision can compute`;
    throw new VitrineError(`${rule}, got ${cause.message}`, { cause, help: "train in float32" });
  }
}

function guardedRequest(request: DispatchRequest, guard: Tensor): DispatchRequest {
  const { kernel, bind } = request;
  return { ...request, kernel: { ...kernel, isGuarded: true }, bind: { ...bind, [GUARD]: guard } };
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
