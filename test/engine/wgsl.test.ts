// Specialisation of .wgsl files, and what is read back from their text. No device.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { describeKernel, kernelFrom } from "../../src/engine/core/kernel.ts";
import {
  entriesOf,
  paramsOf,
  placesOf,
  specialise,
  specialisedPlaces,
  switchesOf,
} from "../../src/engine/core/wgsl.ts";
import { expand } from "../../src/shaders/expand.mjs";

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

test("a second branch has a condition of its own", () => {
  const source = `//#if \${A}\na\n//#elif \${B}\nb\n//#else\nc\n//#endif\n`;
  const kept = (flags: Record<string, boolean>) =>
    specialise(source, flags, {}).match(/[abc]/)?.[0];
  assert.equal([kept({ A: true, B: true }), kept({ B: true }), kept({})], ["a", "b", "c"]);
  assert.equal(switchesOf(source), ["A", "B"]);
});

const FILES: Readonly<Record<string, string>> = {
  "lib/one.wgsl": `one\n//#if \${ON}\non\n//#endif\nend of one\n`,
  "lib/two.wgsl": 'two\n//#include "lib/one.wgsl"\nend of two\n',
  "lib/round.wgsl": '//#include "lib/about.wgsl"\n',
  "lib/about.wgsl": '\n//#include "lib/round.wgsl"\n',
};

const expanded = async (text: string) => ({
  file: "main",
  ...(await expand("main.wgsl", text, async (file) => FILES[file] ?? null)),
});

test("a fragment comes in where it is asked for, with what it asks for itself", async () => {
  const shader = await expanded('first\n//#include "lib/two.wgsl"\nlast\n');
  assert.equal(
    placesOf(shader).map(({ file, line }, i) => `${file}:${line} ${shader.text.split("\n")[i]}`),
    [
      "main.wgsl:1 first",
      'main.wgsl:2 //#include "lib/two.wgsl"',
      "lib/two.wgsl:1 two",
      'lib/two.wgsl:2 //#include "lib/one.wgsl"',
      "lib/one.wgsl:1 one",
      `lib/one.wgsl:2 //#if \${ON}`,
      "lib/one.wgsl:3 on",
      "lib/one.wgsl:4 //#endif",
      "lib/one.wgsl:5 end of one",
      "lib/two.wgsl:3 end of two",
      "main.wgsl:3 last",
      "main.wgsl:4 ",
    ],
  );
});

test("lines keep their place when switches drop others", async () => {
  const shader = await expanded(
    `//#if \${ON}\nx\n\n\ny\n//#elif \${OFF}\n z\n//#else\nw\n//#endif\n\n//#include "lib/one.wgsl"\nconst N: u32 = 1u;\nlast\n`,
  );
  for (const flags of [{}, { ON: true }, { OFF: true }]) {
    const text = specialise(shader.text, flags, { N: 20 }).split("\n");
    const places = specialisedPlaces(shader, flags, { N: 20 });
    assert.is(places.length, text.length);
    const placeOf = (line: string) => {
      const { file, line: number } = places[text.indexOf(line)] ?? {};
      return `${file}:${number}`;
    };
    const kept = "ON" in flags ? ["y", 5] : "OFF" in flags ? [" z", 7] : ["w", 9];
    assert.is(placeOf(`${kept[0]}`), `main.wgsl:${kept[1]}`);
    if ("ON" in flags) assert.is(placeOf("on"), "lib/one.wgsl:3");
    assert.is(placeOf("end of one"), "lib/one.wgsl:5");
    assert.is(placeOf("const N: u32 = 20u;"), "main.wgsl:13");
    assert.is(placeOf("last"), "main.wgsl:14");
  }
});

for (const [what, text, message] of [
  [
    "that is missing",
    'x\n//#include "lib/none.wgsl"\n',
    "main.wgsl:2: a fragment is a file below src/shaders, got lib/none.wgsl",
  ],
  [
    "that includes itself",
    '//#include "lib/round.wgsl"\n',
    "lib/about.wgsl:2: includes go round in a circle, got main.wgsl → lib/round.wgsl → lib/about.wgsl → lib/round.wgsl",
  ],
  [
    "that comes twice",
    '//#include "lib/two.wgsl"\n//#include "lib/one.wgsl"\n',
    "main.wgsl:2: a fragment is included once, got lib/one.wgsl at lib/two.wgsl:2 already",
  ],
  [
    "that is misspelt",
    "//#include <lib/one.wgsl>\n",
    'main.wgsl:1: an include reads //#include "lib/name.wgsl", alone on its line, got //#include <lib/one.wgsl>',
  ],
] as const) {
  test(`a fragment ${what} is an error that says where`, async () => {
    const error = await expanded(text).then(
      () => null,
      (thrown: Error) => thrown,
    );
    assert.is(error?.message, message);
  });
}

test("a text without a file takes no fragments", () => {
  const text = '//#include "lib/one.wgsl"\n@compute @workgroup_size(1) fn main() {}\n';
  assert.throws(
    () => describeKernel(kernelFrom({ file: "mine", text }, "main")),
    "kernel mine/main: includes are put in when a .wgsl file is loaded, got one in a text",
  );
});

test.run();
