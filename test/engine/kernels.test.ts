// Every kernel of the engine, with every combination of switches that an op may dispatch, compiles; and no entry point
// or switch of a .wgsl file is left out of that.

import { readdirSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { describeKernel, type Kernel, kernelFrom } from "../../src/engine/core/kernel.ts";
import { entriesOf, type Shader, switchesOf } from "../../src/engine/core/wgsl.ts";
import { gpu } from "../support/gpu.ts";

const test = suite("kernels");

const SHADERS = new URL("../../src/shaders/", import.meta.url);

function filesIn(folder: URL, ending: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(ending));
}

/** Whatever a file of ops/, optim/ or inspect/ exports under a name that ends in `Kernels`: nothing to list here for a new op. */
async function allKernels(subgroupSize: number | null): Promise<readonly Kernel[]> {
  const kernels: Kernel[] = [];
  for (const folder of ["engine/ops/", "engine/optim/", "inspect/"]) {
    const url = new URL(`../../src/${folder}`, import.meta.url);
    for (const file of filesIn(url, ".ts")) {
      const exported: Record<string, unknown> = await import(new URL(file, url).href);
      for (const [name, value] of Object.entries(exported)) {
        if (!name.endsWith("Kernels") || typeof value !== "function") continue;
        kernels.push(...(value(subgroupSize) as Iterable<Kernel>));
      }
    }
  }
  return kernels;
}

test("every kernel compiles with every combination of switches", async () => {
  const device = await gpu();
  const failures: string[] = [];
  const seen = new Set<string>();
  for (const kernel of await allKernels(device.subgroupSize)) {
    const { text } = describeKernel(kernel);
    const key = `${kernel.entry} ${text}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const module = device.handle.createShaderModule({ label: kernel.label, code: text });
    const compute = { module, entryPoint: kernel.entry };
    await device.handle.createComputePipelineAsync({ layout: "auto", compute }).catch((error) => {
      failures.push(`${kernel.label} ${JSON.stringify(kernel.flags ?? {})}: ${error.message}`);
    });
  }
  assert.equal(failures, []);
  assert.ok(seen.size > 60, `${seen.size} kernels`);
});

test("no entry point of a file is left out, and every switch is tried on and off", async () => {
  const kernels = await allKernels(8);
  const files = filesIn(SHADERS, ".wgsl");
  assert.ok(files.length >= 25);
  for (const file of files) {
    const { default: shader } = (await import(new URL(file, SHADERS).href)) as { default: Shader };
    const own = kernels.filter((kernel) => kernel.shader.file === shader.file);
    const entries = new Set(own.map((kernel) => kernel.entry));
    for (const entry of entriesOf(shader.text)) assert.ok(entries.has(entry), `${file}: ${entry}`);
    for (const name of switchesOf(shader.text)) {
      const values = new Set(own.map((kernel) => kernel.flags?.[name] ?? false));
      assert.is(values.size, 2, `${file}: switch ${name}`);
    }
  }
});

test("a kernel that does not compile says where and why", async () => {
  const device = await gpu();
  const text = "@compute @workgroup_size(1)\nfn broken() {\n  let x = missing;\n}\n";
  const compiled = describeKernel(kernelFrom({ file: "test", text }, "broken"));
  device.handle.pushErrorScope("validation");
  try {
    await device.kernels.pipeline(compiled);
    assert.unreachable();
  } catch (error) {
    const { message } = error as Error;
    assert.match(message, "kernel test/broken: does not compile");
    assert.match(message, /3:11 error: unresolved value 'missing'/);
    assert.match(message, "let x = missing;");
  } finally {
    await device.handle.popErrorScope();
  }
});

test.run();
