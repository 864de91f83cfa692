// Normalisation by groups of channels and by places: values and the gradients of all three inputs.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Shape, sizeOf } from "../../src/engine/core/shape.ts";
import {
  type GroupNormalizationAttrs,
  groupNormalization,
} from "../../src/engine/ops/group-normalization.ts";
import { Recorder } from "../../src/engine/program/recorder.ts";
import { apply } from "../../src/engine/program/tape.ts";
import { checkOp } from "../support/check-op.ts";

const test = suite("group-normalization");

type Groups = GroupNormalizationAttrs["groups"];

/** A name for the group of each element. */
function groupsOf(shape: Shape, groups: Groups): readonly string[] {
  const channels = shape.at(-1) ?? 1;
  const ofExample = sizeOf(shape.slice(1));
  return Array.from({ length: sizeOf(shape) }, (_, i) =>
    groups === "places"
      ? `${Math.floor(i / channels)}`
      : `${Math.floor(i / ofExample)} ${Math.floor(((i % channels) * groups) / channels)}`,
  );
}

/** x̂, by the names of the groups of its elements. */
function normalized(x: Float64Array, names: readonly string[], epsilon: number): Float64Array {
  const members = new Map<string, number[]>();
  for (const [i, name] of names.entries()) members.set(name, [...(members.get(name) ?? []), i]);
  const y = new Float64Array(x.length);
  for (const places of members.values()) {
    const mean = places.reduce((sum, i) => sum + (x[i] ?? 0), 0) / places.length;
    const squares = places.reduce((sum, i) => sum + ((x[i] ?? 0) - mean) ** 2, 0);
    const deviation = Math.sqrt(squares / places.length + epsilon);
    for (const i of places) y[i] = ((x[i] ?? 0) - mean) / deviation;
  }
  return y;
}

const CASES: readonly (readonly [Shape, Groups])[] = [
  [[3, 5], "places"],
  [[2, 3, 4, 6], "places"],
  [[2, 3, 4, 6], 1],
  [[2, 3, 4, 6], 3],
  [[3, 2, 3, 4], 4],
  [[3, 8], 2],
];

for (const [shape, groups] of CASES) {
  test(`(${shape}) in ${groups}`, () => {
    const channels = shape.at(-1) ?? 1;
    const epsilon = 0.05;
    return checkOp({
      label: "group-normalization",
      inputs: { x: { shape }, gamma: { shape: [channels] }, beta: { shape: [channels] } },
      sumLength: sizeOf(shape),
      build: (rec, i) =>
        apply(rec, groupNormalization, [i.x, i.gamma, i.beta], { groups, epsilon }),
      reference: ({ x, gamma, beta }) =>
        normalized(x, groupsOf(shape, groups), epsilon).map((value, i) => {
          return value * (gamma[i % channels] ?? 0) + (beta[i % channels] ?? 0);
        }),
    });
  });
}

for (const [scale, center] of [
  [false, true],
  [true, false],
  [false, false],
] as const) {
  test(`${scale ? "with" : "without"} gamma, ${center ? "with" : "without"} beta`, () => {
    const shape = [2, 3, 6];
    const attrs = { groups: 3, epsilon: 0.05, scale, center };
    return checkOp({
      label: "group-normalization",
      inputs: { x: { shape }, gamma: { shape: [6] }, beta: { shape: [6] } },
      gradients: ["x", ...(scale ? ["gamma" as const] : []), ...(center ? ["beta" as const] : [])],
      sumLength: sizeOf(shape),
      build: (rec, { x, gamma, beta }) =>
        apply(
          rec,
          groupNormalization,
          [x, ...(scale ? [gamma] : []), ...(center ? [beta] : [])],
          attrs,
        ),
      reference: ({ x, gamma, beta }) =>
        normalized(x, groupsOf(shape, 3), attrs.epsilon).map((value, i) => {
          return value * ((scale && gamma[i % 6]) || 1) + ((center && beta[i % 6]) || 0);
        }),
    });
  });
}

test("channels that cannot be shared out", () => {
  const rec = new Recorder({ name: "t", capabilities: { subgroupSize: null, isSoftware: true } });
  const [x, c] = [rec.allocate([2, 3, 5], "x"), rec.allocate([5], "c")];
  const attrs = { groups: 2, epsilon: 1e-3 };
  assert.throws(() => apply(rec, groupNormalization, [x, c, c], attrs), "among 2 groups");
});

test.run();
