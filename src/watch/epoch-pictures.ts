// What the model makes of some fixed rows after every epoch: confusion, the surest mistakes, filters, maps of one image. It reads the weights
// that the epoch left, by programs that train nothing.

import type { Dataset } from "../data/dataset.ts";
import type { Device } from "../engine/core/device.ts";
import type { Tensor } from "../engine/core/tensor.ts";
import { describeModel, type Model } from "../engine/layers/model.ts";
import type { Weights } from "../engine/layers/variables.ts";
import { type Dispatch, writesOf } from "../engine/program/program.ts";
import { pictureOf } from "../inspect/inspector/picture.ts";
import { type OpenStep, openStep } from "../inspect/step.ts";
import type { Answers, LayerMaps, Mistake } from "../page/live/live-events.ts";
import type { Callback, Logs, TrainingControl } from "../train/callbacks/callback.ts";
import type { DataRows } from "../train/device-data.ts";
import { classShares } from "../train/metrics/predictions.ts";
import type { EventLog } from "./event-log.ts";
import { imageView } from "./image-view.ts";

/** Enough for a confusion matrix, and a small part of an epoch. */
const MOST_ROWS = 1000;
const MOST_MISTAKES = 18;
const MOST_GIVEN = 12;
const MOST_LAYERS = 4;
/** Of a picture: sixteen maps of 32 × 32. */
const MOST_BYTES = 16 * 1024;

export interface PicturesOptions {
  readonly log: EventLog;
  readonly device: Device;
  readonly model: Model;
  /** Held-out rows, or of the training rows where none are held out. */
  readonly seen: DataRows;
  readonly of: "held-out" | "training";
  /** The images of the same rows, as they are on the host. */
  readonly dataset: Dataset;
}

interface Predictor {
  predict(rows: DataRows): Promise<readonly Float32Array[]>;
}

export class EpochPictures implements Callback {
  /** The training itself, once it is made: its own programs predict. */
  run: Predictor | null = null;
  readonly #options: PicturesOptions;
  readonly #rows: Uint32Array<ArrayBuffer>;
  #maps: MapsStep | null = null;

  constructor(options: PicturesOptions) {
    this.#options = options;
    this.#rows = options.seen.rows.slice(0, MOST_ROWS);
  }

  async onTrainBegin(): Promise<void> {
    const { device, model, seen } = this.#options;
    const [row] = this.#rows;
    if (row !== undefined) this.#maps = await MapsStep.open({ device, model, seen, row });
  }

  async onEpochEnd(epoch: number, _logs: Logs, { weights }: TrainingControl): Promise<void> {
    const { log, model, seen, of } = this.#options;
    if (!this.run || this.#rows.length === 0) return;
    const outputs = await this.run.predict({ data: seen.data, rows: this.#rows });
    const maps = (await this.#maps?.read(weights)) ?? [];
    const image = imageView(this.#options.dataset, this.#rows[0] ?? 0);
    log.tell({
      type: "pictures",
      epoch: epoch + 1,
      ...{ rows: this.#rows.length, of },
      answers: seen.data.targets === "input" ? this.#pictures(outputs) : this.#classes(outputs),
      filters: filtersOf(model, weights),
      maps: maps.map((one) => ({ ...one, image })),
    });
  }

  onTrainEnd(): void {
    this.#maps?.close();
    this.#maps = null;
  }

  #classes(outputs: readonly Float32Array[]): Answers {
    const shares = classShares(outputs);
    return {
      kind: "classes",
      confusion: this.#confusion(shares),
      mistakes: this.#mistakes(shares),
    };
  }

  #pictures(outputs: readonly Float32Array[]): Answers {
    const { dataset, model } = this.#options;
    const given = [...this.#rows.subarray(0, MOST_GIVEN)].flatMap((row, index) => {
      const shape = [1, ...model.inputShape];
      const own = outputs[index] ?? new Float32Array();
      const picture = pictureOf(own.slice(), shape, { reading: "maps", bytes: MOST_BYTES });
      const label = dataset.labels[row] ?? 0;
      return picture ? [{ row, label, image: imageView(dataset, row), picture }] : [];
    });
    return { kind: "pictures", given };
  }

  #confusion(shares: readonly Float32Array[]): readonly (readonly number[])[] {
    const { labels, classNames } = this.#options.dataset;
    const counts = classNames.map(() => classNames.map(() => 0));
    for (const [index, row] of this.#rows.entries()) {
      const counted = counts[labels[row] ?? 0];
      const predicted = largest(shares[index] ?? []);
      if (counted) counted[predicted] = (counted[predicted] ?? 0) + 1;
    }
    return counts;
  }

  #mistakes(shares: readonly Float32Array[]): readonly Mistake[] {
    const { dataset } = this.#options;
    const wrong = [...this.#rows].flatMap((row, index) => {
      const own = shares[index] ?? new Float32Array();
      const [label, predicted] = [dataset.labels[row] ?? 0, largest(own)];
      const [share = 0, shareOfLabel = 0] = [own[predicted], own[label]];
      return label === predicted ? [] : [{ row, label, predicted, share, shareOfLabel }];
    });
    return wrong
      .sort((a, b) => b.share - a.share)
      .slice(0, MOST_MISTAKES)
      .map((mistake) => ({ ...mistake, image: imageView(dataset, mistake.row) }));
  }
}

