// What the inspector's page shows, held against the step by a second way: values read at the step's end, a map of who wrote each
// word last, the browser's compiler, the ladders.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sizeOf } from "../../src/engine/core/shape.ts";
import { rootOf, type Storage, type Tensor } from "../../src/engine/core/tensor.ts";
import { batchNormalization } from "../../src/engine/layers/batch-normalization.ts";
import { conv2d } from "../../src/engine/layers/conv2d.ts";
import { dense } from "../../src/engine/layers/dense.ts";
import { sequential } from "../../src/engine/layers/model.ts";
import { globalMaxPooling2d } from "../../src/engine/layers/pooling.ts";
import { LADDERS } from "../../src/engine/ops/ladders.ts";
import { readsOf, writesOf } from "../../src/engine/program/program.ts";
import type { InspectorDocument } from "../../src/inspect/inspector/inspector-document.ts";
import { openStep } from "../../src/inspect/step.ts";
import { type Values, valuesOf } from "../../src/inspect/walk.ts";
import { lenet5 } from "../../src/models/lenet5.ts";
import { gpu } from "../support/gpu.ts";
import { type Inspected, inspected } from "../support/inspected-step.ts";

const test = suite("inspector");

/** A convolution of 1×1, which is a matrix product within; and three input channels and more. */
const mixed = sequential(
  "mixed",
  [28, 28, 1],
  [
    conv2d({ filters: 8, kernelSize: 3, padding: "same", activation: "relu" }),
    conv2d({ filters: 12, kernelSize: 1, activation: "tanh" }),
    conv2d({ filters: 5, kernelSize: 3, strides: 2 }),
    batchNormalization(),
    globalMaxPooling2d(),
    dense({ units: 10, activation: "softmax" }),
  ],
);

const CASES = [
  ["lenet5.train", () => inspected(lenet5(), "train")],
  ["mixed.train", () => inspected(mixed, "train")],
  ["lenet5.predict", () => inspected(lenet5(), "predict", { gemm: "naive" })],
] as const;

