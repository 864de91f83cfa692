// The variables of a model: declared by layers while the model is built, shared by every program recorded of it. The
// trainable ones lie in arenas, one after another, so that an optimiser updates a whole model in one dispatch.

import type { Device } from "../core/device.ts";
import { VitrineError } from "../core/errors.ts";
import { formatShape, type Shape, sameShape, sizeOf } from "../core/shape.ts";
import { persistentTensor, type Tensor } from "../core/tensor.ts";
import type { Initializer } from "./initializers.ts";

/** How a model is computed with: in f32; or in f16, summed in f32, with what is trained in f32. */
export type Precision = "float32" | "mixed";

/** Offsets within an arena are multiples of this, as WebGPU wants of binding offsets; of copies in f16, too. */
const ALIGNMENT: Readonly<Record<Precision, number>> = { float32: 256, mixed: 512 };
/** No arena outgrows the storage binding that every adapter of ours allows. */
const ARENA_BYTES = 128 * 2 ** 20;

export interface VariableRequest {
  /** `layer/kernel`, as Keras paths name it. */
  readonly name: string;
  readonly shape: Shape;
  readonly initializer: Initializer;
  /** Default true. Moving statistics and frozen layers are not. */
  readonly trainable?: boolean;
  /** Of a frozen layer: nothing ever changes it. Default false. */
  readonly isConstant?: boolean;
}

export interface Variable {
  readonly name: string;
  readonly trainable: boolean;
  readonly isConstant: boolean;
  readonly tensor: Tensor;
  readonly initializer: Initializer;
  /** Declared as the n-th: the stream of its random numbers. */
  readonly index: number;
}

/** Trainable variables side by side in one flat f32 tensor; what lies between them stays zero. */
export interface Arena {
  readonly tensor: Tensor;
  readonly variables: readonly { readonly variable: Variable; readonly offset: number }[];
}

/** Values of variables by name, in order of declaration. */
export type Weights = ReadonlyMap<string, Float32Array<ArrayBuffer>>;
/** One entry of such a map: weights may also come one after another, out of a file. */
export type NamedValues = readonly [name: string, values: Float32Array<ArrayBuffer>];

export class Variables implements Iterable<Variable> {
  readonly seed: number;
  readonly precision: Precision;
  readonly #byName = new Map<string, Variable>();
  #arenas: readonly Arena[] | null = null;

  constructor(seed: number, precision: Precision = "float32") {
    this.seed = seed;
    this.precision = precision;
  }

  [Symbol.iterator](): Iterator<Variable> {
    return this.#byName.values();
  }

  /** The variable of that name; declared on the first call, looked up on later ones. */
  declare(request: VariableRequest): Variable {
    const { name, shape, initializer, trainable = true, isConstant = false } = request;
    const known = this.#byName.get(name);
    if (known) {
      if (!sameShape(known.tensor.shape, shape)) {
        throw new VitrineError(
          `variable ${name}: has shape ${formatShape(known.tensor.shape)}, got ${formatShape(shape)}`,
        );
      }
      return known;
    }
    if (this.#arenas) throw new VitrineError(`variable ${name}: the model was built without it`);
    const tensor = persistentTensor(shape, name);
    const index = this.#byName.size;
    const variable = { name, trainable, isConstant, tensor, initializer, index };
    this.#byName.set(name, variable);
    return variable;
  }

  /** Number of elements, of all variables or of the trainable ones. */
  count(which: "all" | "trainable" = "all"): number {
    const counted = [...this].filter((variable) => which === "all" || variable.trainable);
    return counted.reduce((sum, { tensor }) => sum + sizeOf(tensor.shape), 0);
  }

  /** The arenas of the trainable variables; no variable can be declared any more. */
  get arenas(): readonly Arena[] {
    const alignment = ALIGNMENT[this.precision];
    this.#arenas ??= layOut(
      [...this].filter((variable) => variable.trainable),
      alignment,
    );
    return this.#arenas;
  }

  /** Makes room on the device and writes the initial values, or those that `given` has. */
  materialise(device: Device, given: Weights = new Map()): void {
    const frozen = [...this].filter((variable) => !variable.trainable);
    const tensors = [...this.arenas.map((arena) => arena.tensor), ...frozen.map((v) => v.tensor)];
    for (const tensor of tensors) device.place(tensor);
    this.load(device, this.initialWeights(given));
  }

  initialWeights(given: Weights = new Map()): Weights {
    const values = [...this].map(({ name, tensor, initializer, index }) => {
      const random = { seed: this.seed, stream: index };
      return [name, given.get(name) ?? initializer.values(tensor.shape, random)] as const;
    });
    return new Map(values);
  }

  /** Overwrites variables; those that `weights` does not name keep their values. */
  load(device: Device, weights: Iterable<NamedValues>): void {
    for (const [name, data] of weights) {
      const variable = this.#byName.get(name);
      if (!variable || sizeOf(variable.tensor.shape) !== data.length) {
        const found = variable ? formatShape(variable.tensor.shape) : "no such variable";
        throw new VitrineError(`variable ${name}: cannot take ${data.length} values, got ${found}`);
      }
      device.write(variable.tensor, data);
    }
  }

  /** The values of every variable that is not constant, read from the device: one read-back an arena. */
  async snapshot(device: Device): Promise<Weights> {
    const values = new Map<string, Float32Array<ArrayBuffer>>();
    for (const { name, isConstant } of this) if (!isConstant) values.set(name, new Float32Array());
    for (const arena of this.arenas) {
      const bytes = await device.read(arena.tensor);
      for (const [name, own] of valuesIn(arena, bytes)) values.set(name, own);
    }
    for (const { name, tensor, trainable, isConstant } of this) {
      if (!trainable && !isConstant)
        values.set(name, new Float32Array(await device.read(tensor), 0, sizeOf(tensor.shape)));
    }
    return values;
  }
}

/** The values of an arena's variables, out of bytes that are laid out like it. */
export function* valuesIn(arena: Arena, bytes: ArrayBuffer): Iterable<NamedValues> {
  for (const { variable, offset } of arena.variables) {
    const { name, tensor } = variable;
    yield [name, new Float32Array(bytes, offset, sizeOf(tensor.shape)).slice()];
  }
}

function layOut(variables: readonly Variable[], alignment: number): readonly Arena[] {
  const arenas: Arena[] = [];
  let members: { variable: Variable; offset: number }[] = [];
  let bytes = 0;
  const close = () => {
    if (members.length > 0) arenas.push(arenaOf(members, bytes, arenas.length));
    [members, bytes] = [[], 0];
  };
  for (const variable of variables) {
    const needed = Math.ceil(variable.tensor.storage.bytes / alignment) * alignment;
    if (bytes + needed > ARENA_BYTES) close();
    members.push({ variable, offset: bytes });
    bytes += needed;
  }
  close();
  return arenas;
}

function arenaOf(members: Arena["variables"], bytes: number, index: number): Arena {
  // A large variable has an arena to itself, and an error about its size should say whose it is.
  const alone = members.length === 1 ? members[0]?.variable.name : undefined;
  const tensor = persistentTensor([bytes / 4], alone ?? `arena${index}`);
  for (const { variable, offset } of members) {
    variable.tensor.storage.parent = { storage: tensor.storage, offset };
  }
  return { tensor, variables: members };
}
