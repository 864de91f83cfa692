// Adapters whose subgroups are of several sizes: which one the engine takes, and kernels that are held to it.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { Device } from "../../src/engine/core/device.ts";
import { describeKernel } from "../../src/engine/core/kernel.ts";
import {
  matricesOf,
  pinned,
  SUBGROUP_MATRIX,
  SUBGROUP_SIZE_CONTROL,
  subgroupsOf,
} from "../../src/engine/core/subgroups.ts";
import { recordGemm } from "../../src/engine/ops/gemm/gemm.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { allKernels } from "../support/all-kernels.ts";
import { gpu } from "../support/gpu.ts";
import { withTold } from "../support/told-adapter.ts";

const test = suite("subgroups");

function sizesOf(least: number, most: number) {
  return { subgroupMinSize: least, subgroupMaxSize: most };
}

test("are taken as they come, held to one size of several, or left alone", () => {
  const both = new Set(["subgroups", SUBGROUP_SIZE_CONTROL]);
  assert.equal(subgroupsOf(both, sizesOf(32, 32)), { size: 32, isPinned: false });
  assert.equal(subgroupsOf(both, sizesOf(32, 64)), { size: 32, isPinned: true });
  assert.equal(subgroupsOf(both, sizesOf(8, 32)), { size: 16, isPinned: true });
  assert.equal(subgroupsOf(both, sizesOf(4, 8)), { size: 8, isPinned: true });
  const alone = new Set(["subgroups"]);
  assert.equal(subgroupsOf(alone, sizesOf(32, 64)), { size: null, isPinned: false });
  assert.equal(subgroupsOf(new Set(), sizesOf(32, 32)), { size: null, isPinned: false });
});

test("every kernel that passes values between lanes is held to the size, on the lines that it had", async () => {
  let held = 0;
  for (const kernel of await allKernels(16)) {
    const { text } = describeKernel(kernel);
    const result = pinned(text, 16);
    const [, head = ""] =
      /(@compute[^{]*)/.exec(result.slice(headStart(result, kernel.entry))) ?? [];
    const isHeld = head.includes("@subgroup_size(16) @workgroup_size(");
    const own = /\bsubgroup(Shuffle|Broadcast|Matrix)\w*\(/.test(text);
    const asksForLane = head.includes("@builtin(subgroup_");
    assert.is(isHeld, asksForLane, kernel.label);
    if (asksForLane) assert.ok(own, kernel.label);
    assert.is(result.split("\n").length, text.split("\n").length, kernel.label);
    if (isHeld) held++;
  }
  assert.ok(held > 100, `${held} kernels`);
});

/** Where the attributes of an entry point begin. */
function headStart(text: string, entry: string): number {
  return text.lastIndexOf("@compute", text.indexOf(`fn ${entry}(`));
}

test("matrices are listed by what is multiplied; those of f16 need shader-f16, and sums are f32", () => {
  const config = (edge: number, componentType: string, resultComponentType: string) => {
    return { M: edge, N: edge, K: edge, componentType, resultComponentType };
  };
  const subgroupMatrixConfigs = [
    config(8, "f32", "f32"),
    config(8, "f16", "f32"),
    config(16, "f16", "f32"),
    config(32, "f16", "f16"),
  ];
  const info = { subgroupMatrixConfigs } as unknown as GPUAdapterInfo;
  const facts = { size: 32, isSoftware: false };
  const listed = (...names: string[]) => {
    const { f16, f32 } = matricesOf(new Set(["subgroups", SUBGROUP_MATRIX, ...names]), info, facts);
    return [f16?.rows, f32?.rows];
  };
  assert.equal(listed("shader-f16"), [16, 8]);
  assert.equal(listed(), [undefined, 8]);
  assert.equal(matricesOf(new Set(["subgroups", "shader-f16"]), info, facts), {
    f16: null,
    f32: null,
  });
});

/** A matrix product on the subgroup rung. */
async function productOn(device: Device): Promise<ArrayLike<number>> {
  const values = (count: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i));
  const rungs = { gemm: "subgroup" } as const;
  const rec = new Recorder({ name: "product", capabilities: device, rungs });
  const x = device.tensor([23, 19], "x", values(23 * 19));
  const w = device.tensor([19, 37], "w", values(19 * 37));
  const y = recordGemm(rec, { op: "test", a: x, b: w, label: "y" });
  rec.keep(y);
  const program = rec.finish();
  assert.ok(program.dispatches.some(({ kernel }) => kernel.shader.file === "gemm/subgroup"));
  const executable = await Executable.compile(device, program);
  executable.run();
  return executable.read(y);
}

const usual = await gpu();
const isControlled = usual.handle.features.has(SUBGROUP_SIZE_CONTROL as GPUFeatureName);
const testSizes = isControlled ? test : test.skip;

testSizes(
  "a device of several sizes runs the same kernels, held to one, to the same bits",
  async () => {
    const sizes = sizesOf(4, usual.info.subgroupMaxSize);
    const device = await Device.open({ gpu: withTold(usual.gpu, sizes) });
    assert.is(device.subgroupSize, usual.subgroupSize);
    assert.is(device.kernels.pinnedSubgroup, usual.subgroupSize);
    const own = device.scope({ ownKernels: true });
    assert.is(own.kernels.pinnedSubgroup, usual.subgroupSize);
    assert.equal(Array.from(await productOn(own)), Array.from(await productOn(usual)));
    device.check();
    device.destroy();
  },
);

test.run();
