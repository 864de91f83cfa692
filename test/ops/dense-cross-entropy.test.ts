// The last dense layer and the loss on it as one dispatch: the bits of the four that it stands for, and gradients against central
// differences of float64 loops; and where it may not stand for them.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { viewOf } from "../../src/engine/core/binding.ts";
import type { Device } from "../../src/engine/core/device.ts";
import { sizeOf } from "../../src/engine/core/shape.ts";
import type { Tensor } from "../../src/engine/core/tensor.ts";
import { dense } from "../../src/engine/ops/dense.ts";
import { joinDenseAndLoss } from "../../src/engine/ops/dense-cross-entropy.ts";
import type { Activation } from "../../src/engine/ops/gemm/bias-activation.ts";
import { recordGradients } from "../../src/engine/ops/gradients.ts";
import { softmax } from "../../src/engine/ops/softmax.ts";
import { softmaxCrossEntropy } from "../../src/engine/ops/softmax-cross-entropy.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import type { Program } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { assertClose } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("dense and cross-entropy");

interface Case {
  readonly rows: number;
  readonly inputs: number;
  readonly classes: number;
  readonly activation?: Activation;
  readonly hasBias?: boolean;
  readonly smoothing?: number;
  /** Whether a dense layer with the activation gives the input; default true. */
  readonly isDeep?: boolean;
  /** Whether weights lie in one arena; default true. */
  readonly inArena?: boolean;
}

const BEFORE = 5;

function singles(length: number, seed: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(randomArray(length, seed));
}

/** Values of everything that the step starts from. */
function valuesOf({ rows, inputs, classes }: Case) {
  return {
    x: singles(rows * BEFORE, 1),
    w0: singles(BEFORE * inputs, 2),
    direct: singles(rows * inputs, 3),
    w: singles(inputs * classes, 4),
    b: singles(classes, 5),
    labels: Uint32Array.from({ length: rows }, (_, row) => (row * 7) % classes),
  };
}

/** Where the biases begin, in bytes. */
function biasAt({ inputs, classes }: Case): number {
  return Math.ceil((4 * inputs * classes) / 256) * 256;
}

function arenaOf(device: Device, name: string, one: Case, given: ReturnType<typeof valuesOf>) {
  const { inputs, classes, inArena = true } = one;
  const flat = new Float32Array(biasAt(one) / 4 + Math.ceil(classes / 4) * 4);
  flat.set(given.w);
  flat.set(given.b, biasAt(one) / 4);
  const arena = device.tensor([flat.length], name, flat);
  const apart = device.tensor([classes], `${name}.b`, given.b);
  return {
    arena,
    w: viewOf(arena, [inputs, classes], 0),
    b: inArena ? viewOf(arena, [classes], biasAt(one)) : apart,
  };
}

function recorded(device: Device, one: Case) {
  const { rows, inputs, activation = "relu", hasBias = true, isDeep = true } = one;
  const given = valuesOf(one);
  const weights = arenaOf(device, "weights", one, given);
  const gradients = device.tensor(weights.arena.shape, "gradients");
  const lossSum = device.tensor([1], "lossSum");
  const counts = device.tensor([2], "counts", undefined, "u32");
  const labels = device.tensor([rows], "labels", given.labels, "u32");
  const x = device.tensor([rows, BEFORE], "x", given.x);
  const w0 = device.tensor([BEFORE, inputs], "w0", given.w0);
  const rec = new Recorder({ name: "head", capabilities: device, fuses: true });
  for (const tensor of [weights.w, weights.b, ...(isDeep ? [w0] : [])]) rec.watch(tensor);
  const h = isDeep
    ? apply(rec, dense, [x, w0], { activation })
    : device.tensor([rows, inputs], "h", given.direct);
  const own = hasBias ? ([h, weights.w, weights.b] as const) : ([h, weights.w] as const);
  const logits = apply(rec, dense, own, { activation: "linear" });
  const { rowLoss, predicted } = softmaxCrossEntropy(
    rec,
    apply(rec, softmax, [logits], {}),
    labels,
    {
      ...{ labelSmoothing: one.smoothing ?? 0, sums: { lossSum, counts } },
    },
  );
  const found = recordGradients(rec);
  const [dw, db, dw0] = [weights.w, weights.b, w0].map((tensor) => found.get(tensor));
  if (dw) rec.alias(dw, gradients.storage, 0);
  if (db && hasBias) rec.alias(db, gradients.storage, biasAt(one));
  if (dw0) rec.keep(dw0);
  const results = [gradients, lossSum, counts, ...(dw0 ? [dw0] : [])];
  return { rec, results, logits, rowLoss, predicted, counters: [lossSum, counts] };
}

async function run(device: Device, program: Program, results: readonly Tensor[]) {
  const executable = await Executable.compile(device, program);
  executable.run();
  const values: Uint8Array[] = [];
  for (const tensor of results) {
    const bytes = await executable.readBytes(tensor);
    values.push(new Uint8Array(bytes.slice(0, 4 * sizeOf(tensor.shape))));
  }
  return { values, labels: executable.dispatches.map(({ kernel }) => kernel.label) };
}

const activate = { relu: (z: number) => Math.max(z, 0), tanh: Math.tanh };

