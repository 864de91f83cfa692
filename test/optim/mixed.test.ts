// Training in mixed precision: what is stored as f16 and what is not, the bits of it, and what is refused.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { DeviceError } from "../../src/engine/core/errors.ts";
import { describeKernel } from "../../src/engine/core/kernel.ts";
import type { Model } from "../../src/engine/layers/model.ts";
import type { Precision } from "../../src/engine/layers/variables.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { plan } from "../../src/engine/program/planner.ts";
import type { Program } from "../../src/engine/program/program.ts";
import { readRecording } from "../../src/engine/program/read-recording.ts";
import { writeRecording } from "../../src/engine/program/write-recording.ts";
import { placeTensorData } from "../../src/library/tensor-data.ts";
import { allRows } from "../../src/train/device-data.ts";
import { FitRun } from "../../src/train/fit.ts";
import { lossScaleFor } from "../../src/train/precision.ts";
import type { StepStatistics } from "../../src/train/step-statistics.ts";
import type { TrainingState } from "../../src/train/training-state.ts";
import {
  activation,
  addBranches,
  averagePooling2d,
  concatenateBranches,
  conv2d,
  dense,
  dropout,
  flatten,
  globalAveragePooling2d,
  kernelFrom,
  layerOf,
  sequential,
  shaderFrom,
} from "../../src/vitrine.ts";
import { assertClose } from "../support/close.ts";
import { gpu } from "../support/gpu.ts";
import { CLASSES, data, figures, model, ROWS, SIDE, trained } from "../support/mixed-model.ts";

const test = suite("mixed precision");

const shared = dense({ units: 6, activation: "gelu", name: "shared" });

/** Branches, a layer that is called twice, penalties and dropout. */
const motley: Model = {
  name: "motley",
  inputShape: [SIDE, SIDE, 1],
  build(net, input) {
    const x = net.inputLayer(input);
    const wide = conv2d({ filters: 4, kernelSize: 3, padding: "same", kernelRegularizerL2: 1e-3 })(
      net,
      x,
    );
    const sum = addBranches(net, [wide, activation({ activation: "relu" })(net, wide)]);
    const pooled = averagePooling2d()(net, sum);
    const joined = concatenateBranches(net, [pooled, pooled]);
    const flat = dropout({ rate: 0.2 })(net, globalAveragePooling2d()(net, joined));
    const once = shared(net, dense({ units: 6, kernelRegularizerL1: 1e-4 })(net, flat));
    const twice = net.again(() => shared(net, once));
    return dense({ units: CLASSES, activation: "softmax" })(net, twice);
  },
};

/** Where there is no f16, none of this can be but the refusal; then it says so, once. */
const { hasHalf } = await gpu();
if (!hasHalf)
  console.log("mixed: this adapter has no shader-f16, so mixed precision is not tested");
const testHalf = hasHalf ? test : test.skip;

testHalf("f16 is where it should be, and f32 where it should", async () => {
  const run = await trained({ epochs: 1 });
  const { dispatches } = run.program;
  const stored = (pass: string, kernel: RegExp) =>
    dispatches
      .filter((one) => one.pass === pass && kernel.test(one.kernel.label))
      .map(({ bindings }) =>
        Object.entries(bindings)
          .map(([name, { tensor }]) => `${name} ${tensor.dtype}`)
          .sort(),
      );
  assert.equal(stored("forward", /^pool/), [["x f16", "y f16"]]);
  const [conv] = stored("forward", /^conv2d/);
  assert.equal(conv, ["b f16", "w f16", "x f16", "y f16"]);
  const moments = stored("forward", /moments$/).flat();
  assert.ok(moments.includes("x f16") && moments.includes("batch_variance f32"));
  assert.equal(
    moments.filter((name) => name.endsWith("f16")),
    ["x f16"],
  );
  const loss = stored("forward", /^softmax-cross-entropy\/forward/)[0] ?? [];
  assert.equal(
    loss.filter((name) => name.endsWith("f16")),
    ["logits f16"],
  );
  for (const one of stored("update", /./).flat()) assert.not.match(one, "f16");
  const copies = dispatches.filter(({ kernel }) => kernel.label === "cast/copy");
  assert.is(copies.length, 1, "all weights at once");
  const bytesOf = (name: string) => copies[0]?.bindings[name]?.tensor.storage.bytes ?? Number.NaN;
  assert.is(bytesOf("y"), bytesOf("x") / 2);
  assert.equal(
    stored("data", /^gather/)
      .flat()
      .filter((name) => name.endsWith("f16")),
    ["x f16"],
  );
});

testHalf("a recording of such a step is read back with its kernels' ways to store", async () => {
  const { program } = await trained({ epochs: 1 });
  const text = JSON.stringify(writeRecording(program, plan(program)));
  const { program: again } = readRecording(JSON.parse(text));
  const texts = ({ dispatches }: Program) =>
    dispatches.map(({ kernel }) => describeKernel(kernel).text);
  assert.equal(texts(again), texts(program));
  assert.ok(texts(again).some((one) => one.startsWith("enable f16; ")));
  const guarded = again.dispatches.filter(({ bindings }) => bindings["guard_of_step"]);
  assert.equal([...new Set(guarded.map(({ pass }) => pass))], ["update"]);
  assert.equal(
    guarded.map(({ kernel }) => kernel.label),
    ["adam/advance", "adam/update"],
  );
});

