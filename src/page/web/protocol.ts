// What the page and its worker say to each other. Types only; both sides import them. The page asks by name and gets one answer to every
// question; what goes on meanwhile, the worker tells without being asked.

import type { EditTrial } from "../../inspect/edit/edit-trial.ts";
import type { KernelUse } from "../../inspect/edit/shader-uses.ts";
import type { InspectorDocument, JourneyView } from "../../inspect/inspector/inspector-document.ts";
import type { KernelResult } from "../../inspect/timing/time-case.ts";
import type { Prediction } from "../../models/own-model.ts";
import type { ImageView, Told } from "../live/live-events.ts";
import type { HeadChoice } from "./head-choice.ts";

/** By name: what is asked, and what is answered. */
export interface Actions {
  /** Opens the adapter, once; again after it was lost. */
  readonly open: { readonly asked: null; readonly answer: AdapterView };
  readonly data: { readonly asked: DataChoice; readonly answer: DatasetView };
  /** A `.keras` file, or a whole model in `.h5`: trainings that name it as their model begin with its weights. */
  readonly openModel: { readonly asked: DroppedFile; readonly answer: OpenedModelView };
  /** The trained model. */
  readonly kerasFile: { readonly asked: null; readonly answer: FileView };
  /** The model of a file as it is, before any training, to be tried and looked into. */
  readonly stand: { readonly asked: TrainingChoice; readonly answer: null };
  /** Answers when the training is over, however it ended; throws what went wrong. */
  readonly train: { readonly asked: TrainingChoice; readonly answer: TrainedView };
  /** The bench's kernels; the stop of a training stops it as well. */
  readonly bench: { readonly asked: { readonly filter: string }; readonly answer: MeasuredView };
  /** The last training, once it has ended, as a .zip of its folder. */
  readonly save: { readonly asked: null; readonly answer: FileView };
  readonly stop: { readonly asked: null; readonly answer: null };
  readonly rate: { readonly asked: { readonly rate: unknown }; readonly answer: null };
  readonly measure: { readonly asked: unknown; readonly answer: null };
  /** What the model takes a picture for, as its weights are now. */
  readonly see: { readonly asked: PictureChoice; readonly answer: SeenView };
  /** Of the weights as they are now; a training under way waits for it between two steps. */
  readonly inspect: { readonly asked: InspectChoice; readonly answer: InspectorDocument };
  /** Files of kernels that can be edited. */
  readonly shaders: { readonly asked: null; readonly answer: readonly ShaderView[] };
  /** Files whose edit is in every step that is trained. */
  readonly edits: { readonly asked: null; readonly answer: readonly string[] };
  readonly tryEdit: { readonly asked: EditChoice; readonly answer: EditTrial };
  /** Into the running step, between two of its runs. */
  readonly takeEdit: { readonly asked: EditChoice; readonly answer: null };
  readonly restore: { readonly asked: Pick<EditChoice, "file">; readonly answer: null };
}

export type ActionName = keyof Actions;

/** From the page. */
export interface Question<Name extends ActionName = ActionName> {
  readonly id: number;
  readonly action: Name;
  readonly body: Actions[Name]["asked"];
}

/** From the worker. */
export type Message =
  | { readonly type: "answer"; readonly id: number; readonly body: unknown }
  | { readonly type: "refusal"; readonly id: number; readonly refusal: Refusal }
  /** Of a training: as the host of a watched run tells it. */
  | { readonly type: "told"; readonly event: Told }
  /** Something takes long; `share` from 0 to 1, null where nobody knows. Null words: it is over. */
  | { readonly type: "stage"; readonly words: string | null; readonly share: number | null }
  | { readonly type: "lost"; readonly words: string };

/** Why something could not be done, in one line, and what would help. */
export interface Refusal {
  readonly message: string;
  readonly help: string | null;
  /** `none`: there is no WebGPU here; `fault`: ours, nobody foresaw it. */
  readonly kind: "refused" | "none" | "lost" | "fault";
}

export interface AdapterView {
  readonly name: string;
  readonly isSoftware: boolean;
  /** Lanes of a subgroup; null where there are none of one size. */
  readonly subgroupSize: number | null;
  readonly hasTimestamps: boolean;
  readonly maxBufferSize: number;
  /** Models that can be trained from random weights, with their settings' names and choices. */
  readonly models: readonly ModelView[];
  readonly optimizers: readonly string[];
  /** What can be timed. */
  readonly benchNames: readonly string[];
  /** A training that has not come to its end; null for none. */
  readonly kept: KeptView | null;
}

