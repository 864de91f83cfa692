// `npm run summary` and `npm run parity` as processes: what they print, and what they refuse.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { startCommand } from "./start-command.ts";

const test = suite("summary");

async function run(name: string, ...args: string[]) {
  const command = startCommand(name, args);
  const code = await command.ended;
  return { code, out: command.stdout(), err: command.stderr() };
}

test("a backbone, and the same as JSON", async () => {
  const { code, out, err } = await run(
    "summary",
    ...["--model", "resnet152v2", "--input", "224,224,3", "--json"],
  );
  assert.is(code, 0);
  assert.match(err, 'Model: "resnet152v2"');
  assert.match(err, "Total params: 60,380,648 (230.33 MB)");
  assert.match(err, "Connected to");
  const found = JSON.parse(out);
  assert.is(found.layers.length, 566);
  assert.equal([found.trainable, found.nonTrainable], [60_236_904, 143_744]);
  assert.equal(found.outputShape, [1000]);
});

test("without top, with other classes, in the style of Keras 2, and lenet5", async () => {
  const base = await run("summary", "--model", "vgg19", "--input", "32,32,3", "--no-top");
  assert.match(base.out, "Total params: 20,024,384");
  const pooled = await run("summary", "--model", "vgg16", "--no-top", "--pooling", "max");
  assert.match(pooled.out, "global_max_pooling2d");
  const keras2 = await run("summary", "--model", "vgg16", "--classes", "10", "--style", "keras2");
  assert.match(keras2.out, "input_1 (InputLayer)        [(None, 224, 224, 3)]     0");
  assert.match(keras2.out, "predictions (Dense)         (None, 10)                40970");
  const lenet5 = await run("summary");
  assert.match(lenet5.out, "Total params: 61,706");
});

const refused: readonly (readonly [args: string, error: string])[] = [
  ["--model vgg99", "error: --model: must be one of lenet5"],
  ["--model vgg16 --input 224,224", "error: --input: must be height,width,channels"],
  [
    "--model vgg16 --input 16,16,3",
    "vgg16: the input has at least 32 rows and columns, and a channel",
  ],
  ["--model vgg16 --input 0,32,3", "error: --input: must be height,width,channels"],
  ["--model vgg16 --pooling avg", "error: --pooling: is for a model without its classifier"],
  ["--input 28,28,1", "error: --input: is 32,32,1 for lenet5, got 28,28,1"],
  ["--no-top", "error: --no-top: is not for lenet5"],
  ["--model vgg16 --classes 0", "error: --classes: must be a whole number from 1 to 1000000"],
];

for (const [args, error] of refused) {
  test(`refuses ${args}`, async () => {
    const { code, out, err } = await run("summary", ...args.split(" "));
    assert.equal([code, out], [2, ""]);
    assert.match(err, error);
  });
}

test("a file of Keras's, and flags that it has answered", async () => {
  const file = "test/fixtures/keras/residual.h5";
  const { code, out } = await run("summary", "--model", file);
  assert.is(code, 0);
  assert.match(out, /Model: "/);
  assert.match(out, /Total params: \d/);
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [["--model", file, "--classes", "3"], /--classes: is not for a file, whose model is whole/],
    [["--model", file, "--no-top"], /--no-top: is not for a file/],
    [["--model", "nowhere.keras"], /--model: must be a file, got nowhere.keras/],
    [["--model", "test/fixtures/keras/residual.weights.h5"], /must hold a whole model/],
    [["--model", "lenet6"], /--model: must be one of lenet5, /],
  ];
  for (const [args, message] of cases) {
    const refused = await run("summary", ...args);
    assert.is(refused.code, 2, args.join(" "));
    assert.match(refused.err, message);
  }
});

test("parity refuses what it has not recorded", async () => {
  const { code, err } = await run("parity", "--model", "vgg16");
  assert.is(code, 2);
  assert.match(err, "error: --model: must be vgg19, resnet152v2, resnet50");
});

test("parity wants to know whose weights a file holds", async () => {
  const { code, err } = await run("parity", "--h5", "weights.h5");
  assert.is(code, 2);
  assert.match(err, "error: --h5: needs to know whose weights they are");
});

test.run();
