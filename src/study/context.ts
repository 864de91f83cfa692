// What every step of a study is handed: settings, rows, a device that is opened when somebody needs it, the folder, and
// whoever watches. It decides nothing.

import type { CleanData } from "../data/clean.ts";
import { firstRows, takeRows } from "../data/dataset.ts";
import { trainTestSplit } from "../data/split.ts";
import type { Device } from "../engine/core/device.ts";
import type { StudySettings } from "../report/story/study-record.ts";
import { type Basis, imageBasis } from "../train/basis.ts";
import type { DeviceData } from "../train/device-data.ts";
import type { FitEvents } from "../train/fit-events.ts";
import type { BaseEvents } from "../train/frozen/frozen-base.ts";
import type { StepStore } from "./step-store.ts";

export interface StepPlace {
  /** From 1, of `count`. */
  readonly number: number;
  readonly count: number;
  readonly title: string;
}

export interface StudyScreen {
  /** A step begins. */
  begin(step: StepPlace): void;
  /** A step that an earlier run has done. */
  kept(step: StepPlace): void;
  say(line: string): void;
  /** Hears one model's training, of at most so many epochs. */
  training(epochs: number): FitEvents;
  /** Hears a frozen base at work on a data set. */
  base(): BaseEvents;
}

/** Within an epoch, the state of a training is saved this often. */
export const CHECKPOINT_MINUTES = 5;

export interface StudyContext {
  readonly settings: StudySettings;
  readonly store: StepStore;
  readonly data: CleanData;
  readonly rows: StudyRows;
  readonly bench: Workbench;
  readonly screen: StudyScreen;
  readonly signal: AbortSignal;
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

/** Opens the device and uploads the rows on first use: a study that is done needs neither. */
export class Workbench {
  readonly #open: () => Promise<Device>;
  readonly #data: CleanData;
  #equipment: Promise<Equipment> | null = null;

  constructor(data: CleanData, open: () => Promise<Device>) {
    this.#data = data;
    this.#open = open;
  }

  equipment(): Promise<Equipment> {
    this.#equipment ??= this.#open().then((device) => equip(device, this.#data));
    return this.#equipment;
  }
}

async function equip(device: Device, { train, test }: CleanData): Promise<Equipment> {
  const basis = imageBasis(device);
  return { device, basis, train: await basis.place(train), test: await basis.place(test) };
}