testHalf("the same bits each time, also where a step measures itself", async () => {
  const found: StepStatistics[] = [];
  const onStatistics = (statistics: StepStatistics): void => void found.push(statistics);
  const plain = await trained({ epochs: 4 });
  const measured = await trained({ epochs: 4, statisticsEvery: 2, onStatistics });
  assert.equal(measured.history, plain.history);
  assert.equal([...measured.weights], [...plain.weights]);
  // What is measured is free of the scale.
  const full: StepStatistics[] = [];
  const inFull = (statistics: StepStatistics): void => void full.push(statistics);
  const precision = "float32";
  await trained({ epochs: 4, precision, statisticsEvery: 2, onStatistics: inFull });
  assert.is(found.length, 2);
  const names = ({ entries }: StepStatistics) => entries.map((e) => `${e.measured} ${e.name}`);
  assert.equal(found.map(names), full.map(names));
  for (const [index, entry] of (found[0]?.entries ?? []).entries()) {
    const of = full[0]?.entries[index];
    const [got, expected] = [entry.deviation, of?.deviation ?? Number.NaN];
    const label = `${entry.measured} ${entry.name}: ${got}, in float32 ${expected}`;
    assert.ok(Math.abs(got - expected) <= 0.02 * expected + 1e-6, label);
  }
});

testHalf("from every state of a training, scale and counts included", async () => {
  const states: TrainingState[] = [];
  const save = async (state: TrainingState) => void states.push(state);
  const asked = { lossScale: { initialScale: 2 ** 24, growthSteps: 3 }, epochs: 12, batchSize: 8 };
  const run = await trained({ ...asked, checkpoints: { minutes: 0, save } });
  assert.ok(states.length >= 12, `${states.length} states`);
  for (const resume of [states[1], states[6], states.at(-2)]) {
    const resumed = await trained({ ...asked, resume });
    assert.equal(resumed.history, run.history);
    assert.equal([...resumed.weights], [...run.weights]);
  }
  assert.ok(new Set(figures(run, "loss_scale")).size > 2, `${figures(run, "loss_scale")}`);
});

testHalf(
  "changed images, branches, penalties, dropout and a layer that is called twice: near float32",
  async () => {
    const asked = { epochs: 6, initialWeights: new Map(), learningRate: 3e-3 };
    const augment = { shift: 1, flip: "both" } as const;
    const run = async (precision: Precision) => trained({ ...asked, augment, precision }, motley);
    const [mixed, full] = [await run("mixed"), await run("float32")];
    const expected = figures(full, "loss");
    const tolerance = { relative: 1e-2, absolute: 0 };
    assertClose({ label: "loss", shape: [6], actual: figures(mixed, "loss"), expected, tolerance });
    assert.ok(Math.abs((expected[5] ?? 0) - (expected[0] ?? 0)) > 0.02, `${expected}`);
  },
);

testHalf("a layer whose kernel cannot store f16 is refused by name", async () => {
  const text = `@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@compute @workgroup_size(64) fn bits(@builtin(global_invocation_id) id: vec3u) { y[id.x] = x[id.x]; }`;
  const kernel = kernelFrom(shaderFrom("own", text), "bits");
  const own = layerOf({ className: "Own" }, ({ rec }, x) => {
    const y = rec.allocate(x.shape, "y");
    rec.dispatch({ op: "own", kernel, grid: [1, 1, 1], bind: { x, y } });
    return y;
  });
  const head = dense({ units: CLASSES, activation: "softmax" });
  const bitwise = sequential("bitwise", [SIDE, SIDE, 1], [own, flatten(), head]);
  const rule =
    /^layer own: must be one that mixed precision can compute, got kernel own\/bits: x must hold f32/;
  const error = await trained({ initialWeights: new Map() }, bitwise).catch((cause) => cause);
  assert.match(String(error.message), rule);
});

test("an adapter without f16 is refused by name", async () => {
  const device = { hasHalf: false, name: "some adapter" };
  const refused = () => lossScaleFor(device, { precision: "mixed" });
  assert.throws(refused, /^precision: mixed needs an adapter with f16 .*got some adapter, which/);
  assert.is(lossScaleFor(device, {}), null);
  const real = await gpu();
  const without = new Proxy(real.scope(), {
    get: (target, name) => {
      if (name === "hasHalf") return false;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const options = { optimizer: adam(), learningRate: 1e-2, seed: 1, epochs: 1, batchSize: ROWS };
  const train = allRows(await placeTensorData(without, data));
  const all = { ...options, train, precision: "mixed" } as const;
  const error = await FitRun.create(without, model, all).catch((cause: unknown) => cause);
  assert.instance(error, DeviceError);
});

test.run();
