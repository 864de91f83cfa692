// Transfer learning from the command line: a head trained on a base's features, scored and used again; and what
// --weights and its like refuse.

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { checkRescaling } from "../../src/cli/inputs/model-basis.ts";
import { type ModelFlags, modelConfig } from "../../src/cli/inputs/model-flags.ts";
import { ownRescaling } from "../../src/keras/weights/own-rescaling.ts";
import { openWeightFile } from "../../src/keras/weights/weight-file.ts";
import type { BackboneName } from "../../src/models/backbones.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { writeBackboneFile } from "../support/backbone-file.ts";
import { smallIdxFolder } from "../support/small-files.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("transfer");
const folder = temporaryFolder();
const weights = join(folder, "vgg16.h5");
const data = smallIdxFolder({ train: 60, test: 20 });
const MODEL = ["--model", "vgg16", "--weights", weights, "--data", data];

test.before(() => writeBackboneFile(weights, "vgg16"));

test("a head is trained on the features of a file's base, and the run is a whole model", async () => {
  const run = join(folder, "run");
  const flags = ["--limit", "40", "--validation", "0.25", "--epochs", "2", "--batch-size", "10"];
  const trained = await runToEnd("train", [...MODEL, ...flags, "--out", run, "--json"]);
  assert.is(trained.code, 0, trained.stderr);
  assert.match(trained.stderr, /vgg16 \(Functional\)/);
  assert.match(trained.stderr, /features {3}of 40 rows/);
  const metrics = JSON.parse(trained.stdout);
  assert.is(metrics.parameters, 14_714_688 + (512 + 1) * 256 + (256 + 1) * 10);
  const { model } = JSON.parse(readFileSync(join(run, "config.json"), "utf8"));
  assert.match(model.pretrained, /^[0-9a-f]{64}$/);
  const evaluated = await runToEnd("evaluate", [run, "--data", data, "--json"]);
  assert.is(evaluated.code, 0, evaluated.stderr);
  const { loss, accuracy } = JSON.parse(evaluated.stdout);
  assert.ok(Math.abs(loss - metrics.testLoss) < 1e-4 * metrics.testLoss, `${loss}`);
  assert.is(accuracy, metrics.testAccuracy);
});

test("trials and folds share one base", async () => {
  const study = join(folder, "study");
  const few = ["--limit", "40", "--epochs", "1"];
  const tune = [...MODEL, ...few, "--trials", "2", "--folds", "2", "--out", study];
  const tuned = await runToEnd("tune", tune);
  // Batches of 100 rows do not fit into 40.
  assert.is(tuned.code, 2, tuned.stderr);
  assert.match(tuned.stderr, /--limit: must leave 100 rows/);
  const folds = [...MODEL, ...few, "--batch-size", "10", "--folds", "2", "--json"];
  const scored = await runToEnd("kfold", [...folds, "--out", join(folder, "folds")]);
  assert.is(scored.code, 0, scored.stderr);
  assert.is(scored.stderr.match(/features {3}of/g)?.length, 2);
  const { folds: results } = JSON.parse(scored.stdout);
  assert.is(results.length, 2);
  // A fold holds the whole network, though its head alone was trained.
  const fold = join(folder, "folds", "fold-2");
  const alone = await runToEnd("evaluate", [fold, "--data", data, "--json"]);
  assert.is(alone.code, 0, alone.stderr);
  const { loss, accuracy } = JSON.parse(alone.stdout);
  assert.ok(Math.abs(loss - results[1].test.loss) < 1e-4 * loss, `${loss}`);
  assert.is(accuracy, results[1].test.accuracy);
});

