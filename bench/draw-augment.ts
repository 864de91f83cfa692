// Draws docs/augment.svg: what each change of `--augment` makes of one garment in eight steps of a training, by the kernels that
// train. Reads Fashion-MNIST as the commands do, and needs an adapter.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PNG } from "pngjs";
import { type Dataset, limitRows } from "../src/data/dataset.ts";
import { loadFashionMnist } from "../src/data/fashion-mnist.ts";
import { gatherBatch } from "../src/engine/ops/gather.ts";
import { Executable } from "../src/engine/program/executor.ts";
import { Recorder } from "../src/engine/program/recorder.ts";
import { writeAtomically } from "../src/io/files.ts";
import { openDevice } from "../src/library/open-device.ts";
import { INK } from "../src/report/charts/render.ts";
import { CACHE } from "../src/setup/files.mjs";
import { parseAugment, recordAugment, recordMixup } from "../src/train/augment.ts";
import { createFeed, rewindFeed, uploadDataset } from "../src/train/device-data.ts";
import { label, svg } from "./svg-shapes.ts";

const CHANGES = [
  ...["flip", "shift=2", "rotate=10", "zoom=0.1", "contrast=0.2", "erase=0.5", "mixup=0.2"],
  "flip,shift=2,rotate=10,zoom=0.1,mixup=0.2",
];
const STEPS = 8;
const SEED = 42;
/** The garment is row 0, an ankle boot; mixup takes its partners from the others. */
const BATCH = 8;

const [SCALE, GAP, LEFT, TOP] = [2, 6, 132, 34] as const;

/** The first row of the batch after the changes, in one step after another. */
async function changed(dataset: Dataset, text: string): Promise<readonly Float32Array[]> {
  const device = await openDevice();
  const { height, width, channels, rows } = dataset;
  const data = uploadDataset(device, dataset);
  const feed = createFeed(device, data, { capacity: rows, label: "drawn", batch: rows });
  const rec = new Recorder({ name: text, capabilities: device });
  const request = { batch: rows, inputShape: [height, width, channels] };
  const { x: read } = gatherBatch(rec, feed, request);
  const [augment, draws] = [parseAugment(text), { feed, seed: SEED }];
  const { x } = recordMixup(rec, recordAugment(rec, read, augment, draws), augment, draws);
  rec.keep(x);
  const executable = await Executable.compile(device, rec.finish());
  rewindFeed(
    device,
    feed,
    Uint32Array.from({ length: rows }, (_, row) => row),
  );
  const images: Float32Array[] = [];
  for (let step = 0; step < STEPS; step++) {
    device.write(feed.clock, Uint32Array.of(step, 0));
    executable.run();
    images.push((await executable.read(x)).slice(0, height * width * channels));
  }
  device.destroy();
  return images;
}

/** Grey, dark on white. */
function png(values: ArrayLike<number>, { width, height }: Dataset): string {
  const image = new PNG({ width, height });
  for (let i = 0; i < width * height; i++) {
    const grey = Math.round(255 * (1 - Math.min(1, Math.max(0, values[i] ?? 0))));
    image.data.set([grey, grey, grey, 255], 4 * i);
  }
  const bytes = PNG.sync.write(image, { colorType: 0, inputColorType: 6 });
  return `data:image/png;base64,${bytes.toString("base64")}`;
}

function placed(href: string, x: number, y: number, { width, height }: Dataset): string {
  const size = `width="${width * SCALE}" height="${height * SCALE}"`;
  const look = 'image-rendering="pixelated" style="image-rendering:pixelated"';
  return `<image x="${x}" y="${y}" ${size} ${look} href="${href}"/>`;
}

const official = await loadFashionMnist({
  ...{ data: undefined, cacheDir: join(CACHE, "fashion-mnist") },
  ...{ say: () => undefined, progress: () => undefined },
});
const dataset = limitRows(official.train, BATCH);
const own = Float32Array.from(dataset.images.subarray(0, 784), (byte) => byte / 255);
const cell = dataset.width * SCALE + GAP;
const muted = { size: 12, colour: INK.muted };
const parts = [
  `<rect width="100%" height="100%" fill="white"/>`,
  label(LEFT, 22, "as it lies", muted),
  label(LEFT + cell + 2 * GAP, 22, "in eight steps that see it", muted),
];
for (const [row, text] of CHANGES.entries()) {
  const y = TOP + row * cell;
  const isLast = row === CHANGES.length - 1;
  const named = isLast ? "all but the tones" : text;
  parts.push(label(LEFT - 12, y + cell / 2, named, { size: 12, anchor: "end", mono: !isLast }));
  parts.push(placed(png(own, dataset), LEFT, y, dataset));
  for (const [step, image] of (await changed(dataset, text)).entries()) {
    parts.push(placed(png(image, dataset), LEFT + (step + 1) * cell + 2 * GAP, y, dataset));
  }
}
const width = LEFT + (STEPS + 1) * cell + 3 * GAP;
await writeAtomically(
  fileURLToPath(new URL("../docs/augment.svg", import.meta.url)),
  svg(width, TOP + CHANGES.length * cell + GAP, parts),
);