for (const [name, open] of CASES) {
  let found: Promise<Inspected> | null = null;
  const look = (): Promise<Inspected> => {
    found ??= open();
    return found;
  };

  test(`${name}: dispatches, kernels and tensors are the profile's, in its order`, async () => {
    const { document } = await look();
    const { dispatches, profile, kernels, tensors } = document;
    assert.is(dispatches.length, profile.dispatches.length);
    for (const [index, one] of dispatches.entries()) {
      const timed = profile.dispatches[index];
      assert.is(one.id, timed?.id);
      assert.is(kernels[one.kernel]?.label, timed?.kernel);
      const bound = Object.entries(one.bindings).map(([binding, tensor]) => [
        ...[binding, tensors[tensor]?.shape, tensors[tensor]?.dtype],
      ]);
      const expected = Object.entries(timed?.bindings ?? {}).map(([binding, { shape, dtype }]) => [
        ...[binding, shape, dtype],
      ]);
      assert.equal(bound, expected, `#${one.id}`);
    }
    const ids = [...dispatches, ...document.dropped].map(({ id }) => id).sort((a, b) => a - b);
    assert.equal(ids, [...ids.keys()], "each dispatch runs or is dropped");
    assert.ok(document.dropped.every(({ reason }) => reason.length > 0));
  });

  test(`${name}: producers are the last writers of every word that is read`, async () => {
    const { document, setup } = await look();
    const step = await openStep(await gpu(), setup);
    const producers = lastWriters(step.executable.dispatches);
    step.close();
    const consumers = new Map<number, number[]>();
    for (const { id, producers: found } of document.dispatches) {
      assert.equal(found, producers.get(id), `#${id}`);
      for (const producer of found)
        consumers.set(producer, [...(consumers.get(producer) ?? []), id]);
    }
    for (const { id, consumers: found } of document.dispatches) {
      assert.equal(found, consumers.get(id) ?? [], `#${id}`);
    }
  });

  test(`${name}: values are those at the end of a step with a place for each`, async () => {
    const { document, setup } = await look();
    const step = await openStep(await gpu(), { ...setup, plan: { sharesSlots: false } });
    step.executable.run();
    const seen = new Set<number>();
    for (const [index, { bindings }] of step.executable.dispatches.entries()) {
      for (const [binding, { tensor }] of Object.entries(bindings)) {
        const at = document.dispatches[index]?.bindings[binding] ?? -1;
        if (seen.has(at)) continue;
        seen.add(at);
        const values = valuesOf(await step.executable.readBytes(tensor), tensor);
        checkValues(document, at, { tensor, values });
      }
    }
    step.close();
    assert.is(seen.size, document.tensors.length);
    assert.ok(document.tensors.filter(({ values }) => values?.picture).length > 5);
  });

  test(`${name}: kernels compile as they stand, from the lines that are left in`, async () => {
    const device = await gpu();
    const { document } = await look();
    for (const { label, entry, compiled, written } of document.kernels) {
      assert.ok(label.endsWith(`/${entry}`));
      const module = device.handle.createShaderModule({ code: compiled });
      const { messages } = await module.getCompilationInfo();
      assert.equal(
        messages.map(({ message }) => message),
        [],
        label,
      );
      // A constant's line is as the specialisation has it; a switch leaves an empty comment.
      const plain = (text: string) => (/^const \w+: /.test(text) ? "" : text.trim());
      const left = written.filter(({ isCompiled }) => isCompiled).map(({ text }) => plain(text));
      const lines = compiled.split("\n").map(plain);
      const full = (texts: readonly string[]) => texts.filter((text) => !/^(\/\/)?$/.test(text));
      assert.equal(full(left), full(lines), label);
    }
  });

  test(`${name}: each solution has its ladder's rungs, and a time or a reason for each`, async () => {
    const { document } = await look();
    assert.ok(document.solutions.length > 0);
    for (const { ladder, rung, rungs, dispatches, reason } of document.solutions) {
      const names = LADDERS.find((one) => one.name === ladder)?.rungs.map((one) => one.name);
      assert.equal(
        rungs.map((one) => one.name),
        names,
      );
      assert.equal(
        rungs.filter(({ isTaken }) => isTaken).map((one) => one.name),
        [rung],
      );
      assert.ok(reason.length > 0 && dispatches.length > 0, `${ladder} ${rung}`);
      for (const { ms, note, isTaken } of rungs) {
        assert.ok(ms === null ? note.length > 0 : ms > 0 && (isTaken || note.length > 0));
      }
    }
    const measured = document.solutions.flatMap(({ rungs }) =>
      rungs.filter(({ ms }) => ms !== null),
    );
    assert.ok(measured.length > 0);
    for (const { id, solution } of document.dispatches) {
      if (solution === null) continue;
      assert.ok(document.solutions[solution]?.dispatches.includes(id), `#${id}`);
    }
  });

  test(`${name}: all is within bounds, and JSON keeps every number`, async () => {
    const { document } = await look();
    const errors = document.dispatches.flatMap((one) => one.errors);
    assert.ok(errors.length >= document.dispatches.length / 2);
    assert.ok(errors.every(({ isWithin }) => isWithin));
    const { solutions, ...plain } = document;
    assert.equal(JSON.parse(JSON.stringify(plain)), plain);
    const { layers, sites } = document;
    for (const { site } of layers) {
      const shown = sites.find((one) => one.site === site);
      const line = Number(site?.split(":").at(-1));
      assert.is(shown?.lines[line - (shown?.firstLine ?? 0)], `line ${line}`);
    }
  });
}

test("gathered twice, a document differs in times alone; without time, rungs say so", async () => {
  const { document, again } = await inspected(lenet5(), "train");
  const second = await again(0);
  const untimed = ({ solutions, ...rest }: InspectorDocument) => ({
    ...rest,
    solutions: solutions.map(({ rungs, ...solution }) => ({
      ...solution,
      rungs: rungs.map(({ name, isTaken }) => ({ name, isTaken })),
    })),
  });
  assert.equal(untimed(second), untimed(document));
  const rungs = second.solutions.flatMap((solution) => solution.rungs);
  assert.ok(rungs.every(({ ms }) => ms === null));
  assert.ok(rungs.some(({ isTaken, note }) => isTaken && note.includes("time was up")));
});

