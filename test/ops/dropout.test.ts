// The random generator, on the device and in TypeScript, and dropout on top of it.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Counter, pcg4d, uniformAt } from "../../src/engine/core/random.ts";
import { type DropoutAttrs, dropout } from "../../src/engine/ops/dropout.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { assertClose, EXACT } from "../support/close.ts";
import { evaluate } from "../support/evaluate.ts";
import { gpu } from "../support/gpu.ts";

interface Fixture {
  readonly x: number[];
  readonly u: number[];
  readonly rate: number;
  readonly y: number[];
}

const test = suite("dropout");

/** The paper's function, compiled as C with uint32_t: what it makes of the counters in the test below. */
const PUBLISHED = [
  [251852841, 760645481, 850445371, 3542436074],
  [908250390, 4044648920, 3775961919, 45698095],
  [2617235421, 3516097209, 3179560032, 4064608832],
];

function reference(x: ArrayLike<number>, u: ArrayLike<number>, rate: number): number[] {
  return Array.from(x, (value, i) => ((u[i] ?? 0) >= rate ? value / (1 - rate) : 0));
}

function uniforms(length: number, counter: Omit<Counter, "index">): number[] {
  return Array.from({ length }, (_, index) => uniformAt({ ...counter, index }));
}

async function clockAt(step: number) {
  const device = await gpu();
  return device.tensor([2], "clock", Uint32Array.of(step, 99), "u32");
}

/** Which of `length` ones survive on the device. */
async function mask(length: number, attrs: DropoutAttrs, step: number): Promise<string> {
  const device = await gpu();
  const x = device.tensor([length], "x", new Float32Array(length).fill(1));
  const clock = await clockAt(step);
  const { outputs } = await evaluate((rec) => ({ y: apply(rec, dropout, [x, clock], attrs) }));
  return Array.from(outputs.y, (value) => (value > 0 ? "1" : "0")).join("");
}

test("pcg4d agrees with the published code", () => {
  assert.equal(pcg4d([0, 0, 0, 0]), PUBLISHED[0]);
  assert.equal(pcg4d([1, 2, 3, 4]), PUBLISHED[1]);
  assert.equal(pcg4d([0xffffffff, 0x80000000, 0xdeadbeef, 12345]), PUBLISHED[2]);
});

test("the rule of the fixture", () => {
  const path = new URL("../fixtures/dropout.json", import.meta.url);
  const { x, u, rate, y } = JSON.parse(readFileSync(path, "utf8")) as Fixture;
  const actual = reference(x, u, rate);
  assertClose({ label: "rule", shape: [4], actual, expected: y, tolerance: EXACT });
});

for (const [seed, stream, step] of [
  [0, 0, 0],
  [7, 3, 1],
  [0xffffffff, 31, 1_000_003],
  [0x80000001, 255, 0xfffffffe],
] as const) {
  test(`shader and TypeScript draw the same: seed ${seed}, stream ${stream}, step ${step}`, async () => {
    const length = 20_003;
    const u = uniforms(length, { seed, stream, step });
    // Thresholds at numbers that were drawn: a single differing bit there changes the mask.
    for (const rate of [u[17], u[length - 1], 0.5]) {
      const attrs = { rate: rate ?? 0, seed, stream };
      const expected = u.map((value) => (value >= attrs.rate ? "1" : "0")).join("");
      assert.is(await mask(length, attrs, step), expected);
    }
  });
}

test("every bit of a draw agrees: the mask flips exactly between u and its neighbour", async () => {
  const length = 64;
  const u = uniforms(length, { seed: 5, stream: 1, step: 2 });
  for (const [index, value] of u.entries()) {
    const at = await mask(length, { rate: value, seed: 5, stream: 1 }, 2);
    const above = await mask(length, { rate: value + 2 ** -24, seed: 5, stream: 1 }, 2);
    assert.is(`${at[index]}${above[index]}`, "10", `element ${index}`);
  }
});