/** The mean loss in float64, with other weights. */
function meanLoss(
  one: Case,
  given: ReturnType<typeof valuesOf>,
  changed: Partial<Weights>,
): number {
  const { rows, inputs, classes, hasBias = true, isDeep = true, smoothing = 0 } = one;
  const { w0, w, b } = { ...given, ...changed };
  const f = activate[one.activation === "tanh" ? "tanh" : "relu"];
  let total = 0;
  for (let row = 0; row < rows; row++) {
    const h = Array.from({ length: inputs }, (_, i) => {
      if (!isDeep) return given.direct[row * inputs + i] ?? 0;
      let sum = 0;
      for (let k = 0; k < BEFORE; k++) {
        sum += (given.x[row * BEFORE + k] ?? 0) * (w0[k * inputs + i] ?? 0);
      }
      return f(sum);
    });
    const z = Array.from({ length: classes }, (_, k) =>
      h.reduce((sum, own, i) => sum + own * (w[i * classes + k] ?? 0), hasBias ? (b[k] ?? 0) : 0),
    );
    const all = Math.log(z.reduce((sum, own) => sum + Math.exp(own), 0));
    const label = given.labels[row] ?? 0;
    for (const [k, own] of z.entries()) {
      total += ((k === label ? 1 - smoothing : 0) + smoothing / classes) * (all - own);
    }
  }
  return total / rows;
}

type Weights = Readonly<Record<"w0" | "w" | "b", ArrayLike<number>>>;

function differences(one: Case, name: keyof Weights): Float64Array {
  const given = valuesOf(one);
  const values = Float64Array.from(given[name]);
  const step = 1e-5;
  return values.map((value, index) => {
    const lossAt = (moved: number) => {
      const changed = Float64Array.from(values);
      changed[index] = moved;
      return meanLoss(one, given, { [name]: changed });
    };
    return (lossAt(value + step) - lossAt(value - step)) / (2 * step);
  });
}

const CASES: readonly (readonly [what: string, one: Case])[] = [
  ["as in LeNet-5, of fewer rows", { rows: 9, inputs: 84, classes: 10 }],
  ["one row and one input", { rows: 1, inputs: 1, classes: 2 }],
  ["all lanes, more inputs than lanes", { rows: 64, inputs: 70, classes: 3, activation: "tanh" }],
  ["sixteen classes, smoothed", { rows: 12, inputs: 33, classes: 16, smoothing: 0.1 }],
  ["no bias", { rows: 7, inputs: 6, classes: 5, hasBias: false }],
  ["an input without a gradient", { rows: 7, inputs: 20, classes: 4, isDeep: false }],
];

for (const [what, one] of CASES) {
  test(`${what}: one dispatch, the bits of four, and central differences`, async () => {
    const device = (await gpu()).scope();
    if (!device.isSoftware) return;
    const { rec, results, counters } = recorded(device, one);
    const program = rec.finish();
    const apart = await run(device, program, results);
    for (const counter of counters) device.write(counter, new Uint8Array(counter.storage.bytes));
    const joined = await run(device, joinDenseAndLoss(program), results);
    assert.is(joined.labels.length, one.isDeep === false ? 1 : 3);
    assert.is(apart.labels.length - joined.labels.length, one.isDeep === false ? 2 : 3);
    for (const [index, bytes] of joined.values.entries()) assert.equal(bytes, apart.values[index]);
    const [gradients, lossSum, counts, dw0] = joined.values.map(({ buffer }) => buffer);
    const flat = new Float32Array(gradients as ArrayBuffer);
    const { inputs, classes, rows, hasBias = true } = one;
    const tolerance = { relative: 2e-5, absolute: 2e-6 };
    const check = (name: keyof Weights, actual: Float32Array) => {
      const expected = differences(one, name);
      assertClose({ label: `d${name}`, shape: [actual.length], actual, expected, tolerance });
    };
    check("w", flat.slice(0, inputs * classes));
    if (hasBias) check("b", flat.slice(biasAt(one) / 4, biasAt(one) / 4 + classes));
    if (dw0) check("w0", new Float32Array(dw0 as ArrayBuffer, 0, BEFORE * inputs));
    const [sum = 0] = new Float32Array(lossSum as ArrayBuffer);
    assert.ok(Math.abs(sum / rows - meanLoss(one, valuesOf(one), {})) < 1e-5);
    assert.is(new Uint32Array(counts as ArrayBuffer)[1], rows);
    device.destroy();
  });
}

const APART: readonly (readonly [why: string, one: Case, read?: "logits" | "predicted"])[] = [
  ["logits are kept", { rows: 4, inputs: 8, classes: 3 }, "logits"],
  ["predictions are kept", { rows: 4, inputs: 8, classes: 3 }, "predicted"],
  ["there are many classes", { rows: 4, inputs: 8, classes: 17 }],
  ["there are many products", { rows: 4, inputs: 300, classes: 10 }],
  ["there are more rows than lanes", { rows: 65, inputs: 8, classes: 3 }],
  ["biases lie elsewhere", { rows: 4, inputs: 8, classes: 3, inArena: false }],
];

for (const [why, one, read] of APART) {
  test(`they stay apart where ${why}`, async () => {
    const device = (await gpu()).scope();
    const { rec, ...tensors } = recorded(device, one);
    if (read) rec.keep(tensors[read]);
    const program = rec.finish();
    assert.is(joinDenseAndLoss(program), program);
    device.destroy();
  });
}

test("what is kept of a row's loss is there all the same", async () => {
  const device = (await gpu()).scope();
  const { rec, rowLoss, results } = recorded(device, { rows: 4, inputs: 8, classes: 3 });
  rec.keep(rowLoss);
  const program = rec.finish();
  const [apart] = (await run(device, program, [rowLoss])).values;
  const { values, labels } = await run(device, joinDenseAndLoss(program), [rowLoss, ...results]);
  assert.equal(values[0], apart);
  if (device.isSoftware) assert.is(labels.filter((label) => label.startsWith("gemm")).length, 2);
  device.destroy();
});

test.run();
