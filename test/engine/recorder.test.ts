// What the recorder refuses, and what a dispatch knows of itself. No device.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { kernelFrom } from "../../src/engine/core/kernel.ts";
import { persistentStorage } from "../../src/engine/core/tensor.ts";
import { addTensors } from "../../src/engine/ops/add.ts";
import { bytesMoved, readsOf, writesOf } from "../../src/engine/program/program.ts";
import { linearGrid, Recorder } from "../../src/engine/program/recorder.ts";
import shader from "../../src/shaders/add.wgsl";

const test = suite("recorder");

const recorder = () =>
  new Recorder({ name: "test", capabilities: { subgroupSize: null, isSoftware: true } });
const kernel = kernelFrom(shader, "forward");

test("a dispatch knows its op, layer, pass, tensors, FLOPs and bytes", () => {
  const rec = recorder();
  const [a, b] = [rec.allocate([10], "a"), rec.allocate([10], "b")];
  const y = rec.inLayer("block1", () => rec.inPass("backward", () => addTensors(rec, a, b, "y")));
  const [dispatch] = rec.finish().dispatches;
  assert.is(dispatch?.op, "add");
  assert.equal(dispatch?.layers, ["block1"]);
  assert.is(dispatch?.pass, "backward");
  assert.is(dispatch?.flops, 10);
  if (!dispatch) throw new Error("unreachable");
  assert.is(bytesMoved(dispatch), 3 * 40);
  assert.equal(readsOf(dispatch), [a, b]);
  assert.equal(writesOf(dispatch), [y]);
  assert.is(y.label, "block1.y");
});

test("what the kernel does not bind or take is refused", () => {
  const rec = recorder();
  const [a, b, y] = ["a", "b", "y"].map((name) => rec.allocate([4], name));
  if (!(a && b && y)) throw new Error("unreachable");
  const request = {
    op: "add",
    kernel,
    grid: [1, 1, 1] as const,
    bind: { a, b, y },
    params: { vectors: 1, stride: 1 },
  };
  rec.dispatch(request);
  const refused = (change: object, message: string) =>
    assert.throws(() => rec.dispatch({ ...request, ...change }), message);
  refused({ bind: { a, b, z: y } }, "binds a, b, y, got no y, z as well");
  refused({ bind: { a, y } }, "binds a, b, y, got no b");
  refused({ params: { vector: 1, stride: 1 } }, "got no vectors, vector as well");
  refused({ params: {} }, "takes vectors, stride, got no vectors, no stride");
  refused({ params: { vectors: 1.5, stride: 1 } }, "vectors is u32, got 1.5");
  refused({ params: { vectors: -1, stride: 1 } }, "vectors is u32, got -1");
  refused({ params: { vectors: Number.NaN, stride: 1 } }, "vectors is u32, got NaN");
  refused({ touched: { w: 4 } }, "touches w, which is not bound");
  refused({ kernel: { ...kernel, flags: { HAS_BAIS: true } } }, "switches are none, got HAS_BAIS");
  refused({ kernel: { ...kernel, constants: { TILE: 4 } } }, "constant TILE is not declared");
  assert.throws(() => rec.dispatch({ ...request, grid: [65_536, 1, 1] }), "1 to 65535 workgroups");
  assert.throws(() => rec.dispatch({ ...request, grid: [0, 1, 1] }), "1 to 65535 workgroups");
  assert.throws(
    () => rec.dispatch({ ...request, kernel: { ...kernel, entry: "sideways" } }),
    "no entry point sideways",
  );
});

test("a storage is given one place only", () => {
  const rec = recorder();
  const tensor = rec.allocate([4], "t");
  rec.alias(tensor, persistentStorage(512, "arena"), 256);
  assert.throws(() => rec.alias(tensor, persistentStorage(512, "other"), 0), "has a place already");
});

test("grids fold into two dimensions", () => {
  assert.equal(linearGrid(1, 64), [1, 1, 1]);
  assert.equal(linearGrid(65_535 * 64, 64), [65_535, 1, 1]);
  const [x, y, z] = linearGrid(65_535 * 64 + 1, 64);
  assert.ok(x * y >= 65_536 && x <= 65_535 && z === 1);
});

test.run();
