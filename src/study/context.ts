// What every step of a study is handed: settings, rows, a device that is opened when somebody needs it, the folder, who trains,
// and whoever watches. It decides nothing.

import type { CleanData } from "../data/clean.ts";
import { firstRows, takeRows } from "../data/dataset.ts";
import { trainTestSplit } from "../data/split.ts";
import type { Device } from "../engine/core/device.ts";
import type { NamedTensor } from "../io/safetensors.ts";
import type { Turns } from "../queue/turns.ts";
import type { StudySettings, TrainingLook } from "../report/story/study-record.ts";
import { type Basis, imageBasis } from "../train/basis.ts";
import type { FoldResult } from "../train/cross-validation.ts";
import type { DeviceData } from "../train/device-data.ts";
import type { FitEvents } from "../train/fit-events.ts";
import type { BaseEvents } from "../train/frozen/frozen-base.ts";
import type { TrainingPlan } from "../train/training.ts";
import type { TrialRunner } from "../tune/tuner.ts";
import type { StepStore } from "./step-store.ts";

export interface StepPlace {
  /** From 1, of `count`. */
  readonly number: number;
  readonly count: number;
  readonly title: string;
}

export interface TrainingScreen {
  say(line: string): void;
  /** Hears one model's training, of at most so many epochs. */
  training(epochs: number): FitEvents;
}

export interface StudyScreen extends TrainingScreen {
  /** A step begins. */
  begin(step: StepPlace): void;
  /** A step that an earlier run has done. */
  kept(step: StepPlace): void;
  /** Hears a frozen base at work on a data set. */
  base(): BaseEvents;
}

/** What the study's trainings need, in its own process or in a worker's. */
export interface TrainingContext {
  readonly settings: StudySettings;
  readonly data: CleanData;
  readonly rows: StudyRows;
  readonly bench: Workbench;
  readonly screen: TrainingScreen;
  readonly signal: AbortSignal;
}

export interface StudyContext extends TrainingContext {
  readonly store: StepStore;
  readonly screen: StudyScreen;
  readonly trainings: LazyTrainings;
}

/** A fold with its weights, and who trained it for how many seconds. */
export interface StudyFold {
  readonly result: FoldResult;
  readonly weights: readonly NamedTensor[];
  readonly seconds: number;
  readonly adapter: string;
}

/**
 * Who trains: this process, or workers beside each other. All but the trials are of the best trial, as the search left it in its folder.
 * What is interrupted is null. Callers take turns, with what they do of a result, and say when it is saved.
 */
export interface Trainings {
  readonly turns: Turns;
  readonly trial: TrialRunner<TrainingPlan>;
  trialSaved(id: string): Promise<void>;
  /** Trains to the end, and leaves the run in the step's folder. */
  best(signal: AbortSignal): Promise<TrainingLook | null>;
  /** From 0. Throws DivergenceError, or what a worker made of it. */
  fold(fold: number, signal: AbortSignal): Promise<StudyFold | null>;
  foldSaved(fold: number): Promise<void>;
  close(): Promise<void>;
}

/** Opened on first use: a study that is done needs none. */
export class LazyTrainings {
  readonly #open: () => Promise<Trainings>;
  #opened: Promise<Trainings> | null = null;

  constructor(open: () => Promise<Trainings>) {
    this.#open = open;
  }

  get(): Promise<Trainings> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => null);
    await opened?.close();
  }
}

/** Rows of the training set by number. */
export interface StudyRows {
  readonly train: Uint32Array<ArrayBuffer>;
  readonly heldOut: Uint32Array<ArrayBuffer>;
  /** Both: what the study scored. */
  readonly all: Uint32Array<ArrayBuffer>;
}

/** The rows that the study works on: the first ones where the settings ask for fewer. */
export function limitedData(data: CleanData, { rows }: StudySettings): CleanData {
  if (rows === null || rows >= data.train.rows) return data;
  return { ...data, train: takeRows(data.train, firstRows(rows)) };
}

export function splitRows({ train }: CleanData, settings: StudySettings): StudyRows {
  const { validation, seed } = settings;
  const split = trainTestSplit({
    rows: train.rows,
    testSize: validation,
    seed,
    stratify: train.labels,
  });
  return {
    train: Uint32Array.from(split.train),
    heldOut: Uint32Array.from(split.test),
    all: firstRows(train.rows),
  };
}

export interface Equipment {
  readonly device: Device;
  readonly basis: Basis;
  readonly train: DeviceData;
  readonly test: DeviceData;
}

/** Opens the device and uploads the rows, each on first use: a study that is done needs neither. */
export class Workbench {
  readonly #open: () => Promise<Device>;
  readonly #data: CleanData;
  #device: Promise<Device> | null = null;
  #equipment: Promise<Equipment> | null = null;

  constructor(data: CleanData, open: () => Promise<Device>) {
    this.#data = data;
    this.#open = open;
  }

  device(): Promise<Device> {
    this.#device ??= this.#open();
    return this.#device;
  }

  equipment(): Promise<Equipment> {
    this.#equipment ??= this.device().then((device) => equip(device, this.#data));
    return this.#equipment;
  }
}

async function equip(device: Device, { train, test }: CleanData): Promise<Equipment> {
  const basis = imageBasis(device);
  return { device, basis, train: await basis.place(train), test: await basis.place(test) };
}
