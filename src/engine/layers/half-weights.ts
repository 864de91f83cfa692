// The f16 copies of the trainable weights that a step in mixed precision computes with: made once a step, one dispatch an arena,
// and gone with it. What is trained are the weights themselves, in f32, and their gradients are f32 too.

import { viewOf, viewsWithin } from "../core/binding.ts";
import type { Tensor } from "../core/tensor.ts";
import { recordCastInto } from "../ops/cast.ts";
import type { Recorder } from "../program/recorder.ts";
import type { Variable, Variables } from "./variables.ts";

/** Bytes of f32 that become as many of f16 as a binding may begin at. */
const PIECE = 512;

export class HalfWeights {
  readonly #rec: Recorder;
  readonly #places = new Map<Variable, { readonly arena: Tensor; readonly offset: number }>();
  readonly #copies = new Map<Variable, Tensor>();

  /** Records the copying; all variables must be declared by then, as of a model in mixed precision. */
  constructor(rec: Recorder, variables: Variables) {
    this.#rec = rec;
    const { maxStorageBufferBindingSize: most = 2 ** 31 } = rec.capabilities;
    const limit = Math.max(PIECE, Math.floor(most / PIECE) * PIECE);
    for (const { tensor, variables: members } of variables.arenas) {
      const arena = rec.allocate(tensor.shape, `${tensor.label}.f16`, "f16");
      const halves = viewsWithin(arena, limit / 2);
      for (const [index, part] of viewsWithin(tensor, limit).entries()) {
        recordCastInto(rec, part, halves[index] ?? arena);
      }
      for (const { variable, offset } of members) {
        this.#places.set(variable, { arena, offset: offset / 2 });
      }
    }
  }

  /** The copy of a variable; the variable itself where it is not trained, which kernels read as f32. */
  of(variable: Variable): Tensor {
    const known = this.#copies.get(variable);
    if (known) return known;
    const place = this.#places.get(variable);
    const { tensor } = variable;
    if (!place) return tensor;
    const copy = { ...viewOf({ ...place.arena, label: tensor.label }, tensor.shape, place.offset) };
    this.#copies.set(variable, copy);
    this.#leaveOnTape(tensor, copy);
    return copy;
  }

  #leaveOnTape(tensor: Tensor, copy: Tensor): void {
    const rec = this.#rec;
    if (!rec.isWatched(tensor)) return;
    rec.watchResult(copy);
    rec.tape.push({
      ...{ op: "cast", origin: rec.origin, forward: null },
      ...{ inputs: [tensor], output: copy, isLoss: false },
      backward: (dy) => [dy],
    });
  }
}
