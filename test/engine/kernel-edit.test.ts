// Edits of a shader's file while programs run: taken by what is compiled already, all kernels of the file or none, refused with the lines
// that are to blame, and taken away again to the same bits.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Device } from "../../src/engine/core/device.ts";
import { KernelError } from "../../src/engine/core/errors.ts";
import { kernelFrom, shaderFrom } from "../../src/engine/core/kernel.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { gpu } from "../support/gpu.ts";

const test = suite("kernel edit");

const FILE = "test/scale";
const TEXT = `
struct Params {
  count: u32,
  factor: f32,
}

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> spare: array<f32>;

@compute @workgroup_size(4)
fn forward(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= params.count) { return; }
//#if \${NEGATED}
  y[id.x] = -params.factor * x[id.x];
//#else
  y[id.x] = params.factor * x[id.x];
//#endif
}
`;
const PLAIN = "y[id.x] = params.factor * x[id.x];";
const NEGATED = "y[id.x] = -params.factor * x[id.x];";

interface Scaled {
  readonly run: () => Promise<readonly (readonly number[])[]>;
}

/** 0.1 · x and −0.1 · x, by two kernels of the file. */
async function scaled(device: Device): Promise<Scaled> {
  const shader = shaderFrom(FILE, TEXT);
  const rec = new Recorder({ name: "scaled", capabilities: device });
  const x = device.tensor([3], "x", new Float32Array([1, 2, 3]));
  const results = [false, true].map((NEGATED) => {
    const y = rec.allocate([3], `y.${NEGATED}`);
    const kernel = kernelFrom(shader, "forward", { flags: { NEGATED } });
    const params = { count: 3, factor: 0.1 };
    rec.dispatch({ op: "test", kernel, grid: [1, 1, 1], bind: { x, y }, params });
    rec.keep(y);
    return y;
  });
  const executable = await Executable.compile(device, rec.finish());
  return {
    run: async () => {
      executable.run();
      return Promise.all(results.map(async (y) => [...(await executable.read(y))]));
    },
  };
}

function edited(from: string, to: string) {
  assert.ok(TEXT.includes(from), from);
  return shaderFrom(FILE, TEXT.replace(from, to));
}

async function refusal(work: Promise<void>): Promise<KernelError> {
  const error = await work.then(
    () => assert.unreachable("is taken"),
    (thrown: unknown) => thrown,
  );
  assert.instance(error, KernelError);
  return error as KernelError;
}

/** A cache of its own, so that no other test meets the edit. */
async function apart(): Promise<Device> {
  return (await gpu()).scope({ ownKernels: true });
}

test("a compiled program dispatches an edit, and the old bits when it is taken away", async () => {
  const device = await apart();
  const { run } = await scaled(device);
  const before = await run();
  await device.kernels.edit(edited(PLAIN, "y[id.x] = params.factor * x[id.x] + 1.0;"));
  const [plain = [], negated = []] = await run();
  const [was = [], wasNegated = []] = before;
  assert.equal(
    plain,
    was.map((value) => Math.fround(value + 1)),
  );
  assert.equal(negated, wasNegated);
  const later = await scaled(device);
  assert.equal(await later.run(), [plain, negated], "what is compiled later has it too");
  await device.kernels.restore(FILE);
  assert.equal(await run(), before);
  assert.equal(await later.run(), before);
  assert.is(device.kernels.edits.size, 0);
  device.destroy();
});

test("a scope with kernels of its own tries an edit alone, and begins with those there are", async () => {
  const device = await apart();
  const { run } = await scaled(device);
  const before = await run();
  await device.kernels.edit(edited(PLAIN, "y[id.x] = 7.0;"));
  const trial = device.scope({ ownKernels: true });
  const tried = await scaled(trial);
  assert.equal((await tried.run())[0], [7, 7, 7]);
  await trial.kernels.edit(edited(PLAIN, "y[id.x] = 8.0;"));
  assert.equal((await tried.run())[0], [8, 8, 8]);
  assert.equal((await run())[0], [7, 7, 7]);
  await device.kernels.restore(FILE);
  assert.equal(await run(), before);
  assert.equal((await tried.run())[0], [8, 8, 8]);
  for (const one of [trial, device]) one.destroy();
});

test("what is compiled while an edit is has it too, whichever is done first", async () => {
  for (const [first, second] of [
    ["edit", "program"],
    ["program", "edit"],
  ]) {
    const device = await apart();
    const { run } = await scaled(device);
    const started = [first, second].map((one) =>
      one === "edit" ? device.kernels.edit(edited(PLAIN, "y[id.x] = 9.0;")) : scaled(device),
    );
    const done = await Promise.all(started);
    const meanwhile = done.find((one) => one !== undefined);
    assert.equal((await run())[0], [9, 9, 9]);
    assert.equal((await meanwhile?.run())?.[0], [9, 9, 9]);
    device.destroy();
  }
});

test("a kernel that an edit in place does not fit compiles once that is taken away", async () => {
  const device = await apart();
  await device.kernels.edit(shaderFrom(FILE, TEXT.replace("fn forward(", "fn ahead(")));
  await scaled(device).then(
    () => assert.unreachable(),
    (error) => assert.instance(error, KernelError),
  );
  await device.kernels.restore(FILE);
  const { run } = await scaled(device);
  assert.equal(
    (await run())[0],
    [1, 2, 3].map((value) => Math.fround(Math.fround(0.1) * value)),
  );
  device.destroy();
});

test("what does not compile is refused at its line, and changes no kernel of the file", async () => {
  const device = await apart();
  const { run } = await scaled(device);
  const before = await run();
  // Only the second kernel has this line; the first would compile.
  const text = TEXT.replace(PLAIN, "y[id.x] = 5.0;").replace(NEGATED, "y[id.x] = missing;");
  const error = await refusal(device.kernels.edit(shaderFrom(FILE, text)));
  const line = text.split("\n").findIndex((one) => one.includes("missing")) + 1;
  assert.equal(
    error.faults.map(({ kernel, file, line: at, column }) => ({ kernel, file, at, column })),
    [{ kernel: `${FILE}/forward`, file: FILE, at: line, column: 13 }],
  );
  assert.match(error.faults[0]?.message ?? "", "missing");
  assert.equal(await run(), before);
  assert.is(device.kernels.edits.size, 0);
  device.destroy();
});

test("what asks for other tensors, fields or switches than it is given is refused", async () => {
  const device = await apart();
  const { run } = await scaled(device);
  const before = await run();
  const lineOf = (words: string) => TEXT.split("\n").findIndex((one) => one.includes(words)) + 1;
  for (const [from, to, words, line] of [
    [PLAIN, `spare[0] = 1.0; ${PLAIN}`, /is given .*, got spare at 3 to write$/, lineOf("spare")],
    ["@binding(1)", "@binding(4)", /got x at 4 to read$/, lineOf("> x:")],
    ["  count: u32,\n", "", /Params keeps its fields, count: u32, factor: f32/, lineOf("struct")],
    ["factor: f32", "factor: u32", /got count: u32, factor: u32/, lineOf("struct")],
    ["{NEGATED}", "{MINUS}", /its switches are MINUS, got NEGATED/, null],
    ["//#endif", "", /close with \/\/#endif, got Mismatched/, null],
    ["fn forward(", "fn ahead(", /no entry point forward/, null],
  ] as const) {
    const error = await refusal(device.kernels.edit(edited(from, to)));
    assert.match(error.message, words);
    assert.is(error.faults[0]?.line, line, error.message);
  }
  assert.equal(await run(), before);
  device.destroy();
});

test.run();
