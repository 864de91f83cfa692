// The last dense layer of a classifier and the loss on it as one dispatch, with the gradients of both: what would be four. It is
// put in their place when a training step has been recorded, because only then is it known that nobody else reads what passes
// between them. For one workgroup of a row a lane, as the loss has it that adds to the running sums, and few products; the
// formulas are in softmax-cross-entropy.wgsl. Bits are those of the four.

import shader from "../../shaders/softmax-cross-entropy.wgsl";
import { BINDING_ALIGNMENT, viewOf } from "../core/binding.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { ceilDiv, shape2, sizeOf } from "../core/shape.ts";
import { rootOf, rootStorage, type Tensor } from "../core/tensor.ts";
import type { Flags } from "../core/wgsl.ts";
import { withJoined } from "../program/joined.ts";
import { liveDispatches } from "../program/planner.ts";
import { type Dispatch, type Program, readsOf, writesOf } from "../program/program.ts";
import { ACTIVATIONS, activationFlags } from "./gemm/bias-activation.ts";

/** Products of a row in each direction, that one workgroup does about as fast as several dispatches. */
const MOST_PRODUCTS = 2048;
const MOST_CLASSES = 16;
/** Kernels of products whose sums are in the order of this one's. */
const PRODUCTS = ["gemm/subgroup/multiply", "gemm/naive/multiply"];

interface Head {
  readonly product: Dispatch;
  readonly loss: Dispatch;
  readonly dw: Dispatch;
  /** Null where the input of the layer has no gradient. */
  readonly dx: Dispatch | null;
}

/** The program with the one dispatch, where it has the four. */
export function joinDenseAndLoss(program: Program): Program {
  if (program.capabilities.subgroupSize === null) return program;
  const live = liveDispatches(program);
  for (const loss of live.filter(({ kernel }) => isCountedLoss(kernel))) {
    const head = headOf(program, live, loss);
    const bound = head && boundOf(head);
    if (head && bound) return joinedHead(program, head, bound) ?? program;
  }
  return program;
}

function isCountedLoss({ shader: { file }, flags = {} }: Kernel): boolean {
  return file === shader.file && flags["COUNTED"] === true && flags["HAS_GRADIENT"] === true;
}

function headOf(program: Program, live: readonly Dispatch[], loss: Dispatch): Head | null {
  const [logits, dlogits] = [tensorOf(loss, "logits"), tensorOf(loss, "dlogits")];
  const readers = (tensor: Tensor) =>
    live.filter((one) => one !== loss && readsOf(one).some((read) => areOne(read, tensor)));
  const writers = live.filter((one) => writesOf(one).some((written) => areOne(written, logits)));
  const [product] = writers;
  const kept = new Set(program.kept.map(rootStorage));
  const isKept = ["row_hit", "predicted", "logits", "dlogits"].some((name) =>
    kept.has(rootStorage(tensorOf(loss, name))),
  );
  const isRead = ["row_hit", "predicted", "logits"].some(
    (name) => readers(tensorOf(loss, name)).length > 0,
  );
  if (!product || writers.length > 1 || isKept || isRead || !isForward(product)) return null;
  const backward = readers(dlogits);
  const dw = backward.find((one) => isWeightGradient(one, product, dlogits));
  const dx = backward.find((one) => isInputGradient(one, product, dlogits)) ?? null;
  return dw && backward.length === (dx ? 2 : 1) ? { product, loss, dw, dx } : null;
}

function tensorOf({ bindings, kernel: { label } }: Dispatch, name: string): Tensor {
  const tensor = bindings[name]?.tensor;
  if (!tensor) throw new Error(`dense-cross-entropy: ${label} binds no ${name}`);
  return tensor;
}

function areOne(a: Tensor | undefined, b: Tensor): boolean {
  return a?.storage === b.storage;
}

/** A product so oriented, on a rung that nobody has asked for by name. */
function isProduct(one: Dispatch, { TRANS_A = false, TRANS_B = false }: Flags): boolean {
  const { kernel, grid, solution } = one;
  const { label, flags = {} } = kernel;
  const isOriented = (flags["TRANS_A"] ?? false) === TRANS_A;
  const isTurned = (flags["TRANS_B"] ?? false) === TRANS_B;
  const isFree = PRODUCTS.includes(label) && solution?.isAsked !== true;
  return isFree && grid[2] === 1 && isOriented && isTurned;
}

/** Few products, without an activation. */
function isForward(product: Dispatch): boolean {
  const { flags = {} } = product.kernel;
  const isLinear = Object.keys(activationsOf(flags)).length === 0;
  const { n = 0, k = 0 } = product.params;
  const areFew = n <= MOST_CLASSES && n * k <= MOST_PRODUCTS;
  return isProduct(product, {}) && isLinear && areFew;
}

function isWeightGradient(one: Dispatch, product: Dispatch, dlogits: Tensor): boolean {
  const { a, b, column_sums: sums } = one.bindings;
  const isOf = areOne(a?.tensor, tensorOf(product, "a")) && areOne(b?.tensor, dlogits);
  const hasBias = product.bindings["bias"] !== undefined;
  return isProduct(one, { TRANS_A: true }) && isOf && (sums !== undefined) === hasBias;
}

