// mixup: pairs and mixed rows against float64 loops that draw the same numbers, moments of what is drawn, losses of mixed rows
// against float64 and central differences.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { uniformAt } from "../../src/engine/core/random.ts";
import { activation } from "../../src/engine/ops/activation.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { categoricalCrossentropy } from "../../src/engine/ops/loss/categorical-crossentropy.ts";
import { binaryCrossentropy, meanSquaredError } from "../../src/engine/ops/loss/elementwise.ts";
import type { Loss } from "../../src/engine/ops/loss/loss.ts";
import { drawPairs, mixRows } from "../../src/engine/ops/mixup.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { assertClose, f32 } from "../support/close.ts";
import { evaluate } from "../support/evaluate.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("mixup");
const DRAWS = { seed: 11, stream: 3 };
const STEP = 5;

async function drawn(batch: number, alpha: number, step = STEP) {
  const clock = (await gpu()).tensor([2], "clock", Uint32Array.of(step, 9), "u32");
  const { outputs } = await evaluate((rec) => ({
    pairs: drawPairs(rec, { batch, alpha, ...DRAWS, clock }),
  }));
  const own = (k: number) =>
    Array.from({ length: batch }, (_, n) => outputs.pairs[2 * n + k] ?? -1);
  return { shares: own(0), partners: own(1) };
}

/** Jöhnk's algorithm in float64. */
function shareOf(n: number, alpha: number): number {
  const power = (k: number) =>
    Math.log(1 - uniformAt({ ...DRAWS, step: STEP, index: 2 ** 31 + 64 * n + k })) / alpha;
  for (let k = 0; k < 64; k += 2) {
    const [x, y] = [power(k), power(k + 1)];
    if (Math.exp(x) + Math.exp(y) <= 1) return 1 / (1 + Math.exp(y - x));
  }
  return 1;
}

/** How many numbers of the batch are below a row's. */
function partnerOf(n: number, batch: number): number {
  const keys = Array.from({ length: batch }, (_, index) =>
    uniformAt({ ...DRAWS, step: STEP, index }),
  );
  return keys.filter((key, m) => key < (keys[n] ?? 0) || (key === keys[n] && m < n)).length;
}

for (const [batch, alpha] of [
  [1, 0.2],
  [37, 0.2],
  [70, 1],
  [70, 0.01],
] as const) {
  test(`pairs of ${batch} rows at α = ${alpha}: a permutation, and shares by the formula`, async () => {
    const { shares, partners } = await drawn(batch, alpha);
    const rows = Array.from({ length: batch }, (_, n) => n);
    assert.equal(
      partners,
      rows.map((n) => partnerOf(n, batch)),
    );
    assert.equal(
      partners.toSorted((a, b) => a - b),
      rows,
    );
    const expected = rows.map((n) => shareOf(n, alpha));
    // Logarithms are off by 2^-21 as WGSL has it, and 1 / α times that.
    const tolerance = { relative: 2e-6, absolute: 5e-7 / alpha };
    assertClose({ label: "shares", shape: [batch], actual: shares, expected, tolerance });
  });
}

test("shares are of Beta(α, α), partners of every row alike, and each step draws anew", async () => {
  const batch = 4096;
  for (const alpha of [0.2, 1]) {
    const { shares, partners } = await drawn(batch, alpha);
    const mean = (of: (value: number) => number) =>
      shares.reduce((sum, value) => sum + of(value), 0) / batch;
    // Four standard deviations of a mean of values within 1/2, or 1/4, of each other.
    assert.ok(Math.abs(mean((value) => value) - 0.5) < 4 * (0.5 / 64));
    const variance = 1 / (4 * (2 * alpha + 1));
    assert.ok(Math.abs(mean((value) => (value - 0.5) ** 2) - variance) < 4 * (0.125 / 64));
    if (alpha === 1) {
      const quarter = shares.filter((value) => value < 0.25).length / batch;
      assert.ok(Math.abs(quarter - 0.25) < 4 * (0.433 / 64), `${quarter}`);
    }
    // Fixed points of a random permutation: 1 in the mean, with a variance of 1.
    assert.ok(partners.filter((partner, n) => partner === n).length < 8);
    const next = await drawn(batch, alpha, STEP + 1);
    assert.not.equal(next, { shares, partners });
  }
});

test("the smallest α leaves shares of 0 and 1, and no other number", async () => {
  const { shares } = await drawn(64, 1e-38);
  assert.ok(shares.every((share) => share < 1e-30 || share === 1));
  assert.ok(new Set(shares).size > 1);
});

const PAIRS = [0.25, 2, 1, 0, 0.5, 1, 0, 3, 0.8, 4];

test("rows are mixed, of any shape, and a NaN stays one", async () => {
  const device = await gpu();
  const pairs = device.tensor([5, 2], "pairs", Float32Array.from(PAIRS));
  for (const shape of [[5], [5, 3, 4, 2]]) {
    const size = shape.reduce((a, b) => a * b, 1);
    const values = Float32Array.from(randomArray(size, 7));
    const x = device.tensor(shape, "x", values);
    const { outputs } = await evaluate((rec) => ({ y: mixRows(rec, x, pairs) }));
    const each = size / 5;
    const expected = Array.from(values, (own, i) => {
      const [share = 0, partner = 0] = PAIRS.slice(2 * Math.floor(i / each));
      return share * own + (1 - share) * (values[partner * each + (i % each)] ?? 0);
    });
    assertClose({ label: "y", shape, actual: outputs.y, expected, tolerance: f32(2) });
    values[0] = Number.NaN;
    const spoilt = device.tensor(shape, "x", values);
    const { outputs: after } = await evaluate((rec) => ({ y: mixRows(rec, spoilt, pairs) }));
    assert.ok(Number.isNaN(after.y[0]) && Number.isNaN(after.y[each]));
  }
});

