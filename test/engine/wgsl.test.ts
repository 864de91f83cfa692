// Specialisation of .wgsl files, and what is read back from their text. No device.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { entriesOf, paramsOf, specialise, switchesOf } from "../../src/engine/core/wgsl.ts";

const test = suite("wgsl");

const SOURCE = `
// \`a backtick\` and a # in a comment must survive
struct Params {
  rows: u32,   // of x: u32, not a field
  scale: f32,
}
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
const TILE: u32 = 16u;
const SLOPE: f32 = 0.5;
@compute @workgroup_size(64)
fn first() {
//#if \${HAS_BIAS}
  biased();
//#else
  plain();
//#endif
}
@compute @workgroup_size(TILE) fn second() {}
`;

test("switches keep one branch", () => {
  const on = specialise(SOURCE, { HAS_BIAS: true }, {});
  assert.ok(on.includes("biased()") && !on.includes("plain()"));
  const off = specialise(SOURCE, {}, {});
  assert.ok(off.includes("plain()") && !off.includes("biased()"));
  assert.ok(off.includes("a # in a comment"));
});

test("constants are replaced, with their type's suffix", () => {
  const text = specialise(SOURCE, {}, { TILE: 32, SLOPE: 0.25 });
  assert.ok(text.includes("const TILE: u32 = 32u;"));
  assert.ok(text.includes("const SLOPE: f32 = f32(0.25);"));
});

test("a constant that the file does not declare is an error", () => {
  assert.throws(() => specialise(SOURCE, {}, { WIDTH: 1 }), "constant WIDTH is not declared");
});

test("names are read back from the text", () => {
  assert.equal(switchesOf(SOURCE), ["HAS_BIAS"]);
  assert.equal(entriesOf(SOURCE), ["first", "second"]);
  assert.equal(paramsOf(SOURCE), [
    { name: "rows", type: "u32" },
    { name: "scale", type: "f32" },
  ]);
});

test.run();