test("files that do not serve are refused in one line, and nothing is left", async () => {
  const text = join(folder, "page.h5");
  writeFileSync(text, "<html>not found</html>");
  const cut = join(folder, "cut.h5");
  writeFileSync(cut, readFileSync(weights).subarray(0, 20_000_000));
  const poisoned = join(folder, "poisoned.h5");
  await poison(poisoned);
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["--weights", join(folder, "none.h5")], /none\.h5, where nothing is/],
    [["--weights", text], /page\.h5: must be an HDF5 file, got one that begins with "<html>/],
    [["--weights", cut], /cut\.h5: /],
    [["--weights", poisoned], /poisoned\.h5: .*block3_conv1.*NaN/],
    [["--model", "resnet50v2"], /vgg16\.h5: must have the model's \d+ layers with weights, got 13/],
    [["--freeze", "7"], /--freeze: must be base, none, or 1 to 4 blocks, got 7/],
    [["--activation", "tanh"], /--activation: is no setting of vgg16/],
  ];
  for (const [flags, message] of cases) {
    const out = join(folder, "refused");
    const { code, stderr } = await runToEnd("train", [...MODEL, ...flags, "--out", out]);
    assert.is(code, 2, stderr);
    assert.match(stderr, message);
    assert.match(stderr, /(^|\n)error: .+\n(help: .+\n)?$/);
    assert.not(existsSync(out), `${readdirSync(folder)}`);
  }
});

test("a base that was trained behind a Rescaling gets the pictures that it knows, or none", () => {
  const layer = (config: object) => ({ class_name: "Rescaling", config });
  const base = { class_name: "Functional", config: { layers: [] } };
  const model = (config: object) => ({
    class_name: "Sequential",
    config: { layers: [{ class_name: "InputLayer", config: {} }, layer(config), base] },
  });
  const [unit, tf] = [
    model({ scale: 1 / 255, offset: 0 }),
    model({ scale: 1 / 127.5, offset: -1 }),
  ];
  // Keras 1's Sequential is a list.
  const list = { class_name: "Sequential", config: [layer({ scale: 1 / 255, offset: 0 })] };
  assert.equal(ownRescaling(list), ownRescaling(unit));
  assert.is(ownRescaling(base), null);
  const check = (name: BackboneName, description: unknown, preprocessing: "imagenet" | "unit") => {
    const found = ownRescaling(description);
    assert.ok(found);
    checkRescaling("base.keras", { name, preprocessing }, found);
  };
  check("vgg19", unit, "unit");
  check("resnet152v2", tf, "imagenet");
  assert.throws(
    () => check("vgg19", unit, "imagenet"),
    /^--preprocess: must do what the model of base.keras did, which begins with Rescaling\(scale 0.00392157, offset 0\), got imagenet/,
  );
  assert.throws(() => check("vgg19", tf, "imagenet"), /got imagenet/);
  const perChannel = model({ scale: [0.01, 0.01, 0.01], offset: 0 });
  assert.throws(() => check("vgg19", perChannel, "unit"), /begins with Rescaling, got unit/);
});

test("the configuration that flags stand for", () => {
  const of = (flags: ModelFlags) => modelConfig(flags);
  const base = { name: "vgg19", inputSize: 32, preprocessing: "imagenet", pooling: "flatten" };
  const rest = { units: 256, dropout: 0.5, freeze: "base", pretrained: null, classes: 10 };
  assert.equal(of({ model: "vgg19" }), { ...base, ...rest });
  assert.equal(of({ model: "vgg19", weights: "none" }), { ...base, ...rest, freeze: "none" });
  assert.equal(of({ model: "vgg19", headUnits: 0, freeze: "2" }), {
    ...{ ...base, ...rest },
    ...{ units: 0, dropout: 0, freeze: 2 },
  });
  assert.throws(() => of({ head: "average" }), /^--head: is no setting of lenet5/);
});

/** One weight of the file becomes NaN. */
async function poison(path: string): Promise<void> {
  const bytes = readFileSync(weights);
  const file = await openWeightFile(weights);
  try {
    const layer = file.layers.find(({ name }) => name === "block3_conv1");
    const values = layer?.weights[0]?.read() ?? new Float32Array();
    const at = bytes.indexOf(new Uint8Array(values.buffer, 0, 64));
    assert.ok(at > 0);
    bytes.writeFloatLE(Number.NaN, at + 40);
    writeFileSync(path, bytes);
  } finally {
    await file.close();
  }
}

test.run();
