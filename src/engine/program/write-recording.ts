// A program and its plan as JSON: every object once, in a list, and an index wherever it is referred to.

import type { Kernel } from "../core/kernel.ts";
import type { Storage, Tensor } from "../core/tensor.ts";
import type { Shader } from "../core/wgsl.ts";
import type { Plan } from "./planner.ts";
import type { Dispatch, Program, Solution } from "./program.ts";
import { FORMAT, type RecordingJson, VERSION } from "./recording-schema.ts";

export interface WriteOptions {
  /** A folder; sites below it are written relative to it, so that the text is the same wherever it is recorded. */
  readonly root?: string;
}

/** Plain data for JSON.stringify; readRecording gives program and plan back. */
export function writeRecording(
  program: Program,
  plan: Plan,
  { root = "" }: WriteOptions = {},
): RecordingJson {
  const lists = new Lists();
  const siteOf = ({ site }: { readonly site: string | null }) =>
    root !== "" && site?.startsWith(`${root}/`) ? site.slice(root.length + 1) : site;
  // First what programs list themselves, so that indices follow the order of the recording.
  const dispatches = program.dispatches.map((dispatch) => ({
    ...writeDispatch(lists, dispatch),
    site: siteOf(dispatch),
  }));
  const variables = program.variables.map(({ tensor, ...variable }) => ({
    ...variable,
    tensor: lists.tensor(tensor),
  }));
  const solutions = program.solutions.map((solution) => writeSolution(lists, solution));
  const kept = program.kept.map((tensor) => lists.tensor(tensor));
  const planned = writePlan(lists, plan);
  return {
    format: FORMAT,
    version: VERSION,
    name: program.name,
    capabilities: { ...program.capabilities },
    ...lists.written(),
    layers: program.layers.map((layer) => ({
      ...(structuredClone(layer) as RecordingJson["layers"][number]),
      site: siteOf(layer),
    })),
    variables,
    solutions,
    dispatches,
    kept,
    plan: planned,
  };
}

/** Objects in order of first mention. */
class List<Item, Written> {
  readonly #indices = new Map<unknown, number>();
  readonly #written: Written[] = [];
  readonly #write: (item: Item) => Written;
  readonly #keyOf: (item: Item) => unknown;

  constructor(write: (item: Item) => Written, keyOf: (item: Item) => unknown = (item) => item) {
    this.#write = write;
    this.#keyOf = keyOf;
  }

  get written(): Written[] {
    return this.#written;
  }

  index(item: Item): number {
    const key = this.#keyOf(item);
    const known = this.#indices.get(key);
    if (known !== undefined) return known;
    // What it refers to comes first: an index is only ever to something earlier, or to another list.
    const written = this.#write(item);
    const index = this.#written.push(written) - 1;
    this.#indices.set(key, index);
    return index;
  }
}

class Lists {
  readonly #storages = new List<Storage, RecordingJson["storages"][number]>(
    ({ label, bytes, persistent, parent }) => ({
      ...{ label, bytes, persistent },
      parent: parent && { storage: this.storage(parent.storage), offset: parent.offset },
    }),
  );
  readonly #tensors = new List<Tensor, RecordingJson["tensors"][number]>(
    ({ label, shape, dtype, storage }) => ({
      ...{ label, dtype },
      shape: [...shape],
      storage: this.storage(storage),
    }),
  );
  readonly #shaders = new List<Shader, RecordingJson["shaders"][number]>(
    ({ file, text, runs }) => ({
      file,
      text,
      ...(runs ? { runs: structuredClone([...runs]) } : {}),
    }),
  );
  readonly #kernels = new List<Kernel, RecordingJson["kernels"][number]>(
    ({ shader, entry, flags, constants, halves, isGuarded }) => ({
      shader: this.#shaders.index(shader),
      entry,
      ...(flags ? { flags: { ...flags } } : {}),
      ...(constants ? { constants: { ...constants } } : {}),
      ...(halves ? { halves: [...halves] } : {}),
      ...(isGuarded ? { isGuarded } : {}),
    }),
    ({ shader, entry, flags, constants, halves, isGuarded }) =>
      JSON.stringify([this.#shaders.index(shader), entry, flags, constants, halves, isGuarded]),
  );

  storage(storage: Storage): number {
    return this.#storages.index(storage);
  }

  tensor(tensor: Tensor): number {
    return this.#tensors.index(tensor);
  }

  kernel(kernel: Kernel): number {
    return this.#kernels.index(kernel);
  }

  written() {
    return {
      storages: this.#storages.written,
      tensors: this.#tensors.written,
      shaders: this.#shaders.written,
      kernels: this.#kernels.written,
    };
  }
}

function writeDispatch(lists: Lists, dispatch: Dispatch): RecordingJson["dispatches"][number] {
  const { id: _, kernel, grid, bindings, params, layers, solution, ...rest } = dispatch;
  const bound = Object.entries(bindings).map(([name, { tensor, access, bytes }]) => [
    name,
    { tensor: lists.tensor(tensor), access, bytes },
  ]);
  return {
    ...rest,
    layers: [...layers],
    kernel: lists.kernel(kernel),
    grid: [...grid],
    bindings: Object.fromEntries(bound),
    params: { ...params },
    solution: solution?.id ?? null,
  };
}

function writeSolution(lists: Lists, solution: Solution): RecordingJson["solutions"][number] {
  const { ladder, rung, problem, fitting, isAsked, isMeasured, within } = solution;
  return {
    ...{ ladder, rung, isAsked, isMeasured },
    problem: writeProblem(lists, problem) as RecordingJson["solutions"][number]["problem"],
    fitting: [...fitting],
    within: within?.id ?? null,
  };
}

/** A problem is numbers, texts and switches, and tensors, which become `{ "$tensor": index }`. */
function writeProblem(lists: Lists, value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((element) => writeProblem(lists, element));
  if (isTensor(value)) return { $tensor: lists.tensor(value) };
  const given = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(given.map(([key, member]) => [key, writeProblem(lists, member)]));
}

function isTensor(value: object): value is Tensor {
  return "storage" in value && "dtype" in value && "shape" in value;
}

function writePlan(lists: Lists, plan: Plan): RecordingJson["plan"] {
  const { dispatches, dropped, lives, slotBytes } = plan;
  return {
    dispatches: dispatches.map(({ id }) => id),
    dropped: dropped.map(({ dispatch, unread, readers }) => ({
      dispatch: dispatch.id,
      unread: unread.map((tensor) => lists.tensor(tensor)),
      readers: [...readers],
    })),
    lives: [...lives.values()].map(({ storage, ...life }) => ({
      storage: lists.storage(storage),
      ...life,
    })),
    slotBytes: [...slotBytes],
  };
}