/** Where a training stood when the page, or the browser, went away. */
export interface KeptView {
  readonly model: string;
  /** Of the data. */
  readonly title: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly epoch: number;
  readonly epochs: number;
}

export interface FileView {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface ModelView {
  readonly name: string;
  readonly settings: readonly SettingView[];
}

export interface SettingView {
  readonly key: string;
  readonly label: string;
  readonly help: string;
  readonly choices: readonly string[] | null;
  readonly value: string;
}

/** `site`: Fashion-MNIST as it lies beside the page; else what was dropped onto it. */
export type DataChoice =
  | { readonly from: "site" }
  | { readonly from: "files"; readonly files: readonly DroppedFile[] };

export interface DroppedFile {
  /** With the folders that it was in below what was dropped: `shapes/train/square/1.png`. */
  readonly path: string;
  readonly file: File;
}

export interface DatasetView {
  readonly name: string;
  readonly trainRows: number;
  readonly testRows: number;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly classNames: readonly string[];
  /** What was noticed on the way: duplicates that were dropped, a test part that was made. */
  readonly notes: readonly string[];
  /** One of each class. */
  readonly samples: readonly { readonly label: number; readonly image: ImageView }[];
}

export interface OpenedModelView {
  /** Its name without folders. */
  readonly file: string;
  readonly parameters: number;
  /** That it tells apart; null where it ends in something else. */
  readonly classes: number | null;
  readonly predicts: Prediction;
  /** Why it cannot be trained as it is, in words; null where it can. */
  readonly needsHead: string | null;
  /** Whether another last layer can be put on: not on a network that is ours. */
  readonly takesHead: boolean;
  /** How it was trained; null where the file does not say, or names what is not known here. */
  readonly optimizer: string | null;
  readonly learningRate: number | null;
  /** What of that is not taken over. */
  readonly notes: readonly string[];
}

export interface FileView {
  readonly name: string;
  readonly bytes: Uint8Array;
}

export interface TrainingChoice {
  /** By name, or the file that it was opened from. */
  readonly model: string;
  /** Of the model of a file. */
  readonly head: HeadChoice;
  /** By the setting's key; what is not there is the default. */
  readonly settings: Readonly<Record<string, string>>;
  readonly optimizer: string;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly epochs: number;
  readonly seed: number;
  /** Share of the training rows that is held out. */
  readonly validation: number;
  readonly patience: number;
  /** Only the first so many training rows; null for all. */
  readonly limit: number | null;
  /** Goes on with the training that was kept, whatever the other settings say. */
  readonly resume: boolean;
}

export interface TrainedView {
  readonly ended: "finished" | "early" | "interrupted";
  readonly epochs: number;
  readonly testRows: number;
  readonly testLoss: number | null;
  /** Null of a model of pictures, and before the test rows are scored. */
  readonly testAccuracy: number | null;
  /** Mean absolute error of a pixel; null of a model of classes. */
  readonly testMae: number | null;
  /** In hex, of the weights' bytes in the order of a safetensors file: what Node's run records as weightsSha256. */
  readonly weightsSha256: string;
  readonly msPerStep: number | null;
  readonly adapter: string;
}

export interface InspectChoice {
  readonly step: "train" | "evaluate" | "predict";
  readonly batchSize: number;
}

/** A picture file of any size, or what was drawn. */
export interface PictureChoice {
  readonly name: string;
  readonly picture: Blob;
}

export interface SeenView {
  /** As the network was shown it. */
  readonly shown: ImageView;
  /** What was done to it on the way: trimmed, negated. */
  readonly notes: readonly string[];
  readonly journey: JourneyView;
}

export interface MeasuredView {
  readonly kernels: readonly KernelResult[];
  /** Samples of one and the same lie too far apart to be believed. */
  readonly isNoisy: boolean;
  /** As `npm run bench -- --out` writes it. */
  readonly json: string;
}

/** A shader's file. */
export interface ShaderView {
  /** Below src/shaders, without its ending: `gemm/tiled`. */
  readonly file: string;
  /** As it is shipped, with the fragments that it includes. */
  readonly text: string;
  /** The text that the running step has in its place; null where it is not edited. */
  readonly taken: string | null;
  readonly entries: readonly string[];
  /** Dispatches of the step that is trained; empty before there is one, and for rungs that it does not take. */
  readonly uses: readonly KernelUse[];
  /** No kernel here is from it: a reader's own shader, which is only graded. */
  readonly isExercise: boolean;
}

export interface EditChoice {
  readonly file: string;
  readonly text: string;
}
