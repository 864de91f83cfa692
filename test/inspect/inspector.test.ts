// What the inspector's page is made of, held against the recording, and gradients of pixels against differences of the loss.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Dataset } from "../../src/data/dataset.ts";
import { describeKernel } from "../../src/engine/core/kernel.ts";
import { LADDERS } from "../../src/engine/ops/ladders.ts";
import type { PictureView } from "../../src/inspect/inspector/inspector-document.ts";
import { differentRows, journeys } from "../../src/inspect/inspector/journeys.ts";
import { openStep } from "../../src/inspect/step.ts";
import { gpu } from "../support/gpu.ts";
import { inspected, MODEL, stepSetup, TEST_ROWS, WEIGHTS } from "../support/inspected.ts";

const test = suite("inspector");

test("dispatches are the plan's, with their kernels and neighbours", async () => {
  const found = await inspected();
  const step = await openStep(await gpu(), await stepSetup());
  const { dispatches } = step.executable;
  assert.equal(
    found.dispatches.map(({ id }) => id),
    dispatches.map(({ id }) => id),
  );
  for (const [index, dispatch] of dispatches.entries()) {
    const view = found.dispatches[index];
    const kernel = found.kernels[view?.kernel ?? -1];
    assert.is(kernel?.label, dispatch.kernel.label);
    assert.is(kernel?.compiled, describeKernel(dispatch.kernel).text);
    assert.equal(Object.keys(view?.bindings ?? {}), Object.keys(dispatch.bindings));
    for (const [name, place] of Object.entries(view?.bindings ?? {})) {
      assert.equal(found.tensors[place]?.shape, dispatch.bindings[name]?.tensor.shape);
    }
  }
  step.close();
  for (const { id, producers, consumers } of found.dispatches) {
    for (const other of producers) {
      assert.ok(other < id);
      const from = found.dispatches.find((one) => one.id === other);
      assert.ok(from?.consumers.includes(id), `#${other} knows that #${id} reads it`);
    }
    for (const other of consumers) assert.ok(other > id);
  }
  // The convolution's forward pass reads what gather made.
  const gather = found.dispatches.find(({ producers, consumers }) => {
    return producers.length === 0 && consumers.length > 0;
  });
  assert.is(gather?.id, 0);
});

test("lines that are compiled are those that the switches leave in", async () => {
  for (const { written, compiled, label } of (await inspected()).kernels) {
    const left = written.filter(({ isCompiled }) => isCompiled).map(({ text }) => text.trim());
    const plain = compiled.split("\n").map((line) => line.trim());
    // A constant's value differs from what is written, and so do comments that are directions.
    const missing = plain.filter((line) => !left.includes(line) && !/^(const |\/\/)/.test(line));
    assert.equal(missing, [], label);
  }
});

test("tensors: figures agree with their histogram and their first elements", async () => {
  const { tensors } = await inspected();
  let pictures = 0;
  for (const { label, shape, values } of tensors) {
    if (!values) continue;
    const elements = shape.reduce((a, b) => a * b, 1);
    const counted = values.histogram.reduce((a, b) => a + b, 0);
    assert.is(counted + values.nonFinite, elements, label);
    for (const value of values.first) assert.ok(value >= values.min && value <= values.max, label);
    if (values.picture) pictures++;
    if (values.picture) checkPicture(values.picture, label);
  }
  assert.ok(pictures > 20);
  assert.is(tensors.find(({ label }) => label.endsWith(".images"))?.values, null);
});

function checkPicture(
  { height, width, planes, bytes, hasSigns }: PictureView,
  label: string,
): void {
  const values = Buffer.from(bytes, "base64");
  assert.is(values.length, height * width * planes.length, label);
  assert.is(
    values.some((byte) => byte < 128),
    hasSigns,
    label,
  );
}

test("a variable's picture is its values, to a quantum", async () => {
  const { tensors } = await inspected();
  const view = tensors.find(({ label }) => label === "conv2d/bias");
  const { picture, first = [] } = view?.values ?? {};
  assert.ok(picture);
  for (const [index, byte] of Buffer.from(picture.bytes, "base64").entries()) {
    const value = ((byte - 128) / (byte < 128 ? 128 : 127)) * picture.limit;
    assert.ok(Math.abs(value - (first[index] ?? 0)) <= picture.limit / 127);
  }
});

