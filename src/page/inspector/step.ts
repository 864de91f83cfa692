// The document as the views read it: a dispatch with everything that is known of it in one place.

import type {
  DispatchView,
  InspectorDocument,
  KernelView,
  SolutionView,
  TensorView,
} from "../../inspect/inspector/inspector-document.ts";
import type { ProfiledDispatch } from "../../inspect/profile/profile-schema.ts";

export interface Dispatch extends ProfiledDispatch {
  readonly view: DispatchView;
  readonly kernelView: KernelView;
  readonly solutionView: SolutionView | null;
  /** Place in the order in which they run. */
  readonly index: number;
}

export class Step {
  readonly document: InspectorDocument;
  readonly dispatches: readonly Dispatch[];
  readonly #byId: ReadonlyMap<number, Dispatch>;

  constructor(document: InspectorDocument) {
    this.document = document;
    const { profile, kernels, solutions } = document;
    this.dispatches = document.dispatches.flatMap((view, index) => {
      const profiled = profile.dispatches[index];
      const kernelView = kernels[view.kernel];
      if (!profiled || !kernelView) return [];
      const solutionView = view.solution === null ? null : (solutions[view.solution] ?? null);
      return [{ ...profiled, view, kernelView, solutionView, index }];
    });
    this.#byId = new Map(this.dispatches.map((dispatch) => [dispatch.id, dispatch]));
  }

  dispatch(id: number): Dispatch | null {
    return this.#byId.get(id) ?? null;
  }

  tensor(index: number): TensorView | null {
    return this.document.tensors[index] ?? null;
  }

  /** Where looking is worth beginning: a kernel's gradient if there is one, else what takes longest. */
  get start(): Dispatch | null {
    const longest = this.dispatches.toSorted((a, b) => b.ms.median - a.ms.median);
    return longest.find(({ solution }) => solution?.ladder === "conv2d.dw") ?? longest[0] ?? null;
  }
}

export interface Group {
  readonly name: string;
  /** The layer's class; empty of what is outside of layers. */
  readonly className: string;
  readonly forward: readonly Dispatch[];
  readonly backward: readonly Dispatch[];
}

/** Rows of the picture: data, the layers as the model calls them, what comes after them. */
export function groupsOf({ document, dispatches }: Step): readonly Group[] {
  const order = document.layers.map(({ name }) => name);
  const names = new Set(["data", ...order, ...dispatches.map(groupName)]);
  return [...names].flatMap((name) => {
    const own = dispatches.filter((dispatch) => groupName(dispatch) === name);
    if (own.length === 0 && name === "data") return [];
    const layer = document.layers.find((one) => one.name === name);
    return [
      {
        ...{ name, className: layer?.className ?? "" },
        forward: own.filter(({ pass }) => pass !== "backward"),
        backward: own.filter(({ pass }) => pass === "backward"),
      },
    ];
  });
}

function groupName({ layer, pass }: Dispatch): string {
  return layer ?? pass;
}

/** `dw, subgroup` of a ladder's problem, else the kernel's own name. */
export function shortName({ kernel, solution }: Dispatch): string {
  const entry = kernel.split("/").slice(-2).join("/");
  if (!solution) return entry;
  const [, part] = solution.ladder.split(".");
  return `${part ?? solution.ladder} · ${entry}`;
}

export type Measure = "time" | "bytes" | "flops";

export function measured(dispatch: Dispatch, measure: Measure): number {
  if (measure === "time") return dispatch.ms.median;
  return measure === "bytes" ? dispatch.bytes : dispatch.flops;
}
