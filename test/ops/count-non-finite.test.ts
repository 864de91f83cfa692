// Counting what is not finite, against a loop on the host.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sizeOf } from "../../src/engine/core/shape.ts";
import { countNonFinite } from "../../src/engine/ops/count-non-finite.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import type { Capabilities } from "../../src/engine/program/program.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { gpu } from "../support/gpu.ts";
import { randomArray } from "../support/random.ts";

const test = suite("count-non-finite");

const ODD = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
/** Finite, however large or small. */
const EVEN = [3.4028234663852886e38, -3.4028234663852886e38, 1e-45, 0, -0];

/** Every n-th element is one that is not finite; 0: none. */
function numbers(elements: number, every: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(randomArray(elements, 3), (value, i) => {
    if (every > 0 && i % every === every - 1) return ODD[i % ODD.length] ?? 0;
    return i % 7 === 0 ? (EVEN[i % EVEN.length] ?? 0) : value;
  });
}

interface Case {
  readonly every: number;
  readonly capabilities?: Partial<Capabilities>;
  readonly times?: number;
}

async function count(shape: readonly number[], { every, capabilities = {}, times = 1 }: Case) {
  const device = await gpu();
  const { subgroupSize, isSoftware } = device;
  const x = device.tensor(shape, "x", numbers(sizeOf(shape), every));
  const counts = device.tensor([3], "counts", undefined, "u32");
  const rec = new Recorder({
    name: "count-non-finite",
    capabilities: { subgroupSize, isSoftware, ...capabilities },
  });
  countNonFinite(rec, x, counts, 1);
  const executable = await Executable.compile(device, rec.finish());
  executable.run(times);
  const found = [...new Uint32Array(await device.read(counts), 0, 3)];
  return { found, dispatches: executable.dispatches.length };
}

for (const shape of [[1], [3, 5], [64], [257], [2, 3, 4, 5], [70_001]]) {
  for (const every of [0, 1, 5]) {
    for (const isSoftware of [true, false]) {
      test(`${shape} with one in ${every}, ${isSoftware ? "software" : "hardware"}`, async () => {
        const { found, dispatches } = await count(shape, { every, capabilities: { isSoftware } });
        const expected = every === 0 ? 0 : Math.floor(sizeOf(shape) / every);
        assert.equal(found, [0, expected, 0]);
        assert.is(dispatches, 1);
      });
    }
  }
}

test("counts run on, and what is too large for a binding is counted in parts", async () => {
  const maxStorageBufferBindingSize = 4096;
  const capabilities = { maxStorageBufferBindingSize };
  const { found, dispatches } = await count([3001], { every: 10, capabilities, times: 3 });
  assert.equal(found, [0, 900, 0]);
  assert.is(dispatches, 3);
});

test.run();
