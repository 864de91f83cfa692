// A program and its plan out of JSON. The form is checked before anything is built of it, and every index is within its list.

import * as v from "valibot";
import { FormatError } from "../core/errors.ts";
import { type Kernel, kernelFrom } from "../core/kernel.ts";
import { rootStorage, type Storage, type Tensor } from "../core/tensor.ts";
import { NO_INVARIANTS } from "./invariants.ts";
import type { Plan } from "./planner.ts";
import {
  type Bound,
  capabilitiesOf,
  type Dispatch,
  type Program,
  type Solution,
  tensorsOf,
} from "./program.ts";
import { FORMAT, type RecordingJson, recordingSchema, VERSION } from "./recording-schema.ts";

export interface Recording {
  readonly program: Program;
  readonly plan: Plan;
}

/**
 * Reads what writeRecording wrote, parsed. `name` is what messages call it: the file. Throws FormatError for anything else,
 * and for a recording of another version.
 */
export function readRecording(value: unknown, name = "recording"): Recording {
  checkVersion(value, name);
  const parsed = v.safeParse(recordingSchema, value, { abortEarly: true });
  if (!parsed.success) {
    const [{ message }] = parsed.issues;
    const path = v.getDotPath(parsed.issues[0]) ?? "it";
    throw new FormatError(`${name}: ${path} must be what a recording has there, got ${message}`);
  }
  return new Reader(parsed.output, name).read();
}

function checkVersion(value: unknown, name: string): void {
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown };
  if (format !== FORMAT) {
    throw new FormatError(`${name}: must be a recording, got no format "${FORMAT}"`);
  }
  if (version !== VERSION) {
    const help = "record the program again with this version of Vitrine";
    throw new FormatError(
      `${name}: was written by another version, got version ${version}, this one reads ${VERSION}`,
      { help },
    );
  }
}

class Reader {
  readonly #json: RecordingJson;
  readonly #name: string;
  readonly #storages: Storage[] = [];
  readonly #tensors: readonly Tensor[];
  readonly #kernels: readonly Kernel[];

  constructor(json: RecordingJson, name: string) {
    this.#json = json;
    this.#name = name;
    for (const { parent, ...storage } of json.storages) {
      const within = parent && {
        storage: this.#at(this.#storages, parent.storage, "an earlier storage"),
        offset: parent.offset,
      };
      this.#storages.push({ ...storage, parent: within });
    }
    this.#tensors = json.tensors.map((tensor) => ({
      ...tensor,
      storage: this.#at(this.#storages, tensor.storage, "a storage"),
    }));
    // One object a shader: kernels are told apart by it.
    const shaders = json.shaders.map(({ runs, ...shader }) =>
      runs ? { ...shader, runs } : shader,
    );
    this.#kernels = json.kernels.map(
      ({ shader, entry, flags, constants, halves, isGuarded }): Kernel => ({
        ...kernelFrom(this.#at(shaders, shader, "a shader"), entry, {
          ...(flags ? { flags } : {}),
          ...(constants ? { constants } : {}),
        }),
        ...(halves ? { halves } : {}),
        ...(isGuarded ? { isGuarded } : {}),
      }),
    );
  }

  read(): Recording {
    const { name, capabilities, layers } = this.#json;
    const solutions: Solution[] = [];
    for (const { within, problem, ...solution } of this.#json.solutions) {
      solutions.push({
        ...solution,
        id: solutions.length,
        problem: this.#problem(problem) as object,
        within: within === null ? null : this.#at(solutions, within, "an earlier solution"),
      });
    }
    const dispatches = this.#json.dispatches.map((written, id) =>
      this.#dispatch(written, id, solutions),
    );
    const roots = dispatches.flatMap(tensorsOf).map(rootStorage);
    const program: Program = {
      name,
      capabilities: capabilitiesOf(capabilities),
      dispatches,
      kept: this.#json.kept.map((index) => this.#tensor(index)),
      persistent: [...new Set(roots.filter(({ persistent }) => persistent))],
      solutions,
      layers,
      variables: this.#json.variables.map((variable) => ({
        ...variable,
        tensor: this.#tensor(variable.tensor),
      })),
    };
    return { program, plan: this.#plan(dispatches) };
  }

  #dispatch(
    { kernel, bindings, solution, ...rest }: RecordingJson["dispatches"][number],
    id: number,
    solutions: readonly Solution[],
  ): Dispatch {
    if (rest.forwardOf !== null) this.#at(this.#json.dispatches, rest.forwardOf, "a dispatch");
    const bound = Object.entries(bindings).map(
      ([name, { tensor, ...binding }]): [string, Bound] => [
        name,
        { ...binding, tensor: this.#tensor(tensor) },
      ],
    );
    return {
      ...rest,
      id,
      kernel: this.#at(this.#kernels, kernel, "a kernel"),
      bindings: Object.fromEntries(bound),
      solution: solution === null ? null : this.#at(solutions, solution, "a solution"),
    };
  }

  #plan(dispatches: readonly Dispatch[]): Plan {
    const { plan } = this.#json;
    const dispatch = (index: number) => this.#at(dispatches, index, "a dispatch");
    const lives = plan.lives.map(({ storage: index, ...life }) => {
      if (life.slot !== null) this.#at(plan.slotBytes, life.slot, "a slot");
      const storage = this.#at(this.#storages, index, "a storage");
      return [storage, { storage, ...life }] as const;
    });
    return {
      dispatches: plan.dispatches.map(dispatch),
      dropped: plan.dropped.map(({ dispatch: index, unread, readers }) => ({
        dispatch: dispatch(index),
        unread: unread.map((tensor) => this.#tensor(tensor)),
        readers,
      })),
      lives: new Map(lives),
      slotBytes: plan.slotBytes,
      invariants: NO_INVARIANTS,
    };
  }

  #problem(value: unknown): unknown {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map((element) => this.#problem(element));
    if ("$tensor" in value) return this.#tensor(Number(value.$tensor));
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, this.#problem(member)]),
    );
  }

  #tensor(index: number): Tensor {
    return this.#at(this.#tensors, index, "a tensor");
  }

  #at<Item>(list: readonly Item[], index: number, what: string): Item {
    const item = list[index];
    if (item !== undefined) return item;
    throw new FormatError(
      `${this.#name}: refers to ${what} that is not there, got index ${index} of ${list.length}`,
    );
  }
}
