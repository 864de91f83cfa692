// Kernels whose bindings are stored as f16: what becomes of their text, and that every kernel of the engine becomes a pipeline so.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { withGuard } from "../../src/engine/core/guarded-kernel.ts";
import { toHalves as storedHalves } from "../../src/engine/core/half.ts";
import { withHalves } from "../../src/engine/core/half-storage.ts";
import {
  describeKernel,
  type Kernel,
  kernelFrom,
  shaderFrom,
} from "../../src/engine/core/kernel.ts";
import { NullDevice } from "../gpu-kernels/check-limits.ts";
import { allKernels } from "../support/all-kernels.ts";
import { gpu } from "../support/gpu.ts";
import { toHalves } from "../support/halves.ts";

const test = suite("half storage");

const TEXT = `// x and y. y[i] = x[i];
alias Lanes = vec4f;
@group(0) @binding(0) var<storage, read> x: array<Lanes>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read> n: array<u32>;
struct Pair { x: f32, y: f32 }
fn part(p: Pair, i: u32) -> f32 { return p.x + x[i].y; }
@compute @workgroup_size(1)
fn main() {
  y[0] = part(Pair(1.0, 2.0), n[0]);
  y[n[1]] += dot(x[1], x[
    2]) * (1.0 + y[3]);
  if (y[4] == 2.0) { y[4]=x[3][1]; }
}
`;

test("loads widen, stores round, and everything else stays where it is", () => {
  const text = withHalves(TEXT, ["x", "y"], "test");
  assert.is(text.split("\n").length, TEXT.split("\n").length);
  assert.match(text, "enable f16; // x and y. y[i] = x[i];\n");
  assert.match(text, "read> x: array<vec4h>;");
  assert.match(text, "read_write> y: array<f16>;");
  assert.match(text, "return p.x + Lanes(x[i]).y; }");
  assert.match(text, "y[0] = f16( part(Pair(1.0, 2.0), n[0]));");
  const sum =
    "y[n[1]] = f16(f32(y[n[1]]) + ( dot(Lanes(x[1]), Lanes(x[\n    2])) * (1.0 + f32(y[3]))));";
  assert.match(text, sum);
  assert.match(text, "if (f32(y[4]) == 2.0) { y[4]= f16(Lanes(x[3])[1]); }");
});

test("accesses are those of the text as it was", () => {
  const shader = shaderFrom("own", TEXT);
  const plain = describeKernel(kernelFrom(shader, "main"));
  const halved = describeKernel({ ...kernelFrom(shader, "main"), halves: ["x", "y"] });
  assert.equal(halved.bindings, plain.bindings);
  assert.is.not(halved.text, plain.text);
  assert.is(plain.text, TEXT);
});

test("what cannot be stored as f16 is refused by its name", () => {
  const refusal = (name: string, more = "") => {
    const text = TEXT.replace("  y[0] =", `${more}  y[0] =`);
    return () => withHalves(text, [name], "kernel own/main");
  };
  assert.throws(refusal("n"), "n must hold f32 to be stored as f16, got array<u32>");
  assert.throws(
    refusal("x", "let p = &x[0];\n"),
    "used by its elements to be stored as f16, got a pointer",
  );
});

test("a guard is read before anything else, of the entry point that is asked for", () => {
  const text = withGuard(TEXT, "main", "test");
  assert.match(text, "fn main() { if (guard_of_step[0] != 0u) { return; }\n");
  const { bindings } = describeKernel({
    ...kernelFrom(shaderFrom("own", TEXT), "main"),
    isGuarded: true,
  });
  const guard = bindings.find(({ name }) => name === "guard_of_step");
  assert.is(guard?.access, "read");
  assert.throws(() => withGuard(TEXT, "mean", "test"), "no entry point mean");
});

/** Bindings that hold numbers, which tensors of f16 may be bound as. */
function floatsOf(kernel: Kernel): readonly string[] {
  const { text, bindings } = describeKernel(kernel);
  return bindings.flatMap(({ name }) => {
    const type = new RegExp(`var<storage[^>]*>\\s*${name}\\s*:\\s*array<(Lanes|f32|vec[234]f)>`);
    return type.test(text) ? [name] : [];
  });
}

test("every kernel compiles with all that it loads and stores as f16", async () => {
  const { subgroupSize, handle } = await gpu();
  const device = await NullDevice.open();
  const here = { profile: { limits: handle.limits }, subgroupSize };
  const failures: string[] = [];
  const seen = new Set<string>();
  for (const kernel of await allKernels(subgroupSize)) {
    const halves = floatsOf(kernel);
    if (halves.length === 0) continue;
    const halved = { ...kernel, halves };
    seen.add(`${kernel.entry} ${describeKernel(halved).text}`);
    const complaint = await device.complaintOf(halved, here);
    if (complaint !== null) failures.push(`${kernel.label}: ${complaint}`);
    const accesses = (one: Kernel) => describeKernel(one).bindings.map(({ access }) => access);
    assert.equal(accesses(halved), accesses(kernel), kernel.label);
  }
  assert.equal(failures, []);
  assert.ok(seen.size > 60, `${seen.size} kernels`);
});

test("numbers become halves on the host as IEEE 754 rounds them", () => {
  const edges = [
    0,
    -0,
    1,
    65504,
    65519.9,
    65520,
    -70000,
    2 ** -14,
    2 ** -24,
    2 ** -25,
    3 * 2 ** -26,
  ];
  const others = [
    Number.POSITIVE_INFINITY,
    Number.NaN,
    1 + 2 ** -11,
    1 + 3 * 2 ** -11,
    2047.5,
    2 ** -15,
  ];
  const random = Float32Array.from({ length: 4000 }, (_, i) => Math.sin(i) * 2 ** ((i % 44) - 26));
  const given = Float32Array.from([...edges, ...others, ...random]);
  assert.equal(storedHalves(given), toHalves(given));
  assert.equal(storedHalves([2 ** -24, -1.5]), Uint16Array.of(1, 0xbe00));
});

test.run();
