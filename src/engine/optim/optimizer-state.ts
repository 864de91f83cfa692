// An optimiser at work on a model: its learning rate, slots and gradients on the device, arena by arena, so that one
// dispatch updates all weights of an arena.

import { viewOf, viewsWithin } from "../core/binding.ts";
import type { Device } from "../core/device.ts";
import { VitrineError } from "../core/errors.ts";
import { sizeOf } from "../core/shape.ts";
import { persistentTensor, type Tensor } from "../core/tensor.ts";
import {
  type Arena,
  type NamedValues,
  type Variables,
  valuesIn,
  type Weights,
} from "../layers/variables.ts";
import type { GradientMap } from "../ops/gradients.ts";
import type { Recorder } from "../program/recorder.ts";
import { recordClipping } from "./clipping.ts";
import { AVERAGE } from "./ema.ts";
import type { LossScale } from "./loss-scale.ts";
import type { Optimizer } from "./optimizer.ts";
import type { OptimizerValues } from "./optimizer-values.ts";

interface ArenaState {
  readonly dw: Tensor;
  readonly slots: readonly Tensor[];
}

export class OptimizerState {
  readonly optimizer: Optimizer;
  /** Of a training in mixed precision; else null. */
  readonly lossScale: LossScale | null;
  readonly #rate = persistentTensor([1], "learningRate");
  readonly #state: Tensor | null;
  readonly #arenas = new Map<Arena, ArenaState>();
  #learningRate: number;

  constructor(optimizer: Optimizer, learningRate: number, lossScale: LossScale | null = null) {
    this.optimizer = optimizer;
    this.lossScale = lossScale;
    this.#learningRate = Math.fround(learningRate);
    const { stateSize } = optimizer;
    this.#state = stateSize === 0 ? null : persistentTensor([stateSize], "optimizer.state");
  }

  /** A float32. */
  get learningRate(): number {
    return this.#learningRate;
  }

