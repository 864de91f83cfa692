// Images on their way through a network: forward through every layer, as in inference, and back to the pixels. One recorded program of
// a single row does it, run once an image.

import { type Dataset, takeRows } from "../../data/dataset.ts";
import type { Device } from "../../engine/core/device.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import { type Model, variablesOf } from "../../engine/layers/model.ts";
import type { Weights } from "../../engine/layers/variables.ts";
import type { Loss } from "../../engine/ops/loss/loss.ts";
import { Executable } from "../../engine/program/executor.ts";
import { createFeed, rewindFeed, uploadDataset } from "../../train/device-data.ts";
import { recordSensitivity, type Sensitivity } from "../../train/programs.ts";
import type { StepSetup } from "../step.ts";
import { type Values, valuesOf } from "../walk.ts";
import type { JourneyView, PictureView } from "./inspector-document.ts";
import { pictureOf, type Reading } from "./picture.ts";
import { valuesView } from "./values.ts";

/** Of one layer's picture. */
const STEP_BYTES = 8192;
const IMAGE_BYTES = 16_384;

export interface JourneysRequest {
  readonly device: Device;
  readonly model: Model;
  readonly weights: Weights;
  readonly seed: number;
  readonly test: Dataset;
  /** Of the test rows. */
  readonly rows: readonly number[];
  /** By which the network is judged; default categorical cross-entropy. */
  readonly loss?: Loss | undefined;
  /** What it should give, where that is no class. */
  readonly targets?: "input" | undefined;
  readonly onRow?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** How a step's own rows are judged, where that is not by their classes. */
export function judgedBy({ loss, data }: Pick<StepSetup, "loss" | "data">) {
  return data.targets === "input" ? { loss, targets: data.targets } : {};
}

export async function journeys(request: JourneysRequest): Promise<readonly JourneyView[]> {
  const { test, rows, signal } = request;
  if (rows.length === 0) return [];
  return travelling(request, rows, async (executable, recorded, goTo) => {
    const found: JourneyView[] = [];
    for (const [index, row] of rows.entries()) {
      signal?.throwIfAborted();
      request.onRow?.(index, rows.length);
      goTo(index);
      found.push(await journeyOf(executable, recorded, { test, row }));
    }
    request.onRow?.(rows.length, rows.length);
    return found;
  });
}

/**
 * Of the data's one image, which nobody has labelled: back from the loss of the class that the network takes it for; of a network that
 * gives pictures, from how far its own is from the image.
 */
export async function journeyAsSeen(
  request: Omit<JourneysRequest, "rows" | "onRow">,
): Promise<JourneyView> {
  const { classNames } = request.test;
  if (request.targets) {
    const [journey] = await journeys({ ...request, rows: [0] });
    if (journey) return journey;
  }
  const labels = classNames.map((_, label) => label);
  const test = takeRows(
    request.test,
    labels.map(() => 0),
  );
  test.labels.set(labels);
  return travelling({ ...request, test }, labels, async (executable, recorded, goTo) => {
    goTo(0);
    const shares = await executable.read(recorded.probabilities);
    const row = Math.max(0, shares.indexOf(Math.max(...shares)));
    goTo(row);
    return journeyOf(executable, recorded, { test, row });
  });
}

/** How many rows are searched for one that is taken for another class. */
const SEARCHED = 300;

/** Rows of different classes; the last of them one that the network takes for another class, where an early row is. */
export async function tellingRows(
  request: Omit<JourneysRequest, "rows">,
  count: number,
): Promise<readonly number[]> {
  const { test, signal } = request;
  const rows = differentRows(test, count);
  if (rows.length < 2 || request.targets) return rows;
  const others = Array.from({ length: Math.min(SEARCHED, test.rows) }, (_, row) => row);
  const searched = [...rows, ...others.filter((row) => !rows.includes(row))];
  return travelling(request, searched, async (executable, { probabilities }, goTo) => {
    for (const [index, row] of searched.entries()) {
      signal?.throwIfAborted();
      goTo(index);
      const shares = await executable.read(probabilities);
      if (shares.indexOf(Math.max(...shares)) === test.labels[row]) continue;
      return index < rows.length ? rows : [...rows.slice(0, -1), row];
    }
    return rows;
  });
}

/** Lets `use` go to one of the rows after another: `goTo` takes their places in `rows`, and runs the program. */
async function travelling<Result>(
  request: Omit<JourneysRequest, "rows">,
  rows: readonly number[],
  use: (
    executable: Executable,
    recorded: Sensitivity,
    goTo: (index: number) => void,
  ) => Promise<Result>,
): Promise<Result> {
  const { model, weights, seed, test, loss, targets } = request;
  const device = request.device.scope();
  try {
    const variables = variablesOf(model, seed);
    variables.materialise(device, weights);
    const chosen = takeRows(test, rows);
    const placed = { ...uploadDataset(device, chosen), targets };
    const feed = createFeed(device, placed, { capacity: rows.length, batch: 1, label: "journey" });
    const recorded = recordSensitivity({
      ...{ model, variables, feed, batch: 1, capabilities: device, loss },
    });
    const executable = await Executable.compile(device, recorded.program);
    return await use(executable, recorded, (index) => {
      rewindFeed(device, feed, Uint32Array.of(index));
      executable.run();
    });
  } finally {
    device.destroy();
  }
}

/** The first rows of different classes; then, of as many classes again, more. */
export function differentRows({ labels, rows }: Dataset, count: number): readonly number[] {
  const chosen: number[] = [];
  for (let round = 0; chosen.length < Math.min(count, rows); round++) {
    const seen = new Map<number, number>();
    for (let row = 0; row < rows && chosen.length < count; row++) {
      const label = labels[row] ?? 0;
      const before = seen.get(label) ?? 0;
      seen.set(label, before + 1);
      if (before === round) chosen.push(row);
    }
  }
  return chosen;
}

async function journeyOf(
  executable: Executable,
  recorded: Sensitivity,
  { test, row }: { readonly test: Dataset; readonly row: number },
): Promise<JourneyView> {
  const read = async (tensor: Tensor): Promise<Values> =>
    valuesOf(await executable.readBytes(tensor), tensor);
  const { x, dx, probabilities, rowLoss, outputs } = recorded;
  const given = await read(probabilities);
  const steps: JourneyView["steps"][number][] = [];
  for (const { layer, y, dy } of outputs) {
    const options = { reading: readingOf(y), bytes: STEP_BYTES };
    const gradient = dy && valuesView(await read(dy), y.shape, options);
    const activation = valuesView(await read(y), y.shape, options);
    steps.push({ layer, shape: y.shape.slice(1), activation, gradient });
  }
  return {
    row,
    trueClass: test.classNames[test.labels[row] ?? 0] ?? "",
    answer:
      probabilities.shape.length === 4
        ? { kind: "picture", picture: pictureFor(given, probabilities) }
        : { kind: "classes", probabilities: sharesOf(test, given) },
    loss: (await read(rowLoss))[0] ?? Number.NaN,
    image: pictureFor(await read(x), x),
    pixelGradient: pictureFor(await read(dx), dx),
    steps,
  };
}

function sharesOf({ classNames }: Dataset, shares: Values) {
  return classNames.map((name, index) => ({ name, share: shares[index] ?? 0 }));
}

function pictureFor(values: Values, tensor: Tensor): PictureView {
  const picture = pictureOf(values, tensor.shape, { reading: "maps", bytes: IMAGE_BYTES });
  if (!picture) throw new Error(`inspect: ${tensor.label} is no image`);
  return picture;
}

function readingOf({ shape }: Tensor): Reading {
  return shape.length === 4 ? "maps" : "matrix";
}
