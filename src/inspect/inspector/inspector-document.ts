// What the inspector's page is made of: one JSON value, gathered on the host from the recorded step, its profile, its verification and a
// walk through it, and read by the page's script. Types only; both sides import them. Values of tensors are packed, because
// JSON's numbers would make the file ten times as large.

import type { Profile } from "../profile/profile-schema.ts";

export interface InspectorDocument {
  /** `lenet5.train.50`. */
  readonly title: string;
  /** Where model and weights come from, in words. */
  readonly source: string;
  /** Times, rates, shares, bindings, sites, memory: a dispatch is found by its `id` in all lists below. */
  readonly profile: Profile;
  /** Beside the profile's, in the same order. */
  readonly dispatches: readonly DispatchView[];
  /** Each once, however many dispatches run it. */
  readonly kernels: readonly KernelView[];
  /** Every tensor that a dispatch binds, each once. */
  readonly tensors: readonly TensorView[];
  /** The problems that ladders solved. */
  readonly solutions: readonly SolutionView[];
  /** The model's layers in the order in which it calls them. */
  readonly layers: readonly LayerView[];
  /** The lines of the model around each `site`, so that a page without the sources can show them. */
  readonly sites: readonly SiteView[];
  readonly memory: readonly LifeView[];
  /** Dispatches that the planner left out, and why. */
  readonly dropped: readonly {
    readonly id: number;
    readonly kernel: string;
    readonly reason: string;
  }[];
  /** Images of the test rows, each with its way through the network; empty where that was left out. */
  readonly journeys: readonly JourneyView[];
}

export interface DispatchView {
  readonly id: number;
  /** Index into `kernels`. */
  readonly kernel: number;
  /** By the name in the kernel: index into `tensors`. */
  readonly bindings: Readonly<Record<string, number>>;
  readonly params: Readonly<Record<string, number>>;
  /** Ids of dispatches whose results it reads, and of those that read its own. */
  readonly producers: readonly number[];
  readonly consumers: readonly number[];
  /** Index into `solutions`; null where the op is written in one way. */
  readonly solution: number | null;
  /** How far its unit's result is from what it should be; empty where nothing was checked. */
  readonly errors: readonly ErrorView[];
}

/** One result of a unit of dispatches, held against one truth. */
export interface ErrorView {
  readonly against: "naive" | "float64";
  readonly tensor: string;
  readonly worstAbsolute: number;
  readonly worstRelative: number;
  readonly worstUlp: number;
  /** What is expected of so many products; `isWithin` says whether all are. */
  readonly bound: number;
  readonly isWithin: boolean;
}

export interface KernelView {
  /** `file/entry`. */
  readonly label: string;
  readonly entry: string;
  /** As written, fragments included. */
  readonly written: readonly SourceLine[];
  /** As it is compiled. */
  readonly compiled: string;
  readonly flags: Readonly<Record<string, boolean>>;
  readonly constants: Readonly<Record<string, number>>;
}

export interface SourceLine {
  readonly file: string;
  readonly line: number;
  readonly text: string;
  /** Whether the switches in force leave it in. */
  readonly isCompiled: boolean;
}

export interface TensorView {
  readonly label: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly bytes: number;
  /** Ids of dispatches that set it, and of those that read it, in order. */
  readonly writers: readonly number[];
  readonly readers: readonly number[];
  /** As it was after its last writer of the step; null where it was not read (a data set). */
  readonly values: ValuesView | null;
}

export interface ValuesView {
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  readonly deviation: number;
  /** Of elements that are exactly zero. */
  readonly zeros: number;
  readonly nonFinite: number;
  /** Equal bins from min to max. */
  readonly histogram: readonly number[];
  /** The first elements, as they are. */
  readonly first: readonly number[];
  /** Maps, filters or a matrix; null for what is no picture. */
  readonly picture: PictureView | null;
}

/** Some planes of height × width, each value as one byte: 0 is -limit, 128 zero, 255 +limit. */
export interface PictureView {
  readonly height: number;
  readonly width: number;
  /** What each plane is: `map 3`, `filter 2 of input 0`. */
  readonly planes: readonly string[];
  readonly limit: number;
  readonly hasSigns: boolean;
  /** Base64, plane after plane. */
  readonly bytes: string;
}

export interface SolutionView {
  readonly id: number;
  readonly ladder: string;
  readonly rung: string;
  /** Why that one: `asked for by --rung`, `first of gemm, implicit, subgroup that fits and suits a software adapter`. */
  readonly reason: string;
  readonly dispatches: readonly number[];
  /** All rungs of the ladder, naive first, and the taken one's variant behind its rung. */
  readonly rungs: readonly RungView[];
}

export interface RungView {
  readonly name: string;
  readonly isTaken: boolean;
  /** Of the problem solved alone on this rung; null where it does not fit or was not measured. */
  readonly ms: number | null;
  /** Why it was not taken or not measured; empty of the one that was taken. */
  readonly note: string;
}

export interface LayerView {
  readonly name: string;
  readonly className: string;
  readonly outputShape: readonly number[];
  readonly parameters: number;
  readonly site: string | null;
}

export interface SiteView {
  readonly site: string;
  readonly firstLine: number;
  readonly lines: readonly string[];
}

/** A tensor's life in the memory plan: from dispatch to dispatch, in a slot or where it persists. */
export interface LifeView {
  readonly label: string;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
  readonly slot: number | null;
}

/** A test image on its way: forward through every layer, and back to the pixels. */
export interface JourneyView {
  readonly row: number;
  readonly trueClass: string;
  readonly answer: JourneyAnswer;
  readonly loss: number;
  readonly image: PictureView;
  /** ∂loss/∂pixel: which pixels move the loss. */
  readonly pixelGradient: PictureView;
  readonly steps: readonly JourneyStep[];
}

/** What the network makes of an image: classes with their probabilities, in the order of the classes, or a picture. */
export type JourneyAnswer =
  | {
      readonly kind: "classes";
      readonly probabilities: readonly { readonly name: string; readonly share: number }[];
    }
  | { readonly kind: "picture"; readonly picture: PictureView };

export interface JourneyStep {
  readonly layer: string;
  readonly shape: readonly number[];
  readonly activation: ValuesView;
  /** ∂loss/∂activation; null where it is not computed. */
  readonly gradient: ValuesView | null;
}
