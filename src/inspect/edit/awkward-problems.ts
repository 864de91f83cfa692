// The problems of awkward shapes as a ladder would meet them, recorded on the naive rung: every way to store a product's operands and
// every epilogue come round in turn.

import { persistentTensor } from "../../engine/core/tensor.ts";
import {
  forwardLadder,
  inputGradientLadder,
  weightGradientLadder,
} from "../../engine/ops/conv2d/conv2d.ts";
import { groupedDw, groupedDx, groupedForward } from "../../engine/ops/conv2d/grouped-ladders.ts";
import { groupedGeometry } from "../../engine/ops/conv2d/grouped-problem.ts";
import { convGeometry } from "../../engine/ops/conv2d/problem.ts";
import { ACTIVATIONS } from "../../engine/ops/gemm/bias-activation.ts";
import { GEMM, recordGemmInto } from "../../engine/ops/gemm/gemm.ts";
import { solveAgain } from "../../engine/ops/ladders.ts";
import { climb } from "../../engine/program/ladder.ts";
import type { Capabilities, Program, Solution } from "../../engine/program/program.ts";
import { Recorder } from "../../engine/program/recorder.ts";
import {
  AWKWARD_CONVS,
  AWKWARD_GEMMS,
  AWKWARD_GROUPED,
  type ConvShape,
  type GemmExtents,
  type GroupedShape,
} from "./awkward-shapes.ts";

export interface AwkwardProblem {
  /** `7×5×3 aᵀ·b linear`, `(2,7,6,3) by 3×3→5 stride 2,2 same`. */
  readonly label: string;
  /** Its inputs have no place and no values. */
  readonly solution: Solution;
}

export function* awkwardProblems(capabilities: Capabilities): Iterable<AwkwardProblem> {
  for (const shape of AWKWARD_CONVS) {
    for (const ladder of [forwardLadder, inputGradientLadder, weightGradientLadder]) {
      yield convProblem(ladder.name, shape, capabilities);
    }
  }
  for (const shape of AWKWARD_GROUPED) {
    for (const ladder of [groupedForward, groupedDx, groupedDw]) {
      yield groupedProblem(ladder.name, shape, capabilities);
    }
  }
  for (const [turn, extents] of AWKWARD_GEMMS.entries()) {
    yield gemmProblem(turn, extents, capabilities);
  }
}

/** The rungs of the problem's ladder whose own dispatches, not those of a part, have a kernel of the file. */
export function rungsOfFile(
  { ladder, problem, fitting }: Solution,
  file: string,
  capabilities: Capabilities,
): readonly string[] {
  return fitting.filter((rung) => {
    const rec = new Recorder({ name: rung, capabilities, rungs: { [ladder]: rung } });
    solveAgain(rec, { ladder, problem });
    return usesFile(rec.finish(), file);
  });
}

function usesFile({ dispatches }: Program, file: string): boolean {
  return dispatches.some(
    ({ kernel, solution }) => kernel.shader.file === file && solution?.within === null,
  );
}

function solutionOf(
  ladder: string,
  capabilities: Capabilities,
  record: (rec: Recorder) => void,
): Solution {
  const rec = new Recorder({ name: ladder, capabilities, rungs: { [ladder]: "naive" } });
  record(rec);
  const solution = rec.finish().solutions.find((one) => one.ladder === ladder);
  if (!solution) throw new Error(`awkward: ${ladder} solved nothing`);
  return solution;
}

