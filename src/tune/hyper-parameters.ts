// `hp`, as a hypermodel sees it: every call declares a hyper-parameter and returns its value in the trial at hand. Names
// and semantics follow KerasTuner's HyperParameters; searching is the oracles' work.

import { UsageError } from "../engine/core/errors.ts";
import {
  type ChoiceParameter,
  type Condition,
  checkParameter,
  type NumberParameter,
  type Parameter,
  type Sampling,
  type Value,
  type Values,
} from "./parameter.ts";
import { isActive, type Space } from "./space.ts";

/** The range of a number, ends included. */
export interface NumberOptions {
  /** Both inclusive. */
  readonly min: number;
  readonly max: number;
  /** Linear: distance of neighbours; log: their ratio. Default: 1 for linear whole numbers, else none. */
  readonly step?: number;
  /** Default `linear`. */
  readonly sampling?: Sampling;
  /** Default `min`. */
  readonly default?: number;
}

/** What is searched over: from hyper-parameters to anything that can be run and scored. */
export type HyperModel<Plan> = (hp: HyperParameters) => Plan;

/** Values that a tuner varies, asked for by name: what Keras Tuner's `hp` is. */
export class HyperParameters {
  readonly #values: Record<string, Value>;
  readonly #space: Parameter[];
  readonly #fixed: boolean;
  readonly #conditions: Condition[] = [];

  /** With a space, only what it declares may be asked for; without, asking declares, with default values. */
  constructor(values: Values = {}, space: Space | null = null) {
    this.#values = { ...values };
    this.#space = [...(space ?? [])];
    this.#fixed = space !== null;
  }

  /** The parameters declared so far, parents before what depends on them. */
  get space(): Space {
    return this.#space;
  }

  get values(): Values {
    return this.#values;
  }

  /** A whole number of the range. */
  int(name: string, options: NumberOptions): number {
    const { sampling = "linear", step = sampling === "linear" ? 1 : null } = options;
    return this.#number("int", name, { ...options, sampling, step });
  }

  /** A number of the range. */
  float(name: string, options: NumberOptions): number {
    const { sampling = "linear", step = null } = options;
    return this.#number("float", name, { ...options, sampling, step });
  }

  /** One of the values; the default is the first unless given. */
  choice<const T extends Value>(
    name: string,
    values: readonly T[],
    options: { readonly default?: NoInfer<T> } = {},
  ): T {
    const standard = options.default ?? values[0];
    if (standard === undefined) {
      throw new UsageError(`hp.choice ${name}: needs at least one value, got none`);
    }
    const parameter: ChoiceParameter = {
      ...this.#named(name),
      kind: "choice",
      values,
      default: standard,
    };
    return this.#retrieve(parameter) as T;
  }

  /** Default false. */
  boolean(name: string, options: { readonly default?: boolean } = {}): boolean {
    const standard = options.default ?? false;
    return this.#retrieve({ ...this.#named(name), kind: "boolean", default: standard }) === true;
  }

  /** A value that is not searched over, but recorded with every trial. */
  fixed<const T extends Value>(name: string, value: T): T {
    return this.#retrieve({ ...this.#named(name), kind: "fixed", default: value }) as T;
  }

  /**
   * Parameters asked for in `body` count only while `parent` has one of `values`. The body runs in any case, so that its
   * parameters are known from the start (with their defaults while they do not count); its result is undefined then.
   */
  conditionalScope<T>(parent: string, values: readonly Value[], body: () => T): T | undefined {
    if (!this.#space.some(({ name }) => name === parent)) {
      throw new UsageError(
        `hp.conditionalScope: the parent must be declared before, got ${parent}`,
      );
    }
    const condition = { parent, values };
    this.#conditions.push(condition);
    try {
      const result = body();
      return isActive({ conditions: this.#conditions }, this.#values) ? result : undefined;
    } finally {
      this.#conditions.pop();
    }
  }

  #number(
    kind: "int" | "float",
    name: string,
    options: Omit<NumberOptions, "step"> & {
      readonly sampling: Sampling;
      readonly step: number | null;
    },
  ): number {
    const { min, max, step, sampling, default: standard = min } = options;
    const range = { min, max, step, sampling, default: standard };
    const parameter: NumberParameter = { ...this.#named(name), kind, ...range };
    return this.#retrieve(parameter) as number;
  }

  #named(name: string) {
    if (this.#conditions.some(({ parent }) => parent === name)) {
      throw new UsageError(`hp ${name}: cannot depend on itself`);
    }
    return { name, conditions: [...this.#conditions] };
  }

  #retrieve(parameter: Parameter): Value {
    const known = this.#space.find((other) => samePlace(other, parameter));
    if (known) checkSame(known, parameter);
    else this.#declare(parameter);
    if (!isActive(parameter, this.#values)) return parameter.default;
    const value = this.#values[parameter.name] ?? parameter.default;
    this.#values[parameter.name] = value;
    return value;
  }

  #declare(parameter: Parameter): void {
    if (this.#fixed) {
      throw new UsageError(
        `hp ${parameter.name}: must be asked for in every trial, got one that the search did not know`,
        { help: "ask for it outside of conditions on values, or within hp.conditionalScope" },
      );
    }
    checkParameter(parameter);
    this.#space.push(parameter);
  }
}

/** A name may be used again under other conditions. */
function samePlace(a: Parameter, b: Parameter): boolean {
  return a.name === b.name && JSON.stringify(a.conditions) === JSON.stringify(b.conditions);
}

function checkSame(known: Parameter, asked: Parameter): void {
  const [first, second] = [known, asked].map((parameter) =>
    JSON.stringify(Object.entries(parameter).sort(([a], [b]) => (a < b ? -1 : 1))),
  );
  if (first !== second) {
    throw new UsageError(`hp ${asked.name}: was declared before with another range or default`);
  }
}

/** The search space of a hypermodel: what it asks for, found by running it once on the defaults. */
export function spaceOf(hyperModel: HyperModel<unknown>): Space {
  const hp = new HyperParameters();
  hyperModel(hp);
  return hp.space;
}
