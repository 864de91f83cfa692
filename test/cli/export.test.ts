// `npm run export`: every format from a saved run, what is said of the input, and what is refused.

import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { exportFormat } from "../../src/cli/inputs/export-format.ts";
import { describeModel, variablesOf } from "../../src/engine/layers/model.ts";
import type { OptimizerValues } from "../../src/engine/optim/optimizer-values.ts";
import { readSafetensors } from "../../src/io/safetensors.ts";
import { readKerasModel } from "../../src/keras/read-model.ts";
import { assignWeights } from "../../src/keras/weights/assign-weights.ts";
import { openWeightFile } from "../../src/keras/weights/weight-file.ts";
import { createModel, type ModelConfig } from "../../src/models/models.ts";
import { writeOptimizer } from "../../src/runs/optimizer-file.ts";
import { saveRun } from "../../src/runs/run-folder.ts";
import { type RunConfig, runConfig } from "../../src/runs/run-record.ts";
import { namedTensors } from "../../src/train/named-tensors.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { seededWeights } from "../keras/networks.ts";
import { runToEnd } from "./start-command.ts";

const CONFIG: ModelConfig = { name: "lenet5", activation: "tanh", dropout: 0.25 };
const model = createModel(CONFIG);
const weights = seededWeights(model, 9);

const STATE: OptimizerValues = {
  ...{ name: "sgd", steps: 12, learningRate: 0.25 },
  slots: new Map([["m", new Map([...seededWeights(model, 4)])]]),
};

async function savedRun(training: RunConfig["training"] = {}): Promise<string> {
  const run = join(temporaryFolder(), "run");
  mkdirSync(run);
  const classNames = Array.from({ length: 10 }, (_, i) => `class ${i}`);
  await saveRun(run, {
    config: runConfig({ model: CONFIG, classNames, training, data: {}, adapter: "none" }),
    ...{ metrics: {}, history: [], confusion: null },
    weights: namedTensors(variablesOf(model), weights),
  });
  return run;
}

const test = suite("export");

test("a Keras file hands on how it was trained, and what it was is what is read again", async () => {
  const from = "test/fixtures/compiled/adam-3.12.0.keras";
  const to = join(temporaryFolder(), "again.keras");
  const { code, stdout, stderr } = await runToEnd("export", [from, "--to", to]);
  assert.is(code, 0, stderr);
  assert.match(stdout, /^compiled {3}adam after 3 steps, at a rate of 0\.01: fit goes on/m);
  const [one, other] = await Promise.all(
    [from, to].map(async (path) => (await readKerasModel(path, { optimizer: true })).compiled),
  );
  assert.equal(other, one);
  assert.is(one?.state?.slots.size, 2);
});