interface Case {
  readonly name: string;
  readonly loss: Loss;
  readonly classes: number;
  readonly smoothing: number;
  readonly weights: readonly number[] | null;
}

/** The loss of a row of mixed one-hot targets, in float64. */
function rowLoss(
  { name, classes, smoothing }: Case,
  z: readonly number[],
  target: readonly number[],
) {
  if (name === "softmax") {
    const peak = Math.max(...z);
    const whole = peak + Math.log(z.reduce((sum, own) => sum + Math.exp(own - peak), 0));
    const spread = target.map((t) => t * (1 - smoothing) + smoothing / classes);
    return z.reduce((sum, own, k) => sum + (spread[k] ?? 0) * (whole - own), 0);
  }
  const terms = z.map((own, k) => {
    const plain = target[k] ?? 0;
    if (name === "squared") return (own - plain) ** 2;
    const t = plain * (1 - smoothing) + smoothing / 2;
    return t * Math.log1p(Math.exp(-own)) + (1 - t) * Math.log1p(Math.exp(own));
  });
  return terms.reduce((sum, term) => sum + term, 0) / z.length;
}

const LABELS = [1, 0, 1, 0, 1];
const WEIGHTS = [1, 2, 0.5, 0, 1];
const CASES: readonly Case[] = [
  { name: "softmax", loss: categoricalCrossentropy(), classes: 3, smoothing: 0, weights: null },
  {
    ...{ name: "softmax", loss: categoricalCrossentropy({ labelSmoothing: 0.1 }), classes: 7 },
    ...{ smoothing: 0.1, weights: WEIGHTS },
  },
  { name: "sigmoid", loss: binaryCrossentropy(), classes: 1, smoothing: 0, weights: WEIGHTS },
  {
    ...{ name: "sigmoid", loss: binaryCrossentropy({ labelSmoothing: 0.2 }), classes: 4 },
    ...{ smoothing: 0.2, weights: null },
  },
  { name: "squared", loss: meanSquaredError(), classes: 3, smoothing: 0, weights: WEIGHTS },
];

for (const one of CASES) {
  const { name, loss, classes, weights, smoothing } = one;
  test(`${name} of ${classes} outputs, smoothing ${smoothing}: float64 and central differences`, async () => {
    const device = await gpu();
    const values = Float32Array.from(randomArray(5 * classes, 3), (value) => 3 * value);
    const upload = (label: string, data: readonly number[], shape: readonly number[]) =>
      device.tensor(shape, label, Float32Array.from(data));
    const y = device.tensor([5, classes], "y", values);
    const labels = device.tensor([5], "labels", Uint32Array.from(LABELS), "u32");
    const mixed = upload("pairs", PAIRS, [5, 2]);
    const rowWeights = weights && upload("weights", weights, [5]);
    const { outputs } = await evaluate((rec) => {
      rec.watch(y);
      const output = name === "sigmoid" ? apply(rec, activation, [y], { kind: "sigmoid" }) : y;
      const targets = { kind: "classes", labels, mixed } as const;
      const results = loss.record(rec, { output, targets, rowWeights });
      const dy = recordGradients(rec).get(y);
      if (!dy || results.figure.kind !== "hits") throw new Error("no gradient, or no hits");
      const { rowHit, predicted } = results.figure;
      return { rowLoss: results.rowLoss, dy, rowHit, predicted };
    });
    const target = (n: number) => {
      const [share = 1, partner = n] = PAIRS.slice(2 * n);
      const of = (row: number, k: number) =>
        classes === 1 ? (LABELS[row] ?? 0) : Number(LABELS[row] === k);
      return Array.from(
        { length: classes },
        (_, k) => share * of(n, k) + (1 - share) * of(partner, k),
      );
    };
    const row = (n: number, moved = -1, by = 0) =>
      Array.from(values.subarray(n * classes, (n + 1) * classes), (own, k) =>
        n * classes + k === moved ? own + by : own,
      );
    const lossOf = (n: number, z: readonly number[]) =>
      rowLoss(one, z, target(n)) * (weights?.[n] ?? 1);
    const expected = LABELS.map((_, n) => lossOf(n, row(n)));
    const tolerance = { relative: 3e-6, absolute: 1e-6 };
    assertClose({ label: "rowLoss", shape: [5], actual: outputs.rowLoss, expected, tolerance });
    const slopes = Array.from(values, (_, i) => {
      const n = Math.floor(i / classes);
      return (lossOf(n, row(n, i, 1e-5)) - lossOf(n, row(n, i, -1e-5))) / 2e-5 / 5;
    });
    assertClose({
      label: "dy",
      shape: [5, classes],
      actual: outputs.dy,
      expected: slopes,
      tolerance,
    });
    // Rows 0 and 3 count as their partners' class.
    const counted = [LABELS[2], LABELS[1], LABELS[2], LABELS[3], LABELS[4]];
    assert.equal(
      [...outputs.rowHit],
      counted.map((label, n) => Number(outputs.predicted[n] === label)),
    );
  });
}

test.run();
