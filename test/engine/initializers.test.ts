// Initialisers: Keras's limits and moments, and the same numbers from the same keys.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  fansOf,
  glorotUniform,
  heNormal,
  heUniform,
  type Initializer,
  ones,
  truncatedNormal,
  zeros,
} from "../../src/engine/layers/initializers.ts";

const test = suite("initializers");

interface Row {
  readonly shape: readonly number[];
  readonly fan_in: number;
  readonly fan_out: number;
  readonly glorot_uniform_limit: number;
  readonly he_uniform_limit: number;
  readonly he_normal_trunc_bound: number;
}

const FIXTURE = new URL("../fixtures/initializers.json", import.meta.url);
const rows = JSON.parse(readFileSync(FIXTURE, "utf8")) as readonly Row[];
const DRAW = { seed: 7, stream: 2 };

function moments(values: Float32Array) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return { mean, stddev: Math.sqrt(variance), largest };
}

for (const row of rows) {
  test(`fans and limits of ${row.shape}`, () => {
    assert.equal(fansOf(row.shape), [row.fan_in, row.fan_out]);
    const bounds: readonly [Initializer, number][] = [
      [glorotUniform, row.glorot_uniform_limit],
      [heUniform, row.he_uniform_limit],
      [heNormal, row.he_normal_trunc_bound],
    ];
    for (const [initializer, bound] of bounds) {
      const { largest } = moments(initializer.values(row.shape, DRAW));
      assert.ok(largest <= bound * (1 + 1e-6), `${initializer.name}: ${largest} beyond ${bound}`);
      assert.ok(largest > 0.85 * bound, `${initializer.name}: ${largest} far from ${bound}`);
    }
  });
}

test("uniform and truncated normal have their moments", () => {
  const shape = [300, 200];
  const uniform = moments(glorotUniform.values(shape, DRAW));
  assert.ok(Math.abs(uniform.mean) < 1e-3);
  assert.ok(Math.abs(uniform.stddev / (Math.sqrt(6 / 500) / Math.sqrt(3)) - 1) < 0.01);
  const he = moments(heNormal.values(shape, DRAW));
  assert.ok(Math.abs(he.stddev / Math.sqrt(2 / 300) - 1) < 0.01, "the cut is made good for");
  const cut = moments(truncatedNormal(0.5).values(shape, DRAW));
  assert.ok(cut.largest <= 1 && Math.abs(cut.stddev / (0.5 * 0.87962566103423978) - 1) < 0.01);
});

test("the same keys give the same numbers, others give others", () => {
  const values = (seed: number, stream: number) =>
    glorotUniform.values([10, 10], { seed, stream }).join();
  assert.is(values(1, 1), values(1, 1));
  assert.is.not(values(1, 1), values(2, 1));
  assert.is.not(values(1, 1), values(1, 2));
});

test("constants", () => {
  assert.equal([...zeros.values([3], DRAW), ...ones.values([2], DRAW)], [0, 0, 0, 1, 1]);
});

test.run();
