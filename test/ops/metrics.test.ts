// Running sums of loss, hits and confusion, against plain sums over several batches.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  createMeters,
  readConfusion,
  readMeters,
  recordMeters,
  resetMeters,
} from "../../src/engine/ops/metrics.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { assertClose, LOSS } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("metrics");

const CLASSES = 70;

for (const [batch, penalty] of [
  [1, null],
  [50, 0.25],
  [333, null],
] as const) {
  test(`a batch of ${batch}, added three times, penalty ${penalty}`, async () => {
    const device = await gpu();
    const losses = Float32Array.from(randomArray(batch, 5), (v) => v + 1);
    const labels = Uint32Array.from(randomArray(batch, 6), (v) => Math.floor((v + 1) * 35));
    const predicted = labels.map((label, n) => (n % 3 === 0 ? label : (label + n) % CLASSES));
    const hits = predicted.map((p, n) => (p === labels[n] ? 1 : 0));
    const rec = new Recorder({ name: "metrics", capabilities: device });
    const meters = createMeters(device, CLASSES);
    recordMeters(
      rec,
      meters,
      {
        rowLoss: device.tensor([batch], "rowLoss", losses),
        figure: {
          kind: "hits",
          rowHit: device.tensor([batch], "rowHit", hits, "u32"),
          predicted: device.tensor([batch], "predicted", predicted, "u32"),
          labels: device.tensor([batch], "labels", labels, "u32"),
        },
        penalty:
          penalty === null ? null : device.tensor([], "penalty", new Float32Array([penalty])),
      },
      { confusion: true },
    );
    const executable = await Executable.compile(device, rec.finish());
    executable.run(3);
    const values = await readMeters(device, meters);
    const mean = losses.reduce((sum, loss) => sum + loss, 0) / batch + (penalty ?? 0);
    assertClose({
      label: "loss",
      shape: [1],
      actual: [values.loss],
      expected: [mean],
      tolerance: LOSS,
    });
    assert.is(values.rows, 3 * batch);
    assert.is(values.accuracy, Math.fround(hits.reduce((a, b) => a + b, 0) / batch));
    const confusion = await readConfusion(device, meters);
    const expected = Array.from({ length: CLASSES }, () => new Array<number>(CLASSES).fill(0));
    for (const [n, label] of labels.entries()) {
      const row = expected[label] ?? [];
      row[predicted[n] ?? 0] = (row[predicted[n] ?? 0] ?? 0) + 3;
    }
    assert.is(JSON.stringify(confusion), JSON.stringify(expected));
    resetMeters(device, meters);
    assert.is((await readMeters(device, meters)).rows, 0);
  });
}

test("a thousand batches sum to within 1e-6", async () => {
  const device = await gpu();
  const rec = new Recorder({ name: "sum", capabilities: device });
  const meters = createMeters(device, 2);
  const rowLoss = device.tensor([1], "rowLoss", new Float32Array([0.3]));
  const none = device.tensor([1], "none", new Uint32Array(1), "u32");
  const figure = { kind: "hits", rowHit: none, predicted: none, labels: none } as const;
  const rows = { rowLoss, figure, penalty: null };
  recordMeters(rec, meters, rows, { confusion: false });
  const executable = await Executable.compile(device, rec.finish());
  executable.run(1000);
  const { loss } = await readMeters(device, meters);
  assert.ok(Math.abs(loss - 0.3) < 1e-6, `${loss}`);
});

test.run();
