// Hyper-parameters against KerasTuner: the maps between values and probabilities, and what a hypermodel sees.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { HyperParameters, spaceOf } from "../../src/tune/hyper-parameters.ts";
import { gridValues, type Parameter, probToValue, valueToProb } from "../../src/tune/parameter.ts";
import { searchSpace } from "../../src/tune/search-space.ts";
import { defaultValues } from "../../src/tune/space.ts";
import { FIXTURE, sameValue } from "./fixture.ts";

const test = suite("hyper-parameters");

function parameterOf(map: (typeof FIXTURE.maps)[number]): Parameter {
  const named = { name: "p", conditions: [] };
  if (map.kind === "boolean") return { ...named, kind: "boolean", default: false };
  if (map.kind === "choice") {
    return { ...named, kind: "choice", values: map.values, default: map.values[0] ?? "" };
  }
  const { kind, min, max, sampling } = map;
  const step = map.step ?? (kind === "int" && sampling === "linear" ? 1 : null);
  return { ...named, kind, min, max, step, sampling, default: min };
}

const labelOf = (map: object) => JSON.stringify(Object.values(map).slice(0, 5));

test("probabilities become values as in KerasTuner", () => {
  for (const map of FIXTURE.maps) {
    const parameter = parameterOf(map);
    for (const [i, prob] of FIXTURE.probs.entries()) {
      const value = probToValue(parameter, prob);
      const expected = map.atProbs[i] ?? "";
      assert.ok(
        sameValue(value, expected),
        `${labelOf(map)} at ${prob}: ${value}, not ${expected}`,
      );
    }
  }
});

test("values become probabilities as in KerasTuner", () => {
  for (const map of FIXTURE.maps) {
    for (const [i, value] of map.atProbs.entries()) {
      const prob = valueToProb(parameterOf(map), value);
      const expected = map.backToProbs[i] ?? Number.NaN;
      assert.ok(
        Math.abs(prob - expected) < 1e-12,
        `${labelOf(map)} of ${value}: ${prob}, ${expected}`,
      );
    }
  }
});

test("the middle of a value's share of probability leads back to it", () => {
  for (const map of FIXTURE.maps) {
    const parameter = parameterOf(map);
    for (const value of map.atProbs) {
      const again = probToValue(parameter, valueToProb(parameter, value));
      const close = typeof value === "number" && Math.abs(Number(again) - value) < 1e-12 * value;
      assert.ok(close || again === value, `${labelOf(map)}: ${value} came back as ${again}`);
    }
  }
});

test("a grid has the default first and KerasTuner's values after it", () => {
  for (const map of FIXTURE.maps) {
    const parameter = parameterOf(map);
    const expected = [parameter.default, ...map.listed.filter((v) => v !== parameter.default)];
    const actual = gridValues(parameter);
    assert.is(actual.length, expected.length, labelOf(map));
    for (const [i, value] of expected.entries()) {
      assert.ok(sameValue(actual[i], value), `${labelOf(map)}: ${actual[i]}, not ${value}`);
    }
  }
});

test("the end of a range in steps belongs to it, whatever the rounding", () => {
  const range = {
    kind: "float",
    min: 0,
    max: 0.5,
    step: 0.1,
    sampling: "linear",
    default: 0,
  } as const;
  const parameter = { ...range, name: "p", conditions: [] };
  assert.is(gridValues(parameter).length, 6);
  assert.is(probToValue(parameter, 0.99), 0.5);
  for (const value of gridValues(parameter)) {
    assert.is(probToValue(parameter, valueToProb(parameter, value)), value);
  }
});

test("a probability of 1, which a search over the unit cube may ask for, stays in the range", () => {
  for (const map of FIXTURE.maps) {
    if (map.kind === "choice" || map.kind === "boolean") continue;
    const value = Number(probToValue(parameterOf(map), 1));
    assert.ok(value >= map.min && value <= map.max * (1 + 1e-12), `${labelOf(map)}: ${value}`);
  }
});

