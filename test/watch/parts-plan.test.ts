// Trials as the page lays them out: axes, places on them, curves of earlier runs; and a step's times by layer.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { spaceOf } from "../../src/tune/hyper-parameters.ts";
import { searchSpace } from "../../src/tune/search-space.ts";
import { layerTimes } from "../../src/watch/layer-times.ts";
import { axesOf, curvesOf, placesOf } from "../../src/watch/parts-plan.ts";

const test = suite("parts of a run");
const space = spaceOf(searchSpace({ name: "lenet5" }));

test("every hyper-parameter that is searched for has an axis, with its values along it", () => {
  const axes = axesOf(space);
  assert.ok(axes.length > 3);
  for (const { name, marks } of axes) {
    assert.ok(marks.length >= 2, name);
    for (const { at, text } of marks) assert.ok(at >= 0 && at <= 1 && text !== "", name);
  }
  const activation = axes.find(({ name }) => name === "activation");
  assert.equal(activation?.marks.map(({ text }) => text).sort(), ["relu", "tanh"]);
});

test("a trial's values lie where its axes say", () => {
  const axes = axesOf(space);
  const { values, places } = placesOf(space, { activation: "tanh", unknown: 3 });
  assert.equal(values, { activation: "tanh" });
  const marks = axes.find(({ name }) => name === "activation")?.marks;
  assert.is(places["activation"], marks?.find(({ text }) => text === "tanh")?.at);
});

test("a trial of folds has a curve for each", () => {
  const [one, two] = [
    { fold: 1, epoch: 1, loss: 2 },
    { fold: 2, epoch: 1, loss: 3 },
  ];
  assert.equal(curvesOf("trial 4", [one, two]), {
    "trial 4, fold 1": [one],
    "trial 4, fold 2": [two],
  });
  assert.equal(curvesOf("fold 1", [{ loss: 1 }]), { "fold 1": [{ loss: 1 }] });
});

test("times add up by layer and pass, in the order of the model", () => {
  const dispatches = [
    { layers: [], pass: "data" },
    { layers: ["b", "a"], pass: "forward" },
    { layers: ["a"], pass: "forward" },
    { layers: ["a"], pass: "backward" },
    { layers: ["adam"], pass: "update" },
    { layers: ["b"], pass: "backward" },
    { layers: ["b"], pass: "backward" },
  ];
  const times = [1, 2, 4, 8, 16, 32, 64].map((median) => ({ median }));
  assert.equal(layerTimes(dispatches, times, ["a", "b", "flatten"]), [
    { layer: "a", forwardMs: 4, backwardMs: 8, otherMs: 0 },
    { layer: "b", forwardMs: 2, backwardMs: 96, otherMs: 0 },
    { layer: "data", forwardMs: 0, backwardMs: 0, otherMs: 1 },
    { layer: "adam", forwardMs: 0, backwardMs: 0, otherMs: 16 },
  ]);
});

test.run();