test("that TF-Keras trains on otherwise with Nadam is said of what it opens", () => {
  const nadam = { optimizer: "nadam", settings: {}, learningRate: 0.1, state: null } as const;
  const said = (path: string, keras?: "2", optimizer: "nadam" | "adam" = "nadam") =>
    exportFormat(path, { legacy: false, keras }).cautions?.({
      ...{ ...nadam, optimizer },
      ...{ loss: "mse", metrics: [] },
    }) ?? [];
  for (const lines of [said("a.h5"), said("a.h5", "2"), said("a.keras", "2")]) {
    assert.match(lines.join(), /^TF-Keras's Nadam takes other steps/);
  }
  assert.equal([said("a.keras"), said("a.h5", "2", "adam")], [[], []]);
});

test("where its optimiser or loss is none of ours, nothing is handed on, and that is said", async () => {
  const to = join(temporaryFolder(), "again.keras");
  const from = "test/fixtures/compiled/other-3.12.0.keras";
  const { compiled } = await readKerasModel(from);
  const { code, stdout, stderr } = await runToEnd("export", [from, "--to", to]);
  assert.is(code, 0, stderr);
  for (const note of compiled?.notes ?? [])
    assert.ok(stdout.includes(`note       ${note}\n`), stdout);
  assert.is((await readKerasModel(to)).compiled, null);
});

for (const [file, format] of [
  ["x.keras", "keras3-archive"],
  ["x.h5", "legacy-model"],
  ["x.weights.h5", "keras3-weights"],
] as const) {
  test(`${file} holds the run's weights`, async () => {
    const run = await savedRun();
    const path = join(run, file);
    const { code, stdout, stderr } = await runToEnd("export", [run, "--to", path]);
    assert.is(code, 0, stderr);
    assert.match(stdout, `file       ${path}, ${(statSync(path).size / 1e3).toFixed(1)} kB: `);
    assert.match(stdout, "holds      61,706 weights of 10 layers");
    assert.match(
      stdout,
      "input      float32 of (images, 32, 32, 1): height, width, channels; values from 0 to 1\n" +
        "           an image's bytes divided by 255, in the middle of 2 zeros on every side\n",
    );
    const opened = await openWeightFile(path);
    assert.is(opened.format, format);
    for (const [name, data] of assignWeights(opened, describeModel(model).layers)) {
      assert.equal([...data], [...(weights.get(name) ?? [])], name);
    }
    await opened.close();
  });
}

test("--legacy writes weights alone; safetensors names them by variable", async () => {
  const run = await savedRun();
  const legacy = join(run, "x.h5");
  const first = await runToEnd("export", [run, "--to", legacy, "--legacy", "--json"]);
  assert.is(first.code, 0, first.stderr);
  const told = JSON.parse(first.stdout);
  assert.is(told.hasArchitecture, false);
  assert.is(told.bytes, readFileSync(legacy).length);
  assert.equal(told.input, {
    ...{ height: 32, width: 32, channels: 1, dtype: "float32", range: [0, 1] },
    prepared: "an image's bytes divided by 255, in the middle of 2 zeros on every side",
  });
  const opened = await openWeightFile(legacy);
  assert.is(opened.format, "legacy-weights");
  await opened.close();
  const plain = join(run, "x.safetensors");
  const second = await runToEnd("export", [run, "--to", plain]);
  assert.is(second.code, 0, second.stderr);
  const { tensors } = await readSafetensors(plain);
  assert.equal([...tensors.keys()].sort(), [...weights.keys()].sort());
});

test("a file for Keras says how the run was trained, and what its optimiser came to", async () => {
  const run = await savedRun({ learningRate: 0.5, optimizer: "sgd", momentum: 0.75 });
  await writeOptimizer(run, STATE, variablesOf(model));
  const path = join(run, "x.keras");
  const { code, stdout, stderr } = await runToEnd("export", [run, "--to", path, "--keras", "2"]);
  assert.is(code, 0, stderr);
  const line =
    "compiled   sgd after 12 steps, at a rate of 0.25: fit goes on where training stopped";
  assert.match(stdout, line);
  const { compiled } = await readKerasModel(path, { optimizer: true });
  assert.equal(compiled, {
    ...{ optimizer: "sgd", learningRate: 0.25, settings: { momentum: 0.75 }, schedule: null },
    loss: { name: "sparse_categorical_crossentropy", options: {} },
    ...{ metrics: ["accuracy"], state: STATE, notes: [] },
  });
  const without = await runToEnd("export", [
    ...[run, "--to", path, "--no-optimizer", "--overwrite", "--json"],
  ]);
  assert.is(JSON.parse(without.stdout).compiled, "nothing");
  assert.is((await readKerasModel(path)).compiled, null);
});

test("a file that exists stays, unless it may be replaced", async () => {
  const run = await savedRun();
  const path = join(run, "x.keras");
  writeFileSync(path, "mine");
  const refused = await runToEnd("export", [run, "--to", path]);
  assert.is(refused.code, 2);
  assert.is(
    refused.stderr,
    `error: --to: must be a new file, got ${path}, which exists\nhelp: add --overwrite to replace it\n`,
  );
  assert.is(readFileSync(path, "utf8"), "mine");
  const replaced = await runToEnd("export", [run, "--to", path, "--overwrite"]);
  assert.is(replaced.code, 0, replaced.stderr);
  assert.is(readFileSync(path).toString("latin1", 0, 2), "PK");
});

test("what makes no sense is refused in one line", async () => {
  const run = await savedRun();
  const at = (file: string) => join(run, file);
  const cases: readonly (readonly [args: readonly string[], message: RegExp])[] = [
    [[run], /^error: --to: must be given/],
    [[run, "--to", run], /^error: --to: must be a file, got the folder /],
    [[run, "--to", at("none/x.h5")], /^error: --to: must lie in a folder that exists, got /],
    [[run, "--to", at("x.onnx")], /^error: --to: must end in \.keras, \.h5, /],
    [[run, "--to", at("x.h5"), "--keras", "3"], /^error: --keras: an \.h5 is Keras 2's/],
    [[run, "--to", at("x.weights.h5"), "--keras", "2"], /^error: --keras: 2 is for \.keras/],
    [[run, "--to", at("x.weights.h5"), "--legacy"], /^error: --legacy: needs a file that ends/],
    [[run, "--to", at("x.keras"), "--legacy"], /^error: --legacy: needs a file that ends/],
    [[at("other"), "--to", at("x.h5")], /^error: RUN: must be the folder of a saved run/],
  ];
  const all = await Promise.all(cases.map(([args]) => runToEnd("export", args)));
  for (const [i, { code, stderr }] of all.entries()) {
    assert.is(code, 2, stderr);
    assert.match(stderr, cases[i]?.[1] ?? /never/);
    assert.match(stderr, /^error: .+\n(help: .+\n)?$/);
  }
});

test.run();
