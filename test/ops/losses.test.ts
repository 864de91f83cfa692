// The losses: against Keras's own figures, float64 and central differences; what they tell of a row; the sigmoid before one.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Tensor } from "../../src/engine/core/tensor.ts";
import { activation } from "../../src/engine/ops/activation.ts";
import { conv2d } from "../../src/engine/ops/conv2d/conv2d.ts";
import { dense } from "../../src/engine/ops/dense.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { categoricalCrossentropy } from "../../src/engine/ops/loss/categorical-crossentropy.ts";
import {
  binaryCrossentropy,
  huber,
  meanAbsoluteError,
  meanSquaredError,
} from "../../src/engine/ops/loss/elementwise.ts";
import type { Loss } from "../../src/engine/ops/loss/loss.ts";
import { reshape } from "../../src/engine/ops/reshape.ts";
import type { Capabilities } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { assertClose, EXACT } from "../support/close.ts";
import { evaluate } from "../support/evaluate.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("losses");

const SOFTWARE: Capabilities = { subgroupSize: null, isSoftware: true };
const HARDWARE: Capabilities = { subgroupSize: null, isSoftware: false };

interface Settings {
  readonly labelSmoothing?: number;
  readonly delta?: number;
}

const LOSSES: Readonly<Record<string, (settings: Settings) => Loss>> = {
  categorical_crossentropy: categoricalCrossentropy,
  binary_crossentropy: binaryCrossentropy,
  mean_squared_error: () => meanSquaredError(),
  mean_absolute_error: () => meanAbsoluteError(),
  huber,
};

interface Case {
  readonly name: string;
  readonly settings: Settings;
  readonly isLogit: boolean;
  readonly weights: readonly number[] | null;
  readonly shape: readonly number[];
  readonly output: ArrayLike<number>;
  readonly target: ArrayLike<number>;
  readonly labels?: readonly number[];
}

/** Everything that a loss gives, the output watched; of a logit the sigmoid is recorded first. */
async function run(
  { name, settings, isLogit, weights, shape, output, target, labels }: Case,
  capabilities?: Capabilities,
) {
  const device = await gpu();
  const [rows = 0] = shape;
  const y = device.tensor(shape, "y", Float32Array.from(output));
  const rowWeights = weights && device.tensor([rows], "weights", Float32Array.from(weights));
  const { outputs } = await evaluate((rec) => {
    rec.watch(y);
    const loss = LOSSES[name]?.(settings);
    if (!loss) throw new Error(`no loss ${name}`);
    const given =
      isLogit && name === "binary_crossentropy"
        ? apply(rec, activation, [y], { kind: "sigmoid" })
        : y;
    const results = loss.record(rec, {
      output: given,
      targets: labels
        ? { kind: "classes", labels: device.tensor([rows], "l", Uint32Array.from(labels), "u32") }
        : { kind: "values", values: device.tensor(shape, "t", Float32Array.from(target)) },
      rowWeights,
    });
    const dy = recordGradients(rec).get(y);
    if (!dy) throw new Error("no gradient");
    const { kind, ...figure } = results.figure;
    assert.is(kind, labels ? "hits" : "errors");
    const read: Readonly<Record<string, Tensor>> = figure;
    return { loss: results.loss, rowLoss: results.rowLoss, dy, ...read };
  }, capabilities);
  const read: Readonly<Record<string, Float32Array | Uint32Array>> = outputs;
  return read;
}

const at = (values: ArrayLike<number> | undefined, index: number) => values?.[index] ?? Number.NaN;