/** The slope, where there is one, is of the activation that gave the layer's input. */
function isInputGradient(one: Dispatch, product: Dispatch, dlogits: Tensor): boolean {
  const { a, b, y } = one.bindings;
  const isOf = areOne(a?.tensor, dlogits) && areOne(b?.tensor, tensorOf(product, "b"));
  const isSloped = y === undefined || areOne(y.tensor, tensorOf(product, "a"));
  return isProduct(one, { TRANS_B: true }) && isOf && isSloped;
}

/** Those of the switches that name an activation. */
function activationsOf(flags: Flags): Flags {
  const names = ACTIVATIONS.flatMap((activation) => Object.keys(activationFlags(activation)));
  return Object.fromEntries(
    names.filter((name) => flags[name] === true).map((name) => [name, true]),
  );
}

/** Neighbours in an arena, with whatever lies between them, so that the kernel needs no more bindings than every adapter has. */
interface Span {
  readonly tensor: Tensor;
  /** Elements before the weights, and before the biases; of all. */
  readonly w: number;
  readonly b: number;
  readonly elements: number;
}

interface Bound {
  readonly weights: Span;
  readonly gradients: Span;
}

/** Null where weights or their gradients do not lie side by side. */
function boundOf({ product, dw }: Head): Bound | null {
  const weights = spanOf(tensorOf(product, "b"), product.bindings["bias"]?.tensor);
  const gradients = spanOf(tensorOf(dw, "c"), dw.bindings["column_sums"]?.tensor);
  const isAlike = weights?.w === gradients?.w && weights?.b === gradients?.b;
  return weights && gradients && isAlike ? { weights, gradients } : null;
}

function spanOf(w: Tensor, b: Tensor | undefined): Span | null {
  if (!b) return { tensor: w, w: 0, b: 0, elements: sizeOf(w.shape) };
  const [first, second] = [rootOf(w.storage), rootOf(b.storage)];
  const begin = Math.min(first.offset, second.offset);
  const end = Math.max(first.offset + w.storage.bytes, second.offset + b.storage.bytes);
  const gap = end - begin - w.storage.bytes - b.storage.bytes;
  if (first.root !== second.root || gap >= BINDING_ALIGNMENT) return null;
  const elements = (end - begin) / 4;
  const arena = { label: `${w.label} and ${b.label}`, shape: [], dtype: "f32" } as const;
  return {
    tensor: viewOf({ ...arena, storage: first.root }, [elements], begin),
    ...{ w: (first.offset - begin) / 4, b: (second.offset - begin) / 4, elements },
  };
}

function joinedHead(program: Program, head: Head, { weights, gradients }: Bound): Program | null {
  const { product, loss, dw, dx } = head;
  const { rows = 0, classes = 0, smoothing = 0 } = loss.params;
  const [, inputs] = shape2(tensorOf(product, "a").shape, "dense-cross-entropy");
  const hasBias = product.bindings["bias"] !== undefined;
  const flags = {
    HAS_SMOOTHING: loss.kernel.flags?.["HAS_SMOOTHING"] === true,
    HAS_BIAS: hasBias,
    HAS_DX: dx !== null,
    ...activationsOf(dx?.kernel.flags ?? {}),
  };
  const request = {
    op: loss.op,
    kernel: headKernel(program.capabilities.subgroupSize ?? 1, ceilDiv(classes, 4), flags),
    grid: [1, 1, 1],
    bind: {
      ...{ x: tensorOf(product, "a"), weights: weights.tensor, labels: tensorOf(loss, "labels") },
      ...{ loss_sum: tensorOf(loss, "loss_sum"), counts: tensorOf(loss, "counts") },
      ...{ row_loss: tensorOf(loss, "row_loss"), gradients: gradients.tensor },
      ...(dx && { dx: tensorOf(dx, "c") }),
    },
    params: {
      ...{ rows, classes, smoothing, inputs },
      ...{ w_at: weights.w, b_at: weights.b, bound: weights.elements },
    },
    flops: loss.flops + product.flops + dw.flops + (dx?.flops ?? 0),
  } as const;
  const layers = [product, loss, ...(dx ? [dx] : [])].flatMap((one) => one.layers);
  const others = [product, dw, ...(dx ? [dx] : [])];
  return withJoined(program, { at: loss, others, request, layers, site: product.site });
}

function headKernel(subgroup: number, words: number, flags: Flags): Kernel {
  const always = { DENSE: true, COUNTED: true, HAS_GRADIENT: true };
  return kernelFrom(shader, "forward", {
    flags: { ...always, HAS_ROW_WEIGHTS: false, IS_MIXED: false, ...flags },
    constants: { LANES: 1, WORDS: words, SUBGROUP: subgroup },
  });
}

/** Every kernel that this file dispatches, with the size of the file; classes choose it. */
export function* denseCrossEntropyKernels(subgroupSize: number | null): Iterable<Kernel> {
  if (subgroupSize === null) return;
  const ends = [{ HAS_DX: false }, ...ACTIVATIONS.map((one) => activationFlags(one))];
  for (const HAS_SMOOTHING of [false, true]) {
    for (const HAS_BIAS of [false, true]) {
      for (const end of ends) {
        yield headKernel(subgroupSize, 4, { HAS_SMOOTHING, HAS_BIAS, HAS_DX: true, ...end });
      }
    }
  }
}
