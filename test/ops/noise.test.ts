// Noise on a layer's output: forward against float64 loops that draw the same numbers, backward against differences of those.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { uniformAt } from "../../src/engine/core/random.ts";
import { type Noise, noise } from "../../src/engine/ops/noise.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";
import { evaluate } from "../support/evaluate.ts";
import { gpu } from "../support/gpu.ts";

const test = suite("noise");
const DRAWS = { seed: 9, stream: 4 };
const STEP = 11;
const uniform = (index: number): number => uniformAt({ ...DRAWS, step: STEP, index });

/** Box and Muller: pairs of uniform numbers, of a word of four. */
function normal(index: number): number {
  const word = index - (index % 4);
  const [radius, angle] = index % 4 < 2 ? [word, word + 1] : [word + 2, word + 3];
  const turn = 2 * Math.PI * uniform(angle);
  return (
    Math.sqrt(-2 * Math.log(1 - uniform(radius))) * (index % 2 ? Math.sin(turn) : Math.cos(turn))
  );
}

const SHAPE = [3, 5, 4, 3] as const;

const RULES: Readonly<Record<Noise["kind"], (x: number, index: number, level: number) => number>> =
  {
    gaussian: (x, i, level) => x + level * normal(i),
    product: (x, i, level) => x * (1 + Math.sqrt(level / (1 - level)) * normal(i)),
    alpha: (x, i, level) => {
      const dropped = -1.0507009873554805 * 1.6732632423543772;
      const a = 1 / Math.sqrt((1 - level) * (1 + level * dropped ** 2));
      return a * (uniform(i) >= level ? x : dropped) - a * dropped * level;
    },
    spatial: (x, i, level) =>
      uniform(Math.floor(i / 60) * 3 + (i % 3)) >= level ? x / (1 - level) : 0,
  };

async function clock() {
  const device = await gpu();
  return device.tensor([2], "clock", Uint32Array.of(STEP, 99), "u32");
}

for (const [kind, level] of [
  ["gaussian", 0.3],
  ["product", 0.4],
  ["alpha", 0.25],
  ["spatial", 0.4],
  ["alpha", 0],
] as const) {
  test(`${kind} at ${level}: values and gradient`, async () => {
    const at = await clock();
    await checkOp({
      label: kind,
      inputs: { x: { shape: SHAPE } },
      build: (rec, { x }) => apply(rec, noise, [x, at], { kind, level, ...DRAWS }),
      reference: ({ x }) => x.map((value, i) => RULES[kind](value, i, level)),
    });
  });
}

test("normal noise has mean 0 and variance 1; alpha dropout keeps those of SELU", async () => {
  const device = await gpu();
  const n = 100_000;
  const at = await clock();
  const zeros = device.tensor([n], "x", new Float32Array(n));
  const attrs = { kind: "gaussian", level: 1, ...DRAWS } as const;
  const first = await evaluate((rec) => ({ y: apply(rec, noise, [zeros, at], attrs) }));
  const drawn = Float32Array.from(first.outputs.y);
  const x = device.tensor([n], "x", drawn);
  const alpha = { kind: "alpha", level: 0.3, ...DRAWS, stream: 7 } as const;
  const second = await evaluate((rec) => ({ y: apply(rec, noise, [x, at], alpha) }));
  for (const values of [drawn, Float32Array.from(second.outputs.y)]) {
    const mean = values.reduce((sum, value) => sum + value, 0) / n;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / n;
    assert.ok(Math.abs(mean) < 0.02 && Math.abs(variance - 1) < 0.03, `${mean}, ${variance}`);
  }
});

test("levels are checked", async () => {
  const at = await clock();
  const refused = [
    ["gaussian", -1, "stddev is a number from 0, got -1"],
    ["alpha", 1, "rate lies in [0, 1), got 1"],
  ] as const;
  await evaluate((rec) => {
    const x = rec.allocate([4], "x");
    for (const [kind, level, message] of refused) {
      assert.throws(() => apply(rec, noise, [x, at], { kind, level, ...DRAWS }), message);
    }
    return {};
  });
});

test.run();