type Dispatches = Parameters<typeof readsOf>[0][];

/** By a map of words, each with the dispatch that wrote it last. */
function lastWriters(dispatches: Readonly<Dispatches>): ReadonlyMap<number, readonly number[]> {
  const words = new Map<Storage, Int32Array>();
  const wordsOf = ({ storage }: Tensor): Int32Array => {
    const { root, offset } = rootOf(storage);
    const all = words.get(root) ?? new Int32Array(root.bytes / 4).fill(-1);
    words.set(root, all);
    return all.subarray(offset / 4, (offset + storage.bytes) / 4);
  };
  const found = new Map<number, readonly number[]>();
  for (const dispatch of dispatches) {
    const writers = new Set(readsOf(dispatch).flatMap((tensor) => [...new Set(wordsOf(tensor))]));
    writers.delete(-1);
    found.set(
      dispatch.id,
      [...writers].sort((a, b) => a - b),
    );
    for (const tensor of writesOf(dispatch)) wordsOf(tensor).fill(dispatch.id);
  }
  return found;
}

function checkValues(
  { tensors }: InspectorDocument,
  at: number,
  { tensor, values }: { readonly tensor: Tensor; readonly values: Values },
): void {
  const view = tensors[at];
  const where = `${tensor.label} (${tensor.shape})`;
  assert.equal(view?.shape, tensor.shape, where);
  const shown = view?.values;
  if (!shown) {
    assert.match(where, /images|labels/);
    return;
  }
  const all = Array.from(values);
  assert.is(
    shown.histogram.reduce((sum, count) => sum + count, shown.nonFinite),
    sizeOf(tensor.shape),
    where,
  );
  assert.equal(shown.first, all.slice(0, 64), where);
  assert.is(shown.zeros, all.filter((value) => value === 0).length, where);
  assert.is(
    shown.min,
    all.reduce((a, b) => Math.min(a, b)),
    where,
  );
  assert.is(
    shown.max,
    all.reduce((a, b) => Math.max(a, b)),
    where,
  );
  const mean = all.reduce((sum, value) => sum + value, 0) / all.length;
  const squares = all.reduce((sum, value) => sum + value * value, 0) / all.length;
  const scale = Math.max(Math.abs(shown.min), Math.abs(shown.max));
  assert.ok(Math.abs(shown.mean - mean) <= 1e-9 * scale, where);
  const variance = shown.deviation ** 2;
  assert.ok(Math.abs(variance - (squares - mean * mean)) <= 1e-9 * scale * scale, where);
  checkPicture(shown, { shape: tensor.shape, all, where });
}

/** Maps of the first row, and filters, where they are shown in full. */
function checkPicture(
  { picture }: NonNullable<InspectorDocument["tensors"][number]["values"]>,
  {
    shape,
    all,
    where,
  }: { readonly shape: readonly number[]; readonly all: readonly number[]; readonly where: string },
): void {
  if (!picture) return;
  const { height, width, planes, limit, bytes } = picture;
  const shown = Buffer.from(bytes, "base64");
  assert.is(shown.length, planes.length * height * width, where);
  if (shape.length !== 4) return;
  const [a = 0, b = 0, c = 0, d = 0] = shape;
  for (const [plane, name] of planes.entries()) {
    const [, kind, first = 0, second = 0] = /^(\w+) (\d+)(?: of input (\d+))?$/.exec(name) ?? [];
    const [isMap, one, two] = [kind === "map", Number(first), Number(second)];
    const [rows, columns] = isMap ? [b, c] : [a, b];
    if (height !== rows || width !== columns) continue;
    for (let at = 0; at < rows * columns; at++) {
      const value = all[isMap ? at * d + one : (at * c + two) * d + one] ?? Number.NaN;
      const byte = shown[plane * rows * columns + at] ?? 0;
      const decoded = ((byte - 128) / (byte < 128 ? 128 : 127)) * limit;
      assert.ok(Math.abs(decoded - value) <= limit / 127 / 2 + 1e-12, `${where} ${name} ${at}`);
    }
  }
}

test.run();
