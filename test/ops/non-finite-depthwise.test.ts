// A NaN or an infinity through every rung of a depthwise convolution: what it reaches is no finite number, and other channels do not know
// of it. (A rung whose padding is zeros may spread it to the edges of its own channel.)

import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  groupedDw,
  groupedDx,
  groupedForward,
} from "../../src/engine/ops/conv2d/grouped-ladders.ts";
import { groupedGeometry } from "../../src/engine/ops/conv2d/grouped-problem.ts";
import { Executable } from "../../src/engine/program/executor.ts";
import { climb } from "../../src/engine/program/ladder.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { gpu } from "../support/gpu.ts";
import { plain } from "../support/non-finite.ts";

const test = suite("non-finite depthwise");

const X = [2, 5, 7, 4] as const;
const W = [3, 3, 1, 4] as const;
const ATTRS = { strides: [1, 1], padding: "same", dilation: [1, 1], groups: 4 } as const;

type Operand = "x" | "w" | "dy";

/** y, dx and dw on the rung; `at` of the operand is the value. */
async function results(rung: string, holder: Operand, { at = 0, value = 0 } = {}) {
  const device = (await gpu()).scope();
  const data = {
    x: Float32Array.from(plain(X)),
    w: Float32Array.from(plain(W, 1)),
    dy: Float32Array.from(plain(X, 2)),
  };
  data[holder][at] = value;
  const [x, w, dy] = [
    device.tensor(X, "x", data.x),
    device.tensor(W, "w", data.w),
    device.tensor(X, "dy", data.dy),
  ];
  const ladders = [groupedForward, groupedDx, groupedDw].map(({ name }) => [name, rung]);
  const rungs = Object.fromEntries(ladders);
  const rec = new Recorder({ name: rung, capabilities: device, rungs });
  const geometry = groupedGeometry(X, W, ATTRS);
  const [y, dx, dw] = [rec.allocate(X, "y"), rec.allocate(X, "dx"), rec.allocate(W, "dw")];
  climb(rec, groupedForward, { geometry, x, w, y });
  climb(rec, groupedDx, { geometry, dy, w, dx });
  climb(rec, groupedDw, { geometry, x, dy, dw });
  for (const tensor of [y, dx, dw]) rec.keep(tensor);
  const executable = await Executable.compile(device, rec.finish());
  executable.run();
  const read = await Promise.all([y, dx, dw].map((tensor) => executable.read(tensor)));
  device.destroy();
  return read;
}

/** A pixel within the map and one at its corner, of the second channel; of the window, its middle. */
const PLACES: Readonly<Record<Operand, readonly number[]>> = {
  x: [4 * (7 * 2 + 3) + 1, 4 * (7 * 5 + 6) + 1],
  w: [4 * 4 + 1],
  dy: [4 * (7 * 2 + 3) + 1, 4 * (7 * 9 + 6) + 1],
};

/** `found` beside naive's: no number where that has none, and the same in all channels but the second. */
function assertSpread(what: string, found: Float32Array, naive: Float32Array): void {
  for (const [index, element] of found.entries()) {
    const should = naive[index] ?? 0;
    const at = `${what}[${index}] is ${element}, and of naive ${should}`;
    if (!Number.isFinite(should)) assert.not(Number.isFinite(element), at);
    else if (index % 4 !== 1) assert.ok(Math.abs(element - should) < 1e-4, at);
  }
}

for (const holder of ["x", "w", "dy"] as const) {
  test(`in ${holder}`, async () => {
    for (const at of PLACES[holder]) {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY]) {
        const naive = await results("naive", holder, { at, value });
        const reached = naive.filter((one) => one.some((element) => !Number.isFinite(element)));
        assert.is(reached.length, 2);
        for (const rung of ["columns", "sliding"]) {
          const found = await results(rung, holder, { at, value });
          for (const [which, one] of found.entries()) {
            const what = `${rung}, ${value} at ${at}: ${["y", "dx", "dw"][which]}`;
            assertSpread(what, one, naive[which] ?? new Float32Array());
          }
        }
      }
    }
  });
}

test.run();
