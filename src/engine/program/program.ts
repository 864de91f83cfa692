// A program is a training step (or any other run of kernels) written down: a flat list of dispatches, each knowing its
// op, layers, pass, kernel, grid, tensors, FLOPs and bytes. It is recorded once and replayed; everything else reads it. It is
// plain data, without a device in it: recorded, planned, saved (json.ts) and drawn anywhere.

import type { Kernel } from "../core/kernel.ts";
import type { RungTable } from "../core/rung-table.ts";
import type { SubgroupMatrices } from "../core/subgroups.ts";
import type { Storage, Tensor } from "../core/tensor.ts";
import type { Access } from "../core/wgsl.ts";
import type { LayerRecord } from "./layer-record.ts";

/** Which part of a step a dispatch belongs to. */
export type Pass = "data" | "forward" | "backward" | "update" | "metric";

/** Workgroups in x, y, z; each at most 65,535. */
export type Grid = readonly [number, number, number];

/** What recording depends on; a Device satisfies it. */
export interface Capabilities {
  readonly subgroupSize: number | null;
  readonly isSoftware: boolean;
  /** Bytes that one binding holds; no limit where there is no device. */
  readonly maxStorageBufferBindingSize?: number;
  /** Bytes of workgroup memory; no limit where there is no device. */
  readonly maxComputeWorkgroupStorageSize?: number;
  /** What a subgroup multiplies at once, with sums of f32; missing where it cannot. */
  readonly matrices?: SubgroupMatrices;
  /** Which rungs ladders take; default: those of their own order. It is no part of a program. */
  readonly rungTable?: RungTable;
}

/** The capabilities alone, of a device or of what was read from a file, where limits may be undefined. */
export function capabilitiesOf(
  given: {
    readonly [Name in keyof Capabilities]: Capabilities[Name] | undefined;
  } & Pick<Capabilities, "subgroupSize" | "isSoftware">,
): Capabilities {
  const { subgroupSize, isSoftware } = given;
  const { maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize, matrices } = given;
  return {
    ...{ subgroupSize, isSoftware },
    ...(matrices ? { matrices } : {}),
    ...(maxStorageBufferBindingSize === undefined ? {} : { maxStorageBufferBindingSize }),
    ...(maxComputeWorkgroupStorageSize === undefined ? {} : { maxComputeWorkgroupStorageSize }),
  };
}

/** A tensor as a dispatch binds it. */
export interface Bound {
  readonly tensor: Tensor;
  /** `write` sets elements without reading any, `update` reads and sets. */
  readonly access: Access;
  /** Bytes of it that the dispatch touches, each once: 50 rows of a data set, not all of it. */
  readonly bytes: number;
}

/** A problem that a ladder solved, in one dispatch or several: a convolution, a matrix product. */
export interface Solution {
  /** Its place in the program's list. */
  readonly id: number;
  /** `conv2d.forward`. */
  readonly ladder: string;
  /** By its name, which may be that of a rung's variant: `tiled 64x64/8x4/16`. */
  readonly rung: string;
  /** Extents, tensors and switches as the ladder was given them: enough to solve it again on another rung. */
  readonly problem: object;
  /** The rungs that fit the problem, from naive upwards; `rung` is one of them, or a variant. */
  readonly fitting: readonly string[];
  /** Whether the rung was asked for by name. */
  readonly isAsked: boolean;
  /** Whether it was chosen because it was measured to be the fastest on the adapter at hand. */
  readonly isMeasured: boolean;
  /** The solution that this one is a part of: a convolution of 1×1, solved as a matrix product. */
  readonly within: Solution | null;
}

/** One dispatch of a recorded step: kernel, grid, bindings and parameters, and where in the model it comes from. */
export interface Dispatch {
  /** Its place in the program as it was recorded, whatever a plan drops. */
  readonly id: number;
  /** The file of ops/ or optim/ that it comes from: `batch-normalization`. */
  readonly op: string;
  /**
   * The layer that it belongs to, then those whose work it does as well (zero padding within a convolution, normalisation
   * within a ReLU, softmax within the loss); empty outside of layers.
   */
  readonly layers: readonly string[];
  readonly pass: Pass;
  readonly kernel: Kernel;
  readonly grid: Grid;
  /** By the name of the variable that the kernel binds. */
  readonly bindings: Readonly<Record<string, Bound>>;
  /** Values of the kernel's `Params`, by field. */
  readonly params: Readonly<Record<string, number>>;
  /** Null for an op that is written in one way only. */
  readonly solution: Solution | null;
  /** `file:line` of the model that made its layer; null outside of layers, and where the platform does not tell. */
  readonly site: string | null;
  /** Of a backward dispatch: the id of the forward one whose gradient it helps to compute. */
  readonly forwardOf: number | null;
  /** Floating-point operations that the problem asks for. */
  readonly flops: number;
  /** Those that the kernel does: with what tiles compute beyond the edges, and what sums of slices add. */
  readonly executedFlops: number;
}

/** A variable of the model that was recorded. */
export interface ProgramVariable {
  /** `conv2d/kernel`. */
  readonly name: string;
  readonly trainable: boolean;
  readonly tensor: Tensor;
}

/** A recorded step as plain data: its dispatches in order, the tensors that they share, and the plan of memory. */
export interface Program {
  readonly name: string;
  /** What it was recorded for. */
  readonly capabilities: Capabilities;
  readonly dispatches: readonly Dispatch[];
  /** Tensors that stay readable after the program has run. */
  readonly kept: readonly Tensor[];
  /** The storages that outlive it: variables, data set, metrics, the optimiser's state. */
  readonly persistent: readonly Storage[];
  readonly solutions: readonly Solution[];
  /** In the order in which the model calls them. */
  readonly layers: readonly LayerRecord[];
  readonly variables: readonly ProgramVariable[];
}

/** The tensors whose elements a dispatch reads. */
export function readsOf(dispatch: Dispatch): readonly Tensor[] {
  return boundOf(dispatch, "write").map(({ tensor }) => tensor);
}

/** The tensors whose elements a dispatch sets. */
export function writesOf(dispatch: Dispatch): readonly Tensor[] {
  return boundOf(dispatch, "read").map(({ tensor }) => tensor);
}

/** The tensors that a dispatch binds. */
export function tensorsOf({ bindings }: Dispatch): readonly Tensor[] {
  return Object.values(bindings).map(({ tensor }) => tensor);
}

/** Bytes that a dispatch moves at least: each once, those that it updates in both directions. */
export function bytesMoved(dispatch: Dispatch): number {
  return bytesRead(dispatch) + bytesWritten(dispatch);
}

export function bytesRead(dispatch: Dispatch): number {
  return boundOf(dispatch, "write").reduce((sum, { bytes }) => sum + bytes, 0);
}

export function bytesWritten(dispatch: Dispatch): number {
  return boundOf(dispatch, "read").reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Bindings of any access but this. */
function boundOf({ bindings }: Dispatch, but: Access): readonly Bound[] {
  return Object.values(bindings).filter(({ access }) => access !== but);
}
