// Event files, read back record by record as TensorBoard reads them: lengths, checksums, messages.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { PbfReader } from "pbf";
import { PNG } from "pngjs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { crc32c, record } from "../../src/runs/tensorboard/event-file.ts";
import { filtersImage } from "../../src/runs/tensorboard/filters-image.ts";
import { TensorBoard } from "../../src/runs/tensorboard/tensorboard.ts";
import { TrialBoard } from "../../src/runs/tensorboard/trial-board.ts";
import type { StepStatistics } from "../../src/train/step-statistics.ts";
import { newTrial } from "../../src/tune/trial.ts";
import { temporaryFolder } from "../data/sample-files.ts";

const test = suite("tensorboard");
const folder = temporaryFolder();

/** Castagnoli's as the RFC writes it down: bit by bit. */
function slowCrc(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

test("the checksum is CRC-32C", () => {
  // RFC 3720, B.4, and the usual check value.
  assert.is(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  assert.is(crc32c(new Uint8Array(32)), 0x8a9136aa);
  assert.is(crc32c(new Uint8Array(32).fill(0xff)), 0x62a8ab43);
});

interface Value {
  tag: string;
  scalar: number | null;
  histogram: { limits: number[]; counts: number[]; num: number; sum: number } | null;
  image: { width: number; height: number; png: Uint8Array } | null;
  plugin: { name: string; content: Uint8Array } | null;
}

interface Event {
  time: number;
  step: number;
  version: string;
  values: Value[];
}

function eventsIn(path: string): Event[] {
  const bytes = readFileSync(path);
  const events: Event[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    const unmask = (masked: number) => {
      const rotated = (masked - 0xa282ead8) >>> 0;
      return ((rotated << 15) | (rotated >>> 17)) >>> 0;
    };
    assert.is(unmask(bytes.readUInt32LE(at + 8)), slowCrc(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    assert.is(unmask(bytes.readUInt32LE(at + 12 + length)), slowCrc(data));
    events.push(eventOf(data));
    at += 16 + length;
  }
  return events;
}

function eventOf(data: Uint8Array): Event {
  return new PbfReader(data).readFields<Event>(
    (field, event, pbf) => {
      if (field === 1) event.time = pbf.readDouble();
      if (field === 2) event.step = pbf.readVarint();
      if (field === 3) event.version = pbf.readString();
      if (field === 5) {
        pbf.readMessage((inner, values) => {
          if (inner === 1) values.push(valueIn(pbf));
        }, event.values);
      }
    },
    { time: 0, step: 0, version: "", values: [] },
  );
}

function valueIn(pbf: PbfReader): Value {
  const empty: Value = { tag: "", scalar: null, histogram: null, image: null, plugin: null };
  return pbf.readMessage((field, value) => {
    if (field === 1) value.tag = pbf.readString();
    if (field === 2) value.scalar = pbf.readFloat();
    if (field === 4) {
      value.image = pbf.readMessage(
        (inner, image) => {
          if (inner === 1) image.height = pbf.readVarint();
          if (inner === 2) image.width = pbf.readVarint();
          if (inner === 4) image.png = pbf.readBytes().slice();
        },
        { width: 0, height: 0, png: new Uint8Array() },
      );
    }
    if (field === 5) {
      value.histogram = pbf.readMessage(
        (inner, histogram) => {
          if (inner === 3) histogram.num = pbf.readDouble();
          if (inner === 4) histogram.sum = pbf.readDouble();
          if (inner === 6) pbf.readPackedDouble(histogram.limits);
          if (inner === 7) pbf.readPackedDouble(histogram.counts);
        },
        { limits: [] as number[], counts: [] as number[], num: 0, sum: 0 },
      );
    }
    if (field === 9) {
      pbf.readMessage((inner) => {
        if (inner !== 1) return;
        value.plugin = pbf.readMessage(
          (own, plugin) => {
            if (own === 1) plugin.name = pbf.readString();
            if (own === 2) plugin.content = pbf.readBytes().slice();
          },
          { name: "", content: new Uint8Array() },
        );
      }, null);
    }
  }, empty);
}

/** The only event file of a folder. */
function only(path: string): string {
  const files = readdirSync(path).filter((name) => name.startsWith("events.out.tfevents."));
  assert.is(files.length, 1);
  return join(path, files[0] ?? "");
}

test("a record of TensorFlow's writer", () => {
  // b"vitrine" by tensorboard 2.21.0's RecordWriter.
  const bytes = record(new TextEncoder().encode("vitrine"));
  assert.is(Buffer.from(bytes).toString("hex"), RECORD_OF_TENSORBOARD);
});

const RECORD_OF_TENSORBOARD = "0700000000000000bbd79f1176697472696e65c5b24ab4";

const KERNEL = { name: "conv2d/kernel", shape: [2, 2, 1, 3] };
const STATISTICS: StepStatistics = {
  step: 7,
  gradientNorm: 2.5,
  updateRatios: { "conv2d/kernel": 0.001 },
  entries: [
    {
      ...{ measured: "activations", layer: "conv2d", name: "conv2d", elements: 10 },
      ...{ finite: 10, nonFinite: 0, zeros: 4, mean: 0.5, deviation: 1, min: -1, max: 3 },
      histogram: [1, 2, 3, 4],
    },
  ],
};

test("epochs as Keras's callback has them, statistics by step, filters as a picture", async () => {
  const logDir = join(folder, "run");
  const board = new TensorBoard({ logDir, filters: KERNEL });
  board.onStatistics(STATISTICS);
  const weights = new Map([[KERNEL.name, Float32Array.from({ length: 12 }, (_, i) => i)]]);
  const control = { weights, learningRate: 0.5, stop() {}, restore() {} };
  const logs = { loss: 2, accuracy: 0.25, val_loss: 3, val_accuracy: 0.5, lr: 0.125 };
  await board.onEpochEnd(0, logs, control);
  await board.onEpochEnd(1, { ...logs, loss: 1 }, control);
  const [first, measured, epoch, second, ...more] = eventsIn(only(join(logDir, "train")));
  assert.is(more.length, 0);
  assert.is(first?.version, "brain.Event:2");
  assert.is(measured?.step, 7);
  const scalars = measured?.values.map(({ tag, scalar }) => [tag, scalar]).slice(0, 3);
  assert.equal(scalars, [
    ["gradient_norm", 2.5],
    ["update_ratio/conv2d/kernel", Math.fround(0.001)],
    ["zeros/conv2d", Math.fround(0.4)],
  ]);
  const { histogram } = measured?.values.find(({ tag }) => tag === "activations/conv2d") ?? {};
  assert.equal(histogram, { limits: [-1, 0, 1, 2, 3], counts: [0, 1, 2, 3, 4], num: 10, sum: 5 });
  assert.is(epoch?.step, 0);
  const tags = epoch?.values.map(({ tag, scalar }) => [tag, scalar]);
  assert.equal(tags, [
    ["epoch_learning_rate", 0.125],
    ["epoch_loss", 2],
    ["epoch_accuracy", 0.25],
    ["conv2d/kernel", null],
  ]);
  assert.is(second?.step, 1);
  assert.is(second?.values[1]?.scalar, 1);
  const validation = eventsIn(only(join(logDir, "validation"))).slice(1);
  assert.equal(
    validation.map(({ step, values }) => [step, ...values.map(({ tag, scalar }) => [tag, scalar])]),
    [0, 1].map((step) => [step, ["epoch_loss", 3], ["epoch_accuracy", 0.5]]),
  );
});

test("filters side by side, the least weight black and the largest white", () => {
  const values = Float32Array.from({ length: 12 }, (_, i) => i);
  const image = filtersImage(values, KERNEL.shape);
  assert.ok(image);
  const png = PNG.sync.read(Buffer.from(image.png));
  assert.equal([png.width, png.height], [image.width, image.height]);
  const at = (x: number, y: number) => png.data[4 * (y * png.width + x)];
  // Three filters of 16 pixels, 2 between them: weight (row, column, filter) is 3 · (2 · row + column) + filter.
  assert.equal([at(0, 0), at(15, 15), at(18, 0), at(51, 15), at(16, 0)], [0, 209, 23, 255, 255]);
  assert.is(filtersImage(values, [3, 4]), null);
});

test("trials for the HParams page", async () => {
  const logDir = join(folder, "study");
  const objective = { name: "val_accuracy", direction: "max" } as const;
  const rate = { kind: "fixed", name: "rate", default: 0.1, conditions: [] } as const;
  const kind = {
    kind: "choice",
    name: "kind",
    values: ["a", "b"],
    default: "a",
    conditions: [],
  } as const;
  const board = new TrialBoard(logDir, { space: [rate, kind], objective });
  const trial = {
    ...newTrial("0", { rate: 0.1, kind: "b" }),
    ...({ status: "completed", score: 0.75, bestEpoch: 2, seconds: 3 } as const),
    history: [1, 2].map((epoch) => ({ epoch, loss: 1 / epoch, val_accuracy: 0.75, lr: 0.1 })),
  };
  board.add(trial, "trial_1");
  board.add({ ...trial, status: "failed", score: null }, "trial_2");
  await board.close();
  const [, experiment] = eventsIn(only(logDir));
  assert.is(experiment?.values[0]?.tag, "_hparams_/experiment");
  const plugin = experiment?.values[0]?.plugin;
  assert.is(plugin?.name, "hparams");
  // As TensorBoard 2.21.0 read it: rate FLOAT64, kind STRING, metric val_accuracy.
  const read =
    "123622080a0472617465200322080a046b696e6420012a200a100a00120c76616c5f61636375726163791a0c76616c5f6163637572616379";
  assert.is(Buffer.from(plugin?.content ?? []).toString("hex"), read);
  const [, start, one, two, score, end] = eventsIn(only(join(logDir, "trial_1")));
  assert.is(start?.values[0]?.tag, "_hparams_/session_start_info");
  const text = Buffer.from(start?.values[0]?.plugin?.content ?? []).toString("latin1");
  for (const word of ["rate", "kind", "trial_1"]) assert.ok(text.includes(word), word);
  assert.equal([one?.step, two?.step], [0, 1]);
  assert.equal(
    score?.values.map(({ tag, scalar }) => [tag, scalar]),
    [["val_accuracy", 0.75]],
  );
  assert.is(end?.values[0]?.tag, "_hparams_/session_end_info");
  assert.is(eventsIn(only(join(logDir, "trial_2"))).length, 5);
});

test.run();