function largest(values: ArrayLike<number>): number {
  let best = 0;
  for (let index = 1; index < values.length; index++) {
    if ((values[index] ?? 0) > (values[best] ?? 0)) best = index;
  }
  return best;
}

function filtersOf(model: Model, weights: Weights) {
  const layer = describeModel(model).layers.find(({ className }) => className === "Conv2D");
  const kernel = layer?.weights.find(({ name }) => name.endsWith("/kernel"));
  const values = kernel && weights.get(kernel.name);
  return values ? pictureOf(values, kernel.shape, { reading: "filters", bytes: MOST_BYTES }) : null;
}

interface MapsRequest extends Pick<PicturesOptions, "device" | "model" | "seen"> {
  readonly row: number;
}

/** A prediction of one image whose tensors can be read afterwards. */
class MapsStep {
  readonly #step: OpenStep;
  readonly #layers: readonly { readonly layer: string; readonly tensor: Tensor }[];

  private constructor(step: OpenStep) {
    this.#step = step;
    this.#layers = mapLayers(step);
  }

  /** Null for a model without convolutions. */
  static async open({ device, model, seen, row }: MapsRequest): Promise<MapsStep | null> {
    if (!describeModel(model).layers.some(({ className }) => className === "Conv2D")) return null;
    const rows = Uint32Array.of(row);
    const setup = { model, data: seen.data, kind: "predict", batchSize: 1, rows } as const;
    return new MapsStep(await openStep(device, { ...setup, plan: { sharesSlots: false } }));
  }

  async read(weights: Weights): Promise<readonly Omit<LayerMaps, "image">[]> {
    const { device, executable, variables } = this.#step;
    variables.load(device, weights);
    this.#step.rewind();
    executable.run();
    const all = this.#layers.map(async ({ layer, tensor }) => {
      const values = await executable.read(tensor);
      const maps = pictureOf(values, tensor.shape, { reading: "maps", bytes: MOST_BYTES });
      return maps ? [{ layer, maps }] : [];
    });
    return (await Promise.all(all)).flat();
  }

  close(): void {
    this.#step.close();
  }
}

/** What the first layers with maps come to: the last tensor of that shape that each of them sets. */
function mapLayers({ program, executable }: OpenStep) {
  const wanted = program.layers.filter(
    ({ className, outputShape }) =>
      outputShape.length === 3 && /^(Conv2D|.*Pooling2D)$/.test(className),
  );
  return wanted.slice(0, MOST_LAYERS).flatMap(({ name: layer }) => {
    const own = executable.dispatches.filter(({ layers }) => layers.includes(layer));
    const tensor = own.flatMap(mapsOf).at(-1);
    return tensor ? [{ layer, tensor }] : [];
  });
}

function mapsOf(dispatch: Dispatch): readonly Tensor[] {
  return writesOf(dispatch).filter(({ shape, dtype }) => shape.length === 4 && dtype === "f32");
}
