// Every kernel of the engine, with every combination of switches that an op may dispatch, compiles; and no entry point
// or switch of a .wgsl file is left out of that.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { describeKernel, type Kernel, kernelFrom } from "../../src/engine/core/kernel.ts";
import { entriesOf, placesOf, type Shader, switchesOf } from "../../src/engine/core/wgsl.ts";
import { expand } from "../../src/shaders/expand.mjs";
import { NullDevice } from "../gpu-kernels/check-limits.ts";
import { allKernels, filesIn } from "../support/all-kernels.ts";
import { gpu } from "../support/gpu.ts";

const test = suite("kernels");

const SHADERS = new URL("../../src/shaders/", import.meta.url);

test("every kernel compiles with every combination of switches", async () => {
  const { subgroupSize, handle } = await gpu();
  // Without a driver: what WGSL and pipelines must be is checked all the same, and compiling hundreds for a processor takes minutes.
  const device = await NullDevice.open();
  const here = { profile: { limits: handle.limits }, subgroupSize: null };
  const failures: string[] = [];
  const seen = new Set<string>();
  for (const kernel of await allKernels(subgroupSize)) {
    seen.add(`${kernel.entry} ${describeKernel(kernel).text}`);
    const complaint = await device.complaintOf(kernel, here);
    if (complaint !== null) failures.push(`${kernel.label}: ${complaint}`);
  }
  assert.equal(failures, []);
  assert.ok(seen.size > 60, `${seen.size} kernels`);
});

/** A file's shader as it is imported. */
async function shaderOf(file: string): Promise<Shader> {
  return ((await import(new URL(file, SHADERS).href)) as { default: Shader }).default;
}

/** The lines of a file itself, without those of the fragments that it includes. */
function ownText(shader: Shader, file: string): string {
  const places = placesOf(shader);
  const lines = shader.text.split("\n");
  return lines.filter((_, index) => places[index]?.file === file).join("\n");
}

test("no entry point of a file is left out, and every switch is tried on and off", async () => {
  const kernels = await allKernels(8);
  const files = filesIn(SHADERS, ".wgsl");
  assert.ok(files.length >= 25);
  for (const file of files) {
    const shader = await shaderOf(file);
    const own = ownText(shader, file);
    const isFragment = file.startsWith("lib/");
    const entries = new Set(
      kernels.filter((kernel) => kernel.shader.file === shader.file).map(({ entry }) => entry),
    );
    assert.is(entries.size === 0, isFragment, file);
    for (const entry of entriesOf(own)) assert.ok(entries.has(entry), `${file}: ${entry}`);
    // A fragment's switches are tried by the files that include it, together.
    const users = kernels.filter((kernel) => kernel.shader.runs?.some((run) => run.file === file));
    assert.ok(users.length > 0, `${file} is used`);
    for (const name of switchesOf(own)) {
      const values = new Set(users.map((kernel) => kernel.flags?.[name] ?? false));
      assert.is(values.size, 2, `${file}: switch ${name}`);
    }
  }
});

async function complaintAbout(kernel: Kernel): Promise<string> {
  const device = await gpu();
  device.handle.pushErrorScope("validation");
  try {
    await device.kernels.pipeline(describeKernel(kernel));
    throw new Error("compiles");
  } catch (error) {
    return (error as Error).message;
  } finally {
    await device.handle.popErrorScope();
  }
}

test("a kernel that does not compile says where and why", async () => {
  const text = "@compute @workgroup_size(1)\nfn broken() {\n  let x = missing;\n}\n";
  const message = await complaintAbout(kernelFrom({ file: "test", text }, "broken"));
  assert.match(message, "kernel test/broken: does not compile");
  assert.match(message, /\n {2}test:3:11 error: unresolved value 'missing'/);
  assert.match(message, "\n>    3   let x = missing;\n     4 }");
});

test("an error in a fragment is told at its place in the fragment", async () => {
  const fragment = `// One.\nfn twice(v: u32) -> u32 {\n//#if \${ADD}\n  return v + w;\n//#endif\n}\n`;
  const text =
    `//#if \${ADD}\nconst A: u32 = 1u;\n//#endif\n//#include "lib/twice.wgsl"\n` +
    "@compute @workgroup_size(1)\nfn main() { _ = twice(B); }\n";
  const shader = { file: "main", ...(await expand("main.wgsl", text, async () => fragment)) };
  const inFragment = await complaintAbout(kernelFrom(shader, "main", { flags: { ADD: true } }));
  assert.match(inFragment, "\n  lib/twice.wgsl:4:14 error: unresolved value 'w'");
  assert.match(inFragment, '\n  with {"ADD":true}');
  assert.match(inFragment, `\n     3 //#if \${ADD}\n>    4   return v + w;\n`);
  assert.not.match(inFragment, "fn main");
  const fixed = { ...shader, text: shader.text.replace("v + w", "v + v") };
  const around = await complaintAbout(kernelFrom(fixed, "main", { flags: { ADD: true } }));
  assert.match(around, "\n  main.wgsl:6:23 error: unresolved value 'B'");
  assert.match(around, "\n     5 @compute @workgroup_size(1)\n>    6 fn main() { _ = twice(B); }");
});

test.run();
