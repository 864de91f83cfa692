// What a training tells the page that watches it, event by event, in the order in which it happened. Types only: the host writes them
// (src/watch), the page's script reads them. Epochs and steps count from 1.

import type { PictureView } from "../../inspect/inspector/inspector-document.ts";
import type { Logs } from "../../train/callbacks/callback.ts";
import type { StepStatistics } from "../../train/step-statistics.ts";

/** As it is sent: with the milliseconds since the first event. */
export type Told = LiveEvent & { readonly at: number };

export type LiveEvent =
  | RunEvent
  | CompileEvent
  | EpochBeginEvent
  | ProgressEvent
  | EpochEvent
  | RateEvent
  | PicturesEvent
  | StatisticsEvent
  | LayerTimesEvent
  | PartEvent
  | PartProgressEvent
  | PartEndEvent
  | StoppingEvent
  | EndEvent;

/** The first: what is trained. */
export interface RunEvent {
  readonly type: "run";
  readonly command: "train" | "tune" | "kfold";
  readonly model: string;
  /** What the head of the page says: adapter, rows, where it is saved. */
  readonly facts: readonly (readonly [name: string, value: string])[];
  readonly classNames: readonly string[];
  /** Of one training, at most. */
  readonly epochs: number;
  /** Whether the learning rate can be changed from the page. */
  readonly hasRate: boolean;
  /** What a search or a cross-validation consists of; null for one training. */
  readonly parts: PartsPlan | null;
}

export interface PartsPlan {
  readonly name: "trial" | "fold";
  /** Null where nobody knows. */
  readonly total: number | null;
  /** What parts are compared by. */
  readonly objective: { readonly name: string; readonly direction: "min" | "max" };
  /** Hyper-parameters that differ between trials; none of folds. */
  readonly axes: readonly Axis[];
}

export interface Axis {
  readonly name: string;
  /** Words along it, at shares of its length from 0 to 1. */
  readonly marks: readonly { readonly at: number; readonly text: string }[];
}

/** The first step runs kernel by kernel, each of which may compile for seconds. Not kept. */
export interface CompileEvent {
  readonly type: "compile";
  readonly label: string;
  readonly index: number;
  readonly total: number;
}

/** `curve`: which training it belongs to: `run`, `fold 2`, `trial 3`, `trial 3, fold 2`. */
export interface EpochBeginEvent {
  readonly type: "epochBegin";
  readonly curve: string;
  readonly epoch: number;
  readonly steps: number;
}

/** Several times a second. */
export interface ProgressEvent {
  readonly type: "progress";
  readonly curve: string;
  readonly epoch: number;
  readonly step: number;
  /** That the means are of: those of some steps more than `step`, which were under way. */
  readonly rows: number;
  /** Means over the epoch so far, as Keras prints them; no accuracy of a model that gives pictures. */
  readonly loss: number;
  readonly accuracy: number | null;
  /** Since the progress before; null at the first. */
  readonly msPerStep: number | null;
  readonly imagesPerSecond: number | null;
  /** Seconds until everything is over, if nothing ends it early. */
  readonly eta: number | null;
}

export interface EpochEvent {
  readonly type: "epoch";
  readonly curve: string;
  readonly epoch: number;
  readonly logs: Logs;
  readonly seconds: number;
}

export interface RateEvent {
  readonly type: "rate";
  readonly learningRate: number;
  readonly epoch: number;
  /** The last step that was known to be done. */
  readonly step: number;
  /** Set from the page; else by the schedule or a callback. */
  readonly isByHand: boolean;
}

/** What the model makes of some fixed rows, as an epoch left it. */
export interface PicturesEvent {
  readonly type: "pictures";
  readonly epoch: number;
  readonly rows: number;
  readonly of: "held-out" | "training";
  readonly answers: Answers;
  /** The kernel of the first convolution; null where there is none. */
  readonly filters: PictureView | null;
  /** What the first layers with maps come to, for one image. */
  readonly maps: readonly LayerMaps[];
}

/** What the model makes of those rows. */
export type Answers =
  | {
      readonly kind: "classes";
      /** Counts by [label][predicted]. */
      readonly confusion: readonly (readonly number[])[];
      /** The surest wrong answers, surest first. */
      readonly mistakes: readonly Mistake[];
    }
  /** The first of them, each with the picture that is given for it. */
  | { readonly kind: "pictures"; readonly given: readonly Given[] };

export interface Given {
  /** Of the training file. */
  readonly row: number;
  readonly label: number;
  readonly image: ImageView;
  readonly picture: PictureView;
}

export interface Mistake {
  /** Of the training file. */
  readonly row: number;
  readonly label: number;
  readonly predicted: number;
  /** Probabilities of what was predicted, and of the label. */
  readonly share: number;
  readonly shareOfLabel: number;
  readonly image: ImageView;
}

/** Bytes of an image in base64, row by row, channels last. */
export interface ImageView {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly bytes: string;
}

export interface LayerMaps {
  readonly layer: string;
  readonly image: ImageView;
  readonly maps: PictureView;
}

/** One step, measured; what the entries are, step-statistics.ts says. Numbers that are not finite come as null. */
export interface StatisticsEvent extends StepStatistics {
  readonly type: "statistics";
  readonly epoch: number;
}

/** Where a training step's time goes. */
export interface LayerTimesEvent {
  readonly type: "layerTimes";
  readonly epoch: number;
  readonly samples: number;
  readonly method: "timestamps" | "replays";
  /** Median milliseconds of the step as training runs it. */
  readonly stepMs: number;
  /** In the order of the model; what belongs to none comes last. */
  readonly layers: readonly LayerTime[];
  /** How long training waited for this. */
  readonly seconds: number;
}

export interface LayerTime {
  readonly layer: string;
  readonly forwardMs: number;
  readonly backwardMs: number;
  readonly otherMs: number;
}

/** A trial or a fold begins. */
export interface PartEvent {
  readonly type: "part";
  readonly part: string;
  /** Hyper-parameters of a trial, as text. */
  readonly values: Readonly<Record<string, string>>;
  /** Where they lie on their axes; those that are not active are left out. */
  readonly places: Readonly<Record<string, number>>;
}

/** How far a part is that another process trains, which tells no epochs. */
export interface PartProgressEvent {
  readonly type: "partProgress";
  readonly part: string;
  /** Null without folds; from 1. */
  readonly fold: number | null;
  /** From 1. */
  readonly epoch: number;
  readonly epochs: number;
  /** Of the epoch, from 0 to 1. */
  readonly share: number;
}

export interface PartEndEvent {
  readonly type: "partEnd";
  readonly part: string;
  /** By the objective; null when it failed. */
  readonly score: number | null;
  /** Further columns of the table. */
  readonly figures: Readonly<Record<string, number>>;
  readonly bestEpoch: number | null;
  readonly seconds: number;
  /** Why it failed. */
  readonly message: string | null;
  /** Of a part that an earlier run had finished, whose epochs were not told. */
  readonly history: Readonly<Record<string, readonly Logs[]>> | null;
}

export interface StoppingEvent {
  readonly type: "stopping";
  readonly isByPage: boolean;
}

/** The last. */
export interface EndEvent {
  readonly type: "end";
  readonly ended: "finished" | "early" | "interrupted" | "failed";
  /** What came out, or why it failed. */
  readonly message: string;
  /** Whether the server goes on. */
  readonly stays: boolean;
}
