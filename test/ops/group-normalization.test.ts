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
      reference: ({ x, gamma, beta }) => {
        const names = groupsOf(shape, groups);
        const members = new Map<string, number[]>();
        for (const [i, name] of names.entries())
          members.set(name, [...(members.get(name) ?? []), i]);
        const y = new Float64Array(x.length);
        for (const places of members.values()) {
          const mean = places.reduce((sum, i) => sum + (x[i] ?? 0), 0) / places.length;
          const squares = places.reduce((sum, i) => sum + ((x[i] ?? 0) - mean) ** 2, 0);
          const deviation = Math.sqrt(squares / places.length + epsilon);
          for (const i of places) {
            const c = i % channels;
            y[i] = (((x[i] ?? 0) - mean) / deviation) * (gamma[c] ?? 0) + (beta[c] ?? 0);
          }
        }
        return y;
      },
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