test("a hypermodel gets the values of its trial, typed", () => {
  const model = (hp: HyperParameters) => {
    const units: number = hp.int("units", { min: 8, max: 64, step: 8 });
    const activation: "relu" | "tanh" = hp.choice("activation", ["relu", "tanh"]);
    const deep: boolean = hp.boolean("deep", { default: true });
    const second: number | undefined = hp.conditionalScope("deep", [true], () =>
      hp.int("second", { min: 1, max: 9, default: 4 }),
    );
    return { units, activation, deep, second };
  };
  const space = spaceOf(model);
  assert.equal(
    space.map(({ name }) => name),
    ["units", "activation", "deep", "second"],
  );
  assert.equal(defaultValues(space), { units: 8, activation: "relu", deep: true, second: 4 });
  const values = { units: 24, activation: "tanh", deep: false };
  assert.equal(model(new HyperParameters(values, space)), { ...values, second: undefined });
});

test("parameters of a scope that does not count are known all the same", () => {
  const hp = new HyperParameters();
  hp.choice("kind", ["flat", "deep"]);
  const depth = hp.conditionalScope("kind", ["deep"], () => hp.int("depth", { min: 2, max: 5 }));
  assert.is(depth, undefined);
  assert.equal(hp.space[1]?.conditions, [{ parent: "kind", values: ["deep"] }]);
  assert.equal(hp.values, { kind: "flat" });
});

test("the same name may be declared under other conditions", () => {
  const hp = new HyperParameters({ kind: "b" });
  hp.choice("kind", ["a", "b"]);
  hp.conditionalScope("kind", ["a"], () => hp.int("size", { min: 1, max: 3 }));
  const size = hp.conditionalScope("kind", ["b"], () => hp.int("size", { min: 10, max: 30 }));
  assert.is(size, 10);
  assert.is(hp.space.length, 3);
});

test("what makes no sense is refused by name", () => {
  const refusals: [(hp: HyperParameters) => unknown, RegExp][] = [
    [(hp) => hp.int("n", { min: 5, max: 3 }), /^hp\.int n: min must be at most max, got 5 and 3$/],
    [(hp) => hp.int("n", { min: 0.5, max: 3 }), /^hp\.int n: .*whole numbers, got 0\.5/],
    [
      (hp) => hp.float("x", { min: 0, max: 1, sampling: "log" }),
      /log sampling needs a min above 0/,
    ],
    [(hp) => hp.float("x", { min: 1, max: 9, step: 1, sampling: "log" }), /step must be above 1/],
    [(hp) => hp.float("x", { min: 0, max: 1, default: 2 }), /default must lie from 0 to 1, got 2/],
    [(hp) => hp.choice("c", []), /needs at least one value/],
    [(hp) => hp.choice<string | number>("c", ["a", 1]), /of one type, got string and number/],
    [(hp) => hp.conditionalScope("no", [1], () => 0), /must be declared before, got no/],
    [(hp) => [hp.boolean("b"), hp.boolean("b", { default: true })], /was declared before/],
  ];
  for (const [ask, message] of refusals) {
    assert.throws(
      () => ask(new HyperParameters()),
      (error: Error) => message.test(error.message),
    );
  }
});

test("a parameter that the search does not know is refused", () => {
  const hp = new HyperParameters({}, []);
  assert.throws(() => hp.boolean("b"), /^hp b: must be asked for in every trial/);
});

test("LeNet-5's space covers what the study leaves open, with the paper's network as its default", () => {
  const { model, training } = searchSpace({ name: "lenet5" })(new HyperParameters());
  assert.equal(model, {
    name: "lenet5",
    activation: "relu",
    pooling: "max",
    filters: [6, 16],
    kernelSize: 5,
    units: [120, 84],
    dropout: 0,
    classes: 10,
  });
  assert.equal(training, { learningRate: 1e-3, batchSize: 50 });
  assert.is(spaceOf(searchSpace({ name: "lenet5" })).length, 10);
});

test.run();