function convProblem(ladder: string, shape: ConvShape, capabilities: Capabilities): AwkwardProblem {
  const { x: ofX, k, o, strides = [1, 1], padding = "valid" } = shape;
  const isForward = ladder === forwardLadder.name;
  const activation = (isForward ? shape.activation : undefined) ?? "linear";
  const ofW = [...k, ofX[3], o];
  const geometry = convGeometry(ofX, ofW, { strides, padding, activation });
  const { n, oh, ow } = geometry;
  const x = persistentTensor(ofX, "x");
  const w = persistentTensor(ofW, "w");
  const b = isForward && shape.activation ? persistentTensor([o], "b") : null;
  const y = persistentTensor([n, oh, ow, o], isForward ? "y" : "dy");
  const solution = solutionOf(ladder, capabilities, (rec) => {
    if (isForward) climb(rec, forwardLadder, { geometry, x, w, b, y, activation });
    else if (ladder === inputGradientLadder.name) {
      climb(rec, inputGradientLadder, { geometry, dy: y, w, dx: persistentTensor(ofX, "dx") });
    } else {
      const [dw, db] = [persistentTensor(ofW, "dw"), persistentTensor([o], "db")];
      climb(rec, weightGradientLadder, { geometry, x, dy: y, dw, db });
    }
  });
  const epilogue = b ? ` +bias ${activation}` : "";
  return {
    label: `(${ofX}) by ${k.join("×")}→${o} stride ${strides} ${padding}${epilogue}`,
    solution,
  };
}

function groupedProblem(
  ladder: string,
  shape: GroupedShape,
  capabilities: Capabilities,
): AwkwardProblem {
  const { x: ofX, k, o, groups, strides = [1, 1], padding = "valid", dilation = [1, 1] } = shape;
  const ofW = [...k, ofX[3] / groups, o];
  const geometry = groupedGeometry(ofX, ofW, { strides, padding, dilation, groups });
  const [x, w] = [persistentTensor(ofX, "x"), persistentTensor(ofW, "w")];
  const ofY = [geometry.n, geometry.oh, geometry.ow, o];
  const dy = persistentTensor(ofY, "dy");
  const solution = solutionOf(ladder, capabilities, (rec) => {
    if (ladder === groupedForward.name) {
      climb(rec, groupedForward, { geometry, x, w, y: persistentTensor(ofY, "y") });
    } else if (ladder === groupedDx.name) {
      climb(rec, groupedDx, { geometry, dy, w, dx: persistentTensor(ofX, "dx") });
    } else climb(rec, groupedDw, { geometry, x, dy, dw: persistentTensor(ofW, "dw") });
  });
  const by = `${k.join("×")}→${o} in ${groups}`;
  return { label: `(${ofX}) by ${by} stride ${strides} ${padding}`, solution };
}

function gemmProblem(
  turn: number,
  [m, n, k]: GemmExtents,
  capabilities: Capabilities,
): AwkwardProblem {
  const [transA, transB] = [turn % 2 > 0, turn % 4 > 1];
  const epilogue = Math.floor(turn / 2);
  const activation = ACTIVATIONS[epilogue % ACTIVATIONS.length] ?? "linear";
  const hasBias = turn % 3 === 0;
  const isSloped = activation === "linear" && !hasBias;
  const isAdded = activation === "linear" && hasBias;
  const solution = solutionOf(GEMM.name, capabilities, (rec) =>
    recordGemmInto(rec, persistentTensor([m, n], "c"), {
      ...{ op: "dense", transA, transB, activation },
      a: persistentTensor(transA ? [k, m] : [m, k], "a"),
      b: persistentTensor(transB ? [n, k] : [k, n], "b"),
      bias: hasBias ? persistentTensor([n], "bias") : null,
      // What only gradients ask for.
      slope: isSloped ? { activation: "relu", y: persistentTensor([m, n], "y") } : null,
      sums: transA && !transB ? persistentTensor([n], "sums") : null,
      residual: isAdded ? persistentTensor([m, n], "residual") : null,
    }),
  );
  const stored = `${transA ? "aᵀ" : "a"}·${transB ? "bᵀ" : "b"}`;
  const end = isSloped
    ? "· relu′(y)"
    : `${hasBias ? "+bias " : ""}${isAdded ? "+residual" : activation}`;
  return { label: `${m}×${n}×${k} ${stored} ${end}`, solution };
}
