// What a recorded step knows of its dispatches, and that all of it survives being written as JSON: the program that is read
// back is the same, is planned the same, and computes the same.

import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { describeKernel, kernelFrom } from "../../src/engine/core/kernel.ts";
import { type Shape, sizeOf } from "../../src/engine/core/shape.ts";
import { persistentTensor } from "../../src/engine/core/tensor.ts";
import { type Model, variablesOf } from "../../src/engine/layers/model.ts";
import { adam } from "../../src/engine/optim/adam.ts";
import { OptimizerState } from "../../src/engine/optim/optimizer-state.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { plan } from "../../src/engine/program/planner.ts";
import { bytesRead, type Dispatch, type Program } from "../../src/engine/program/program.ts";
import { readRecording } from "../../src/engine/program/read-recording.ts";
import { writeRecording } from "../../src/engine/program/write-recording.ts";
import { BACKBONES } from "../../src/models/backbones.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import addShader from "../../src/shaders/add.wgsl";
import { recordPrediction, recordTrainStep } from "../../src/train/programs.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("recording");

const LIST = { recursive: true, encoding: "utf8" } as const;
const CAPABILITIES = { subgroupSize: 8, isSoftware: true };

function requestFor(model: Model, image: Shape, batch = 50) {
  const images = persistentTensor([1000, ...image], "images", "u8");
  return {
    ...{ model, batch, variables: variablesOf(model), capabilities: CAPABILITIES },
    feed: {
      source: { kind: "images", images } as const,
      labels: persistentTensor([1000], "labels", "u8"),
      order: persistentTensor([1000], "order", "u32"),
      clock: persistentTensor([2], "clock", "u32"),
    },
    meters: {
      lossSum: persistentTensor([1], "lossSum"),
      counts: persistentTensor([2], "counts", "u32"),
      confusion: persistentTensor([10, 10], "confusion", "u32"),
    },
  };
}

const trainStep = (model: Model, image: Shape) =>
  recordTrainStep(requestFor(model, image), new OptimizerState(adam(), 1e-3));

function resnet(): Model {
  const model = BACKBONES.resnet50v2.build({ inputShape: [32, 32, 3], classes: 10 });
  return { ...model, preprocessing: "tf" };
}

const LENET = trainStep(lenet5(), [28, 28, 1]);
const RESNET = trainStep(resnet(), [28, 28, 1]);
const byLabel = ({ dispatches }: Program, label: string): Dispatch => {
  const found = dispatches.find(({ kernel }) => kernel.label === label);
  if (!found) throw new Error(`no ${label}`);
  return found;
};

/** Files of ops, and the two kinds of pooling that share one. */
const files = new Set(
  ["ops", "optim"]
    .flatMap((folder) => readdirSync(new URL(`../../src/engine/${folder}`, import.meta.url), LIST))
    .map((name) => basename(name, ".ts"))
    .flatMap((name) => (name === "pool2d" ? ["max-pool2d", "average-pool2d"] : name)),
);

test("ids are places, labels are file and entry, and ops are files", () => {
  for (const { dispatches } of [LENET, RESNET]) {
    for (const [place, { id, kernel, op }] of dispatches.entries()) {
      assert.is(id, place);
      assert.is(kernel.label, `${kernel.shader.file}/${kernel.entry}`);
      assert.ok(files.has(op), op);
    }
  }
});

test("all dispatches of one solution share it, and it tells the rungs that were not taken", () => {
  const convolution = byLabel(LENET, "conv2d/subgroup/forward");
  const { ladder, rung, fitting, isAsked, within } = convolution.solution ?? {};
  assert.equal([ladder, rung, isAsked, within], ["conv2d.forward", "subgroup", false, null]);
  assert.equal(fitting, ["naive", "tiled", "subgroup"]);
  const total = byLabel(LENET, "conv2d/dw-subgroup/add_partials");
  const sums = LENET.dispatches[total.id - 1];
  assert.is(sums?.kernel.label, "conv2d/dw-subgroup/sum_windows");
  assert.is(sums?.solution, total.solution);
  // A 1×1 convolution is solved as a matrix product, and says so.
  const product = RESNET.dispatches.find(({ solution }) => solution?.within);
  assert.is(product?.solution?.ladder, "gemm");
  assert.match(product?.solution?.within?.ladder ?? "", /^conv2d\./);
  assert.is(product?.solution?.within?.rung, "gemm");
});