test("solutions have every rung of their ladder, those that fit with a time", async () => {
  const { solutions, dispatches } = await inspected();
  assert.ok(solutions.length > 10);
  for (const { ladder, rungs, rung, dispatches: own } of solutions) {
    const names = LADDERS.find(({ name }) => name === ladder)?.rungs.map(({ name }) => name);
    assert.equal(
      rungs.map(({ name }) => name),
      names,
    );
    assert.is(rungs.find(({ isTaken }) => isTaken)?.name, rung);
    for (const { ms, note } of rungs) assert.ok(ms !== null ? ms > 0 : note !== "");
    for (const id of own) assert.ok(dispatches.some((one) => one.id === id));
  }
  const times = solutions.flatMap(({ rungs }) => rungs.filter(({ ms }) => ms !== null));
  assert.ok(times.length > 20);
});

test("errors: every unit is checked, and all are within their bounds", async () => {
  const { dispatches } = await inspected();
  const errors = dispatches.flatMap((one) => one.errors);
  assert.ok(dispatches.every((one) => one.errors.length > 0));
  assert.ok(
    errors.every(({ isWithin, worstAbsolute, bound }) => isWithin && worstAbsolute <= bound),
  );
  assert.ok(errors.some(({ against }) => against === "naive"));
});

test("layers, and the line of the model that made each", async () => {
  const { layers, sites } = await inspected();
  assert.is(layers[0]?.className, "Conv2D");
  for (const { site } of layers) {
    const view = sites.find((one) => one.site === site);
    const line = Number(site?.split(":").at(-1));
    assert.is(view?.lines[line - (view?.firstLine ?? 0)], `line ${line}`);
  }
});

test("rows of different classes come first", () => {
  const rows = differentRows(TEST_ROWS, 12);
  const labels = rows.slice(0, 10).map((row) => TEST_ROWS.labels[row]);
  assert.is(new Set(labels).size, 10);
  assert.is(new Set(rows).size, 12);
  assert.equal(differentRows(TEST_ROWS, 0), []);
});

async function lossOf(test: Dataset): Promise<number> {
  const options = { device: await gpu(), model: MODEL, weights: WEIGHTS, seed: 9 };
  const [journey] = await journeys({ ...options, test, rows: [3] });
  return journey?.loss ?? Number.NaN;
}

/** Row 3 with a byte of it moved. */
function moved(pixel: number, by: number): Dataset {
  const images = TEST_ROWS.images.slice();
  const place = 3 * 28 * 28 + pixel;
  images[place] = (images[place] ?? 0) + by;
  return { ...TEST_ROWS, images };
}

test("∂loss/∂pixel is what the loss does when a pixel moves", async () => {
  const [journey] = (await inspected()).journeys;
  assert.ok(journey);
  const { pixelGradient: picture, row, probabilities, trueClass, loss } = journey;
  assert.is(row, 3);
  const share = probabilities.find(({ name }) => name === trueClass)?.share ?? 0;
  assert.ok(Math.abs(loss + Math.log(share)) < 1e-5);
  assert.equal([picture.height, picture.width], [32, 32]);
  const bytes = Buffer.from(picture.bytes, "base64");
  const gradient = (pixel: number) => {
    const at = (Math.floor(pixel / 28) + 2) * 32 + (pixel % 28) + 2;
    return (((bytes[at] ?? 128) - 128) / 127.5) * picture.limit;
  };
  const pixels = Array.from({ length: 28 * 28 }, (_, pixel) => pixel)
    .filter((pixel) => {
      const byte = TEST_ROWS.images[3 * 28 * 28 + pixel] ?? 0;
      return byte >= 4 && byte <= 251;
    })
    .sort((a, b) => Math.abs(gradient(b)) - Math.abs(gradient(a)));
  for (const pixel of pixels.slice(0, 6)) {
    const [up, down] = [await lossOf(moved(pixel, 1)), await lossOf(moved(pixel, -1))];
    const difference = ((up - down) * 255) / 2;
    const close = Math.abs(difference - gradient(pixel)) <= 0.05 * picture.limit;
    assert.ok(close, `pixel ${pixel}: ${gradient(pixel)}, and by differences ${difference}`);
  }
});

test.run();