/** The loss of one element, in float64. */
function elementLoss({ name, settings, isLogit }: Case, value: number, target: number): number {
  const { labelSmoothing = 0, delta = 1 } = settings;
  const d = value - target;
  if (name === "mean_squared_error") return d * d;
  if (name === "mean_absolute_error") return Math.abs(d);
  if (name === "huber") {
    return Math.abs(d) <= delta ? (d * d) / 2 : delta * Math.abs(d) - (delta * delta) / 2;
  }
  const t = target * (1 - labelSmoothing) + labelSmoothing / 2;
  if (isLogit) return t * Math.log1p(Math.exp(-value)) + (1 - t) * Math.log1p(Math.exp(value));
  const p = Math.min(Math.max(value, 1e-7), 1 - 1e-7);
  return -t * Math.log(p) - (1 - t) * Math.log1p(-p);
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** The losses of the rows, in float64. */
function rowLosses(loss: Case, output: ArrayLike<number>): number[] {
  const [rows = 0] = loss.shape;
  const size = output.length / rows;
  return Array.from({ length: rows }, (_, n) => {
    const terms = Array.from({ length: size }, (_, k) =>
      elementLoss(loss, at(output, n * size + k), at(loss.target, n * size + k)),
    );
    return mean(terms) * (loss.weights?.[n] ?? 1);
  });
}

function centralDifferences(loss: Case): number[] {
  const [rows = 0] = loss.shape;
  const step = 1e-5;
  const size = loss.output.length / rows;
  return Array.from(loss.output, (value, i) => {
    const n = Math.floor(i / size);
    const near = (moved: number) =>
      (elementLoss(loss, moved, at(loss.target, i)) * (loss.weights?.[n] ?? 1)) / size / rows;
    return (near(value + step) - near(value - step)) / (2 * step);
  });
}

const FIXTURE = new URL("../fixtures/keras-losses.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(FIXTURE, "utf8")) as {
  readonly cases: readonly (Case & { readonly loss: number; readonly gradient: number[] })[];
};

for (const [index, known] of cases.entries()) {
  const { name, settings, weights, shape } = known;
  const title = `${name} ${JSON.stringify(settings)} of (${shape})${weights ? ", weighted" : ""}`;
  test(`${index}: ${title}: what Keras computes`, async () => {
    for (const capabilities of [SOFTWARE, HARDWARE]) {
      const { loss = [], dy = [] } = await run(known, capabilities);
      const tolerance = { relative: 3e-6, absolute: 3e-7 };
      assertClose({ label: "loss", shape: [], actual: loss, expected: [known.loss], tolerance });
      assertClose({ label: "dy", shape, actual: dy, expected: known.gradient, tolerance });
    }
  });
}

/** Outputs and targets of a case, with a weight a row. */
function randomCase(name: string, shape: readonly number[], settings: Settings, isLogit = false) {
  const [rows = 0] = shape;
  const count = shape.reduce((a, b) => a * b, 1);
  const spread = isLogit ? 6 : name === "binary_crossentropy" ? 0.49 : 2;
  const shift = !isLogit && name === "binary_crossentropy" ? 0.5 : 0;
  const output = Float32Array.from(randomArray(count, 3), (v) => v * spread + shift);
  const target = Float32Array.from(randomArray(count, 4), (v) => (v + 1) / 2);
  const weights = Array.from({ length: rows }, (_, n) => (n % 5) / 2);
  return { name, settings, isLogit, shape, output, target, weights } satisfies Case;
}

for (const [name, settings, isLogit] of [
  ["binary_crossentropy", { labelSmoothing: 0.1 }, true],
  ["binary_crossentropy", {}, false],
  ["mean_squared_error", {}, false],
  ["mean_absolute_error", {}, false],
  ["huber", { delta: 0.7 }, false],
] as const) {
  for (const shape of [
    [1, 1],
    [70, 1],
    [9, 33],
    [3, 7, 5, 3],
  ]) {
    test(`${name}${isLogit ? " of logits" : ""}, (${shape}): float64 and central differences`, async () => {
      const loss = randomCase(name, shape, settings, isLogit);
      const [rows = 0] = shape;
      const size = loss.output.length / rows;
      for (const capabilities of [SOFTWARE, HARDWARE]) {
        const found = await run(loss, capabilities);
        const { rowLoss = [], dy = [], rowError = [] } = found;
        const expected = rowLosses(loss, loss.output);
        const tolerance = { relative: 5e-6, absolute: 1e-6 };
        assertClose({ label: "rowLoss", shape: [rows], actual: rowLoss, expected, tolerance });
        const slopes = centralDifferences(loss);
        assertClose({
          ...{ label: "dy", shape, actual: dy, expected: slopes },
          tolerance: { relative: 2e-5, absolute: 1e-7 },
        });
        const p = (z: number) => (isLogit ? 1 / (1 + Math.exp(-z)) : z);
        const errors = Array.from({ length: rows }, (_, n) =>
          mean(
            Array.from({ length: size }, (_, k) => {
              const i = n * size + k;
              return Math.abs(p(at(loss.output, i)) - at(loss.target, i));
            }),
          ),
        );
        assertClose({
          label: "error",
          shape: [rows],
          actual: rowError,
          expected: errors,
          tolerance,
        });
      }
    });
  }
}

test("hits: of several outputs the first of the largest, of one whether it is above 1/2", async () => {
  const several = {
    ...{ name: "mean_squared_error", settings: {}, isLogit: false, weights: null },
    ...{ shape: [3, 3], output: [1, 2, 2, 0, 0, 0, 3, 1, 2], target: [], labels: [1, 1, 0] },
  };
  const one = {
    ...{ settings: {}, weights: null, shape: [4, 1], target: [], labels: [1, 0, 1, 1] },
    ...{ name: "binary_crossentropy", isLogit: true, output: [0.1, 0.1, -0.1, 0] },
  };
  for (const capabilities of [SOFTWARE, HARDWARE]) {
    const found = await run(several, capabilities);
    assert.equal([...(found["predicted"] ?? [])], [1, 0, 0]);
    assert.equal([...(found["rowHit"] ?? [])], [1, 0, 1]);
    const binary = await run(one, capabilities);
    assert.equal([...(binary["predicted"] ?? [])], [1, 1, 0, 0]);
    assert.equal([...(binary["rowHit"] ?? [])], [1, 0, 0, 0]);
  }
});

test("logits of ±100 keep their loss and slope, and a label that is no class makes the loss NaN", async () => {
  const loss = {
    ...{ name: "binary_crossentropy", settings: {}, isLogit: true, weights: null, target: [] },
    ...{ shape: [5, 1], output: [100, -100, 100, -100, 0], labels: [0, 1, 1, 0, 2] },
  };
  const { rowLoss = [], dy = [] } = await run(loss);
  assert.equal([...rowLoss].slice(0, 2), [100, 100]);
  assert.ok([...rowLoss].slice(2, 4).every((value) => value < 1e-30));
  assert.equal([...dy].slice(0, 2), [Math.fround(0.2), -Math.fround(0.2)]);
  assert.ok(Number.isNaN(rowLoss[4]));
});

for (const kind of ["dense", "dense and reshape", "conv2d"] as const) {
  test(`the sigmoid of ${kind} is taken over, and not run`, async () => {
    const device = await gpu();
    const isConv = kind === "conv2d";
    const x = device.tensor(
      isConv ? [2, 1, 1, 3] : [2, 3],
      "x",
      Float32Array.from(randomArray(6, 1)),
    );
    const w = device.tensor(
      isConv ? [1, 1, 3, 4] : [3, 4],
      "w",
      Float32Array.from(randomArray(12, 2)),
    );
    const t = Float32Array.from(randomArray(8, 5), (v) => (v + 1) / 2);
    const of = async (activated: "sigmoid" | "linear") => {
      const { outputs, kernels } = await evaluate((rec) => {
        rec.watch(w);
        const attrs = { strides: [1, 1], padding: "valid" } as const;
        const own = isConv
          ? apply(rec, conv2d, [x, w], { ...attrs, activation: activated })
          : apply(rec, dense, [x, w], { activation: activated });
        const shape = kind === "dense and reshape" ? [2, 2, 2] : own.shape;
        const shaped = shape === own.shape ? own : apply(rec, reshape, [own], { shape });
        const linear = activated === "linear";
        const output = linear ? apply(rec, activation, [shaped], { kind: "sigmoid" }) : shaped;
        const values = device.tensor(shape, "t", t);
        const targets = { kind: "values", values } as const;
        const { loss } = binaryCrossentropy().record(rec, { output, targets, rowWeights: null });
        const dw = recordGradients(rec).get(w);
        if (!dw) throw new Error("no gradient");
        return { loss, dw };
      });
      return { ...outputs, kernels };
    };
    const [fused, plain] = [await of("sigmoid"), await of("linear")];
    assert.equal(fused.kernels, plain.kernels);
    assert.equal([...fused.loss, ...fused.dw], [...plain.loss, ...plain.dw]);
  });
}

test("the same bits twice", async () => {
  const loss = randomCase("huber", [50, 100], {});
  const [first, second] = [await run(loss), await run(loss)];
  for (const name of ["loss", "rowLoss", "dy", "rowError"]) {
    const [actual = [], expected = []] = [first[name], second[name]];
    assertClose({ label: name, shape: [actual.length], actual, expected, tolerance: EXACT });
  }
});

test("settings, targets and shapes are checked", () => {
  assert.throws(() => binaryCrossentropy({ labelSmoothing: 1 }), "from 0 to below 1, got 1");
  assert.throws(() => categoricalCrossentropy({ labelSmoothing: -0.1 }), "got -0.1");
  assert.throws(() => huber({ delta: 0 }), "huber: delta is a number above 0, got 0");
  const rec = new Recorder({ name: "errors", capabilities: SOFTWARE });
  const output = rec.allocate([4, 3], "y");
  const values = { kind: "values", values: rec.allocate([4, 2], "t") } as const;
  const labels = { kind: "classes", labels: rec.allocate([5], "l", "u32") } as const;
  const record = (loss: Loss, targets: typeof values | typeof labels) => () =>
    loss.record(rec, { output, targets, rowWeights: null });
  assert.throws(record(meanSquaredError(), values), "got (4, 2) for (4, 3)");
  assert.throws(record(huber(), labels), "outputs (4, 3) and u32 labels (5,)");
  assert.throws(
    record(categoricalCrossentropy(), values),
    "takes a class a row, got rows of numbers",
  );
});

test.run();
