// McNemar's test, Holm's correction and Wilson's interval against statsmodels 0.15.0 (mcnemar with exact=True, or exact=False and
// correction=True; multipletests; proportion_confint), the chi-square tail against SciPy's chi2.sf(x, 1).

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { chiSquareTail, holmCorrection, mcnemarTest } from "../../../src/train/metrics/mcnemar.ts";
import { wilsonInterval } from "../../../src/train/metrics/wilson.ts";

const test = suite("mcnemar");

function near(got: number, wanted: number, relative = 1e-13): void {
  const bound = relative * Math.abs(wanted) + 1e-16 * Number(wanted === 0);
  assert.ok(Math.abs(got - wanted) <= bound, `got ${got}, wanted ${wanted}`);
}

test("few discordant rows: the exact binomial test", () => {
  for (const [b, c, statistic, p] of [
    [0, 0, 0, 1],
    [1, 0, 0, 1],
    [3, 12, 3, 0.03515625],
    [12, 3, 3, 0.03515625],
    [5, 5, 5, 1],
    [10, 14, 10, 0.5412561893463135],
    [12, 12, 12, 1],
  ] as const) {
    const found = mcnemarTest({ onlyFirst: b, onlySecond: c });
    assert.equal([found.method, found.statistic], ["exact", statistic]);
    near(found.p, p);
  }
});

test("25 and more: chi-square with continuity correction", () => {
  for (const [b, c, statistic, p] of [
    [12, 13, 0, 1],
    [40, 20, 6.016666666666667, 0.014171388254012323],
    [121, 59, 20.67222222222222, 5.450094825427117e-6],
    [100, 500, 265.335, 1.1793914571507799e-59],
    [0, 400, 398.0025, 1.4988838490704967e-88],
  ] as const) {
    const found = mcnemarTest({ onlyFirst: b, onlySecond: c });
    assert.is(found.method, "chi-square");
    near(found.statistic, statistic);
    near(found.p, p, 1e-11);
  }
});

test("equal counts are no difference, as R has it", () => {
  assert.equal(mcnemarTest({ onlyFirst: 30, onlySecond: 30 }), {
    method: "chi-square",
    statistic: 0,
    p: 1,
  });
});

test("the tail of chi-square, on both sides of where the method changes", () => {
  for (const [x, wanted] of [
    [0, 1],
    [1e-6, 0.9992021155721779],
    [0.5, 0.47950012218695337],
    [1, 0.31731050786291115],
    [2.9, 0.08857955257977622],
    [3.1, 0.07829229414640966],
    [3.841458820694124, 0.05],
    [50, 1.537459794428033e-12],
    [300, 3.2943623833139784e-67],
  ] as const) {
    near(chiSquareTail(x), wanted, 1e-12);
  }
});

test("Holm's correction is statsmodels'", () => {
  const found = holmCorrection([0.01, 0.04, 0.03, 0.005]);
  for (const [i, wanted] of [0.03, 0.06, 0.06, 0.02].entries()) near(found[i] ?? -1, wanted);
  assert.equal(holmCorrection([0.6, 0.5, 0.9]), [1, 1, 1]);
  assert.equal(holmCorrection([0.2]), [0.2]);
});

test("Wilson's interval is statsmodels'", () => {
  for (const [hits, rows, low, high] of [
    [0, 10, 0, 0.27753279986288926],
    [10, 10, 0.7224672001371106, 1],
    [9089, 10000, 0.9031020591376328, 0.914383906994828],
    [3, 7, 0.15821985525146964, 0.7495416354723428],
  ] as const) {
    const found = wilsonInterval(hits, rows);
    assert.ok(Math.abs(found[0] - low) < 1e-14, `${found[0]}`);
    assert.ok(Math.abs(found[1] - high) < 1e-14, `${found[1]}`);
  }
});

test.run();