  setLearningRate(device: Device, value: number): void {
    this.#learningRate = Math.fround(value);
    device.write(this.#rate, new Float32Array([value]));
  }

  /** Records the update of every trainable variable; those without a gradient stay as they are. */
  record(rec: Recorder, variables: Variables, gradients: GradientMap): void {
    rec.inLayer(this.optimizer.name, () =>
      rec.inPass("update", () => {
        for (const arena of variables.arenas) {
          gatherGradients(rec, arena, this.#arena(arena).dw, gradients);
        }
        const update = () => this.#recordUpdate(rec, variables, gradients);
        const flat = variables.arenas.map((arena) => this.#arena(arena).dw);
        if (this.lossScale) this.lossScale.record(rec, flat, update);
        else update();
      }),
    );
  }

  #recordUpdate(rec: Recorder, variables: Variables, gradients: GradientMap): void {
    this.#recordClipping(rec, variables, gradients);
    this.optimizer.recordStep(rec, this.#state);
    for (const arena of variables.arenas) {
      this.#recordUpdates(rec, { w: arena.tensor, ...this.#arena(arena) });
    }
  }

  /** Of the variables that have a gradient. */
  #recordClipping(rec: Recorder, variables: Variables, gradients: GradientMap): void {
    const { clipping } = this.optimizer;
    if (!clipping) return;
    const limit = rec.capabilities.maxStorageBufferBindingSize ?? Number.POSITIVE_INFINITY;
    const pieces = variables.arenas.flatMap((arena) =>
      arena.variables.flatMap(({ variable: { tensor }, offset }) => {
        if (!gradients.has(tensor)) return [];
        const { dw } = this.#arena(arena);
        return [viewsWithin(viewOf(dw, [sizeOf(tensor.shape)], offset), limit)];
      }),
    );
    recordClipping(rec, clipping, pieces);
  }

  /** One update of a whole arena, or several of what the adapter binds at once. */
  #recordUpdates(rec: Recorder, { w, dw, slots }: ArenaState & { readonly w: Tensor }): void {
    const limit = rec.capabilities.maxStorageBufferBindingSize ?? Number.POSITIVE_INFINITY;
    const [weights, gradients, ...states] = [w, dw, ...slots].map((t) => viewsWithin(t, limit));
    for (const [index, part] of (weights ?? []).entries()) {
      this.optimizer.recordUpdate(rec, {
        w: part,
        dw: gradients?.[index] ?? dw,
        slots: states.map((views, slot) => views[index] ?? slots[slot] ?? dw),
        learningRate: this.#rate,
        state: this.#state,
      });
    }
  }

  /** The moving averages of the trainable variables, read from the device; null where none are kept. */
  async averages(device: Device, variables: Variables): Promise<Weights | null> {
    const slot = this.optimizer.slots.indexOf(AVERAGE);
    if (slot < 0) return null;
    const found: NamedValues[] = [];
    for (const arena of variables.arenas) {
      const tensor = this.#arena(arena).slots[slot];
      if (tensor) found.push(...valuesIn(arena, await device.read(tensor)));
    }
    return new Map(found);
  }

  /** Makes room on the device; slots and state start at zero. */
  materialise(device: Device): void {
    const arenas = [...this.#arenas.values()].flatMap(({ dw, slots }) => [dw, ...slots]);
    for (const tensor of [this.#rate, ...(this.#state ? [this.#state] : []), ...arenas]) {
      device.place(tensor);
    }
    this.lossScale?.materialise(device);
    this.setLearningRate(device, this.#learningRate);
  }

  /** Bytes of `values`. */
  get bytes(): number {
    const slots = [...this.#arenas.values()].flatMap((arena) => arena.slots);
    return slots.reduce((sum, { storage }) => sum + storage.bytes, 0);
  }

  /**
   * Reads the slots, moving averages apart, to the host, after everything submitted so far; `steps` is how many steps that were, and
   * those that were left out are no updates.
   */
  async values(device: Device, steps: number): Promise<OptimizerValues> {
    const { name, slots: all } = this.optimizer;
    const names = all.filter((slot) => slot !== AVERAGE);
    const slots = new Map(names.map((slot) => [slot, new Map<string, Values>()]));
    for (const [arena, { slots: tensors }] of this.#arenas) {
      for (const [index, slot] of names.entries()) {
        const tensor = tensors[index];
        if (!tensor) continue;
        for (const [variable, own] of valuesIn(arena, await device.read(tensor))) {
          slots.get(slot)?.set(variable, own);
        }
      }
    }
    const { skippedSteps = 0 } = (await this.lossScale?.values(device)) ?? {};
    return { name, steps: steps - skippedSteps, learningRate: this.learningRate, slots };
  }

  /**
   * Goes on from such values; slots and variables that they do not name stay at zero. The learning rate is the caller's.
   * Throws VitrineError for those of another optimiser or of other sizes.
   */
  load(device: Device, { name, steps, slots }: OptimizerValues): void {
    const { optimizer } = this;
    if (name !== optimizer.name) {
      throw new VitrineError(`optimizer: values must be of ${optimizer.name}, got ${name}`);
    }
    const state = optimizer.stateAfter?.(steps);
    if (this.#state && state) device.write(this.#state, Float32Array.from(state));
    for (const [arena, { slots: tensors }] of this.#arenas) {
      for (const [index, tensor] of tensors.entries()) {
        const given = slots.get(optimizer.slots[index] ?? "");
        if (given) device.write(tensor, laidOut(arena, given));
      }
    }
  }

  #arena(arena: Arena): ArenaState {
    let state = this.#arenas.get(arena);
    if (!state) {
      const { shape, label } = arena.tensor;
      const flat = (name: string) => persistentTensor(shape, `${label}.${name}`);
      state = { dw: flat("dw"), slots: this.optimizer.slots.map(flat) };
      this.#arenas.set(arena, state);
    }
    return state;
  }
}

type Values = Float32Array<ArrayBuffer>;

/** Values of variables where their arena has them, with zeros between. */
function laidOut(arena: Arena, given: Weights): Values {
  const flat = new Float32Array(sizeOf(arena.tensor.shape));
  for (const { variable, offset } of arena.variables) {
    const own = given.get(variable.name);
    if (!own) continue;
    const size = sizeOf(variable.tensor.shape);
    if (own.length !== size) {
      const got = `${own.length} values for ${variable.name}, which has ${size}`;
      throw new VitrineError(`optimizer: values must be of the model's variables, got ${got}`);
    }
    flat.set(own, offset / Float32Array.BYTES_PER_ELEMENT);
  }
  return flat;
}

/** Has every gradient written into its place in the arena in the first place; what lies between stays zero. */
function gatherGradients(rec: Recorder, arena: Arena, dw: Tensor, gradients: GradientMap): void {
  for (const { variable, offset } of arena.variables) {
    const gradient = gradients.get(variable.tensor);
    if (!gradient) continue;
    if (gradient.storage.bytes !== variable.tensor.storage.bytes) {
      throw new VitrineError(
        `optimizer: the gradient of ${variable.name} has ${gradient.storage.bytes} bytes`,
      );
    }
    rec.alias(gradient, dw.storage, offset);
  }
}