test("layers: its own, then those whose work it does as well", () => {
  const loss = byLabel(LENET, "softmax-cross-entropy/forward");
  assert.equal(loss.layers, ["dense_2", "loss", "dense_1"]);
  const { model, ...request } = requestFor(resnet(), [28, 28, 1]);
  const { program } = recordPrediction({ ...request, model });
  const { dispatches } = plan(program);
  const relu = dispatches.find(({ layers }) => layers[0] === "conv2_block1_preact_relu");
  assert.equal(relu?.layers, ["conv2_block1_preact_relu", "conv2_block1_preact_bn"]);
  assert.is(relu?.op, "batch-normalization");
  const padded = dispatches.find(({ layers }) => layers[0] === "conv1_conv");
  assert.equal(padded?.layers, ["conv1_conv", "conv1_pad"]);
  // So every layer that computes anything is found under some dispatch, by its own name.
  const found = new Set(dispatches.flatMap(({ layers }) => layers));
  const silent = program.layers.filter(({ name }) => !found.has(name));
  assert.equal(
    silent.map(({ className }) => className),
    ["InputLayer"],
  );
});

test("backward dispatches know their layers, the forward one, and the line of the model", () => {
  const dx = LENET.dispatches.find(({ solution }) => solution?.ladder === "conv2d.dx");
  const forward = LENET.dispatches[dx?.forwardOf ?? -1];
  assert.equal(dx?.layers, ["conv2d_1"]);
  assert.equal(forward?.layers, ["conv2d_1"]);
  assert.is(forward?.kernel.label, "conv2d/subgroup/forward");
  for (const { pass, forwardOf } of [...LENET.dispatches, ...RESNET.dispatches]) {
    assert.is(forwardOf !== null, pass === "backward");
  }
  const layer = LENET.layers.find(({ name }) => name === "conv2d_1");
  assert.match(layer?.site ?? "", /src\/models\/lenet5\.ts:\d+$/);
  assert.is(dx?.site, layer?.site);
  const sites = new Set(LENET.layers.map(({ site }) => site));
  assert.is(sites.size, LENET.layers.length);
});

test("bytes are those that are touched, FLOPs those that the problem asks for", () => {
  const gather = byLabel(LENET, "gather/gather_images");
  assert.is(bytesRead(gather), 50 * 784 + 50 * 4 + 8 + 50);
  assert.is(gather.bindings["images"]?.tensor.shape[0], 1000);
  assert.is(gather.bindings["labels"]?.bytes, 50);
  // The shortcut of a block with stride 2 reads every other pixel of every other row.
  const strided = RESNET.dispatches.find(
    ({ op, params, bindings }) => op === "max-pool2d" && params["height"] === 8 && bindings["y"],
  );
  assert.is(
    strided?.bindings["x"]?.bytes,
    (4 * sizeOf(strided?.bindings["x"]?.tensor.shape ?? [])) / 4,
  );
  for (const { solutions, dispatches } of [LENET, RESNET]) {
    for (const { id, ladder, problem } of solutions) {
      if (ladder === "gemm") continue;
      const { geometry: g } = problem as { geometry: Record<string, number> };
      const asked = ["n", "oh", "ow", "o", "kh", "kw", "i"].reduce(
        (p, key) => p * (g[key] ?? 0),
        2,
      );
      const own = dispatches.filter(
        ({ solution }) => solution?.id === id || solution?.within?.id === id,
      );
      assert.is(
        own.reduce((sum, { flops }) => sum + flops, 0),
        asked,
      );
    }
    for (const { flops, executedFlops } of dispatches) assert.ok(executedFlops >= flops);
  }
});

test("a program lists its variables, layers and what outlives it", () => {
  assert.equal(LENET.variables.map(({ name }) => name).slice(0, 3), [
    "conv2d/kernel",
    "conv2d/bias",
    "conv2d_1/kernel",
  ]);
  assert.equal(LENET.layers.map(({ className }) => className).slice(0, 3), [
    "Conv2D",
    "MaxPooling2D",
    "Conv2D",
  ]);
  assert.equal(LENET.layers[1]?.inputs, ["conv2d"]);
  assert.equal(LENET.capabilities, CAPABILITIES);
  const labels = LENET.persistent.map(({ label }) => label);
  for (const label of ["images", "clock", "arena0", "arena0.m", "lossSum"]) {
    assert.ok(labels.includes(label), label);
  }
});