test("the share kept is 1 - rate, in each word of a hash", async () => {
  const length = 400_000;
  for (const rate of [0.1, 0.25, 0.5, 0.9]) {
    const kept = await mask(length, { rate, seed: 1, stream: 2 }, 3);
    for (let word = 0; word < 4; word++) {
      let count = 0;
      for (let i = word; i < length; i += 4) if (kept[i] === "1") count++;
      const [share, n] = [count / (length / 4), length / 4];
      // Five standard deviations.
      const bound = 5 * Math.sqrt((rate * (1 - rate)) / n);
      assert.ok(Math.abs(share - (1 - rate)) < bound, `rate ${rate}, word ${word}: ${share}`);
    }
  }
});

test("uniforms have the mean and variance of a uniform, and neighbours are uncorrelated", () => {
  const n = 200_000;
  const u = uniforms(n, { seed: 3, stream: 0, step: 0 });
  const mean = u.reduce((sum, v) => sum + v, 0) / n;
  const variance = u.reduce((sum, v) => sum + (v - 0.5) ** 2, 0) / n;
  assert.ok(Math.abs(mean - 0.5) < 5 * Math.sqrt(1 / 12 / n), `mean ${mean}`);
  assert.ok(Math.abs(variance - 1 / 12) < 5 * Math.sqrt(1 / 180 / n), `variance ${variance}`);
  for (const lag of [1, 4, 28, 512]) {
    let sum = 0;
    for (let i = lag; i < n; i++) sum += ((u[i] ?? 0) - 0.5) * ((u[i - lag] ?? 0) - 0.5);
    assert.ok(Math.abs((12 * sum) / n) < 5 / Math.sqrt(n), `lag ${lag}: ${(12 * sum) / n}`);
  }
});

test("steps, streams and seeds draw different masks, and one draws the same twice", async () => {
  const base = { rate: 0.5, seed: 1, stream: 1 };
  const first = await mask(4096, base, 1);
  assert.is(await mask(4096, base, 1), first);
  const others = [
    await mask(4096, base, 2),
    await mask(4096, { ...base, stream: 2 }, 1),
    await mask(4096, { ...base, seed: 2 }, 1),
  ];
  for (const other of others) {
    const same = [...other].filter((bit, i) => bit === first[i]).length;
    assert.ok(Math.abs(same - 2048) < 5 * 32, `${same} of 4096 agree`);
  }
});

for (const [shape, rate] of [
  [[1], 0.3],
  [[3, 5], 0.25],
  [[2, 3, 5, 7], 0.5],
  [[1, 1031], 0.9],
  [[6], 1],
] as const) {
  test(`values and gradient over ${shape} at rate ${rate}`, async () => {
    const clock = await clockAt(11);
    const u = uniforms(2048, { seed: 9, stream: 4, step: 11 });
    await checkOp({
      label: "dropout",
      inputs: { x: { shape } },
      build: (rec, { x }) => apply(rec, dropout, [x, clock], { rate, seed: 9, stream: 4 }),
      reference: ({ x }) =>
        rate === 1 ? x.map(() => 0) : Float64Array.from(reference(x, u, Math.fround(rate))),
    });
  });
}

test("rate 0 dispatches nothing, and the gradient passes", async () => {
  const clock = await clockAt(0);
  const attrs = { rate: 0, seed: 1, stream: 1 };
  await checkOp({
    label: "identity",
    inputs: { x: { shape: [2, 3] } },
    build: (rec, { x }) => {
      const y = apply(rec, dropout, [x, clock], attrs);
      assert.is(rec.finish().dispatches.length, 0);
      return y;
    },
    reference: ({ x }) => x.slice(),
  });
});

test("rate is checked", async () => {
  const clock = await clockAt(0);
  for (const rate of [-0.1, 1.5, Number.NaN]) {
    await evaluate((rec) => {
      const x = rec.allocate([2], "x");
      const attrs = { rate, seed: 0, stream: 0 };
      assert.throws(() => apply(rec, dropout, [x, clock], attrs), `got ${rate}`);
      return {};
    });
  }
});

test.run();
