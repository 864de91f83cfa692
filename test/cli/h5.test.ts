// `npm run h5`: what it says of a file, and which models it names.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { temporaryFolder } from "../data/sample-files.ts";
import { fixture } from "../keras/h5-fixtures.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("h5 command");

test("lists layers, weights and totals", async () => {
  const { code, stdout } = await runToEnd("h5", [fixture("keras2-model.h5")]);
  assert.is(code, 0);
  const lines = stdout.split("\n");
  assert.ok(lines.includes("format     model of Keras 1, 2 or 3 (save to .h5)"), stdout);
  assert.ok(lines.includes("keras      2.8.0"), stdout);
  assert.ok(lines.includes("layers     3 with weights, of 7 that are listed"), stdout);
  assert.ok(lines.includes("parameters 178 (712.00 B)"), stdout);
  assert.match(stdout, /^conv1_conv +conv1_conv\/kernel:0 +\(3, 3, 3, 4\) +float32 +108$/m);
  assert.match(stdout, /^fits {7}none of the models here$/m);
  assert.match(stdout, /^its model {2}tiny, can be built here$/m);
});

test("names the models that a file fits, and looks into weights when asked to", async () => {
  const { code, stdout } = await runToEnd("h5", [fixture("lenet5-zeros.h5"), "--stats", "--json"]);
  assert.is(code, 0);
  const result = JSON.parse(stdout);
  assert.equal(result.models, ["lenet5"]);
  assert.is(result.parameters, 61_706);
  assert.is(result.ownModel, null);
  const [kernel] = result.layers[0].weights;
  assert.equal(kernel, {
    name: "conv2d/kernel:0",
    path: "/conv2d/conv2d/kernel:0",
    shape: [5, 5, 1, 6],
    dtype: "float32",
    least: 0,
    mean: 0,
    greatest: 0,
    notFinite: 0,
  });
});

test("counts what is not finite", async () => {
  const { stdout } = await runToEnd("h5", [fixture("bad/nan.h5"), "--stats", "--json"]);
  const [, conv] = JSON.parse(stdout).layers;
  assert.is(conv.weights[0].notFinite, 1);
  assert.is(conv.weights[1].notFinite, 0);
});

test("one line and exit code 2 for what it cannot read", async () => {
  const folder = temporaryFolder();
  const text = join(folder, "text.h5");
  writeFileSync(text, "no weights");
  const half = join(folder, "half.h5");
  writeFileSync(half, readFileSync(fixture("keras2-weights.h5")).subarray(0, 5000));
  const cases: readonly (readonly [string, RegExp])[] = [
    [text, /text\.h5: must be an HDF5 file, got one that begins with "no weights"/],
    [half, /half\.h5: must be complete, got 5000 of 18976 bytes\nhelp: /],
    [join(folder, "none.h5"), /none\.h5: no such file or directory/],
    [folder, /must be an HDF5 file, got no regular file/],
  ];
  for (const [path, message] of cases) {
    const { code, stdout, stderr } = await runToEnd("h5", [path]);
    assert.is(code, 2, stderr);
    assert.is(stdout, "");
    assert.match(stderr, message);
    assert.match(stderr, /^error: .+\n(help: .+\n)?$/);
  }
});

test.run();
