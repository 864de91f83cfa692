// Convolutions with groups for the bench, depthwise ones among them, and their gradients.

import {
  groupedDw,
  groupedDx,
  groupedForward,
} from "../../src/engine/ops/conv2d/grouped-ladders.ts";
import { groupedGeometry } from "../../src/engine/ops/conv2d/grouped-problem.ts";
import { climb } from "../../src/engine/program/ladder.ts";
import {
  AWKWARD_GROUPED,
  FEW_GROUPED,
  type GroupedShape,
} from "../../src/inspect/edit/awkward-shapes.ts";
import type { BenchProblem } from "./check-case.ts";
import { integers, once } from "./integers.ts";
import { convolution, inputGradient, type Windows, weightGradient } from "./loops.ts";

/** Problems for one of the three ladders; none for another. */
export function groupedProblems(ladder: string, isShort: boolean): readonly BenchProblem[] {
  const record = RECORDS[ladder];
  if (!record) return [];
  return (isShort ? FEW_GROUPED : AWKWARD_GROUPED).map((given) => {
    const prepared = prepare(given);
    return { label: prepared.label, record: record(prepared) };
  });
}

type Prepared = ReturnType<typeof prepare>;

function prepare(given: GroupedShape) {
  const { x, k, o, groups, strides = [1, 1], padding = "valid", dilation = [1, 1] } = given;
  const w = [...k, x[3] / groups, o];
  const geometry = groupedGeometry(x, w, { strides, padding, dilation, groups });
  const windows: Windows = { ...geometry, groups };
  const dy = [geometry.n, geometry.oh, geometry.ow, o];
  const operands = once(() => ({
    x: integers(x, 1),
    w: integers(w, 2),
    dy: integers(dy, 3),
  }));
  return {
    label: `(${x}) by ${k.join("×")}→${o} in ${groups} stride ${strides} ${padding}`,
    ...{ geometry, windows, shapes: { x, w, dy }, operands },
  };
}

const RECORDS: Readonly<Record<string, (prepared: Prepared) => BenchProblem["record"]>> = {
  [groupedForward.name]:
    ({ geometry, windows, shapes, operands }) =>
    (rec, room) => {
      const x = room.tensor(shapes.x, "x", () => operands().x);
      const w = room.tensor(shapes.w, "w", () => operands().w);
      const y = room.tensor(shapes.dy, "y");
      climb(rec, groupedForward, { geometry, x, w, y });
      return [{ tensor: y, values: () => convolution(windows, operands()) }];
    },
  [groupedDx.name]:
    ({ geometry, windows, shapes, operands }) =>
    (rec, room) => {
      const dy = room.tensor(shapes.dy, "dy", () => operands().dy);
      const w = room.tensor(shapes.w, "w", () => operands().w);
      const dx = room.tensor(shapes.x, "dx");
      climb(rec, groupedDx, { geometry, dy, w, dx });
      return [{ tensor: dx, values: () => inputGradient(windows, operands()) }];
    },
  [groupedDw.name]:
    ({ geometry, windows, shapes, operands }) =>
    (rec, room) => {
      const x = room.tensor(shapes.x, "x", () => operands().x);
      const dy = room.tensor(shapes.dy, "dy", () => operands().dy);
      const dw = room.tensor(shapes.w, "dw");
      climb(rec, groupedDw, { geometry, x, dy, dw });
      return [{ tensor: dw, values: () => weightGradient(windows, operands()) }];
    },
};
