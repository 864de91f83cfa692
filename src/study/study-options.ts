// What a study is given: rows, a device, a screen, a folder.

import type { CleanData } from "../data/clean.ts";
import type { FashionMnist } from "../data/fashion-mnist.ts";
import type { Device } from "../engine/core/device.ts";
import type { StudyScreen } from "./context.ts";
import type { StudyWorkers } from "./remote-trainings.ts";
import type { StepStore } from "./step-store.ts";
import type { TransferMeans } from "./transfer-model.ts";

export interface StudyOptions {
  readonly store: StepStore;
  /** As it was read. */
  readonly found: FashionMnist;
  readonly clean: CleanData;
  readonly openDevice: () => Promise<Device>;
  /** Workers that train as the device would; null: this process trains. Asked once, when there is something to train. */
  readonly openWorkers: (device: Device) => Promise<StudyWorkers | null>;
  readonly screen: StudyScreen;
  /** Ends it: within the training, at the latest after the step under way. What is done stays. */
  readonly signal: AbortSignal;
  readonly transfer: TransferMeans;
  /** That runs this study again. */
  readonly command: string;
  /** Flags that say where the rows are, for the commands of the parts. */
  readonly dataFlags: string;
}
