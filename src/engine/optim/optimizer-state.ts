// An optimiser at work on a model: its learning rate, slots and gradients on the device, arena by arena, so that one
// dispatch updates all weights of an arena.

import { viewsWithin } from "../core/binding.ts";
import type { Device } from "../core/device.ts";
import { VitrineError } from "../core/errors.ts";
import { persistentTensor, type Tensor } from "../core/tensor.ts";
import type { Arena, Variables } from "../layers/variables.ts";
import type { GradientMap } from "../ops/gradients.ts";
import type { Recorder } from "../program/recorder.ts";
import type { Optimizer } from "./optimizer.ts";

interface ArenaState {
  readonly dw: Tensor;
  readonly slots: readonly Tensor[];
}

export class OptimizerState {
  readonly optimizer: Optimizer;
  readonly #rate = persistentTensor([1], "learningRate");
  readonly #state: Tensor | null;
  readonly #arenas = new Map<Arena, ArenaState>();
  #learningRate: number;

  constructor(optimizer: Optimizer, learningRate: number) {
    this.optimizer = optimizer;
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
        this.optimizer.recordStep(rec, this.#state);
        for (const arena of variables.arenas) {
          const { dw, slots } = this.#arena(arena);
          gatherGradients(rec, arena, dw, gradients);
          this.#recordUpdates(rec, { w: arena.tensor, dw, slots });
        }
      }),
    );
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

  /** Makes room on the device; slots and state start at zero. */
  materialise(device: Device): void {
    const arenas = [...this.#arenas.values()].flatMap(({ dw, slots }) => [dw, ...slots]);
    for (const tensor of [this.#rate, ...(this.#state ? [this.#state] : []), ...arenas]) {
      device.place(tensor);
    }
    this.setLearningRate(device, this.#learningRate);
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