test("a kernel is specialised once, however often it is recorded", () => {
  const again = () => describeKernel(kernelFrom(addShader, "forward"));
  assert.is(again(), again());
  const texts = new Set(RESNET.dispatches.map(({ kernel }) => describeKernel(kernel)));
  assert.ok(texts.size < RESNET.dispatches.length / 5);
});

const throughText = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

for (const [name, program] of [
  ["LeNet-5", LENET],
  ["ResNet50V2", RESNET],
] as const) {
  test(`${name}'s step comes back from JSON as it was`, () => {
    const planned = plan(program);
    const written = throughText(writeRecording(program, planned));
    const read = readRecording(written);
    assert.equal(throughText(writeRecording(read.program, read.plan)), written);
    assert.equal(read.program.dispatches.length, program.dispatches.length);
    const again = plan(read.program);
    assert.equal(throughText(writeRecording(read.program, again)), written);
    const pair = (index: number) => [program.dispatches[index], read.program.dispatches[index]];
    for (const index of program.dispatches.keys()) {
      const [was, is] = pair(index);
      assert.equal({ ...is, solution: null }, { ...was, solution: null });
      assert.is(is?.solution?.within?.id, was?.solution?.within?.id);
    }
  });
}

test("a program that was read back computes the same bits", async () => {
  const device = (await gpu()).scope();
  const build = lenet5();
  const { program, probabilities } = recordPrediction(requestFor(build, [28, 28, 1], 4));
  const written = throughText(writeRecording(program, plan(program)));
  const { program: again } = readRecording(written);
  const [kept] = again.kept;
  if (!kept) throw new Error("unreachable");
  const results: Float32Array[] = [];
  for (const [one, wanted] of [
    [program, probabilities],
    [again, kept],
  ] as const) {
    for (const [index, storage] of one.persistent.entries()) {
      device.place(storage);
      const bytes = randomArray(storage.bytes / 4, index + 1);
      const isFloat = one.variables.some(({ tensor }) => tensor.storage === storage);
      const data = isFloat ? Float32Array.from(bytes) : new Uint8Array(storage.bytes).fill(index);
      const zeros = new Uint8Array(storage.bytes);
      const tensor = { label: "all", shape: [storage.bytes], dtype: "u8", storage } as const;
      device.write(tensor, /order|clock/.test(storage.label) ? zeros : data);
    }
    const executable = await Executable.compile(device, one);
    executable.run();
    results.push(await executable.read(wanted));
  }
  assert.ok(results[0]?.some((value) => value > 0));
  assert.equal(results[1], results[0]);
  device.destroy();
});

test("the page about the format names every field of it", () => {
  const page = readFileSync(new URL("../../docs/recording.md", import.meta.url), "utf8");
  const fields = new Set<string>();
  JSON.stringify(writeRecording(RESNET, plan(RESNET)), function (this: unknown, key, value) {
    const isFree = ["config", "problem", "params", "bindings", "flags", "constants"].includes(key);
    if (!Array.isArray(this)) fields.add(key);
    return isFree ? 0 : value;
  });
  fields.delete("");
  assert.ok(fields.size > 45, `${fields.size} fields`);
  for (const field of [...fields, "tensor", "access", "bytes"]) {
    assert.ok(page.includes(`\`${field}\``) || page.includes(`"${field}"`), field);
  }
});

test("another version, a broken recording and no recording are refused by name", () => {
  const written = writeRecording(LENET, plan(LENET));
  const refused = (change: object, message: RegExp) =>
    assert.throws(() => readRecording({ ...written, ...change }, "step.json"), message);
  refused({ version: 2 }, /^step\.json: was written by another version, got version 2/);
  refused({ format: "other" }, /^step\.json: must be a recording/);
  assert.throws(() => readRecording(null, "step.json"), /^step\.json: must be a recording/);
  assert.throws(() => readRecording([1], "step.json"), /^step\.json: must be a recording/);
  refused({ dispatches: [{ op: 3 }] }, /^step\.json: dispatches\.0\.\w+ must be/);
  refused({ kept: [100_000] }, /^step\.json: refers to a tensor that is not there, got index 1/);
  refused({ kernels: [] }, /^step\.json: refers to a kernel that is not there/);
  refused({ shaders: [] }, /^step\.json: refers to a shader that is not there/);
  refused({ slotBytes: [], plan: { ...written.plan, slotBytes: [] } }, /refers to a slot/);
  const [first, ...rest] = written.storages;
  const circular = [{ ...first, parent: { storage: 0, offset: 0 } }, ...rest];
  refused({ storages: circular }, /refers to an earlier storage that is not there/);
});

test.run();
