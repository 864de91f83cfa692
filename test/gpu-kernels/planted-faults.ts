// Faults that are planted into kernels to see that the bench finds them, each in one rung: a missing barrier, a wrong stride, a tail
// without its guard, a wrong map. They are tried by the bench itself on each adapter that has the rung, and by its test where the
// suite's adapter has it.

import type { Device } from "../../src/engine/core/device.ts";
import { rungOfName } from "../../src/engine/program/ladder.ts";
import type { Capabilities } from "../../src/engine/program/program.ts";
import { type Fault, plantFault } from "../support/plant-fault.ts";
import { type BenchProblem, checkCase, inHalves, waysOf } from "./check-case.ts";
import { FOR_HALVES, problemsOf } from "./problems.ts";

export interface PlantedFault {
  readonly ladder: string;
  readonly rung: string;
  readonly fault: Fault;
  /** What is said of it; default that elements differ, or that something was written outside. */
  readonly said?: RegExp;
}

const SAID = /elements differ|was written/;

/** `gemm on subgroup-matrix, "…" for "…"`. */
export function labelOf({ ladder, rung, fault: { from, to } }: PlantedFault): string {
  return `${ladder} on ${rung}, ${JSON.stringify(to)} for ${JSON.stringify(from)}`;
}

/** Whether its rung asks for what only the bench's own adapters have. */
export function isForHalves({ rung }: PlantedFault): boolean {
  return rungOfName(rung) === FOR_HALVES;
}

/** The problems of the bench's short run that its rung solves on such an adapter. */
function problemsFor(planted: PlantedFault, capabilities: Capabilities): readonly BenchProblem[] {
  const { ladder, rung } = planted;
  const problems = problemsOf(ladder, true);
  return (isForHalves(planted) ? problems.map(inHalves) : problems).filter((problem) => {
    const { rungs, variants } = waysOf(problem, ladder, capabilities);
    return [...rungs, ...variants].includes(rung);
  });
}

/** Those whose rungs are on an adapter. */
export function plantedOn(capabilities: Capabilities): readonly PlantedFault[] {
  return PLANTED_FAULTS.filter((planted) => problemsFor(planted, capabilities).length > 0);
}

/**
 * Plants the fault into the rung's solution of the problems that it fits, one after another until one shows it.
 * Why the fault counts as missed, in words; null where it is found by a problem that the rung solves without it.
 */
export async function missedFault(
  planted: PlantedFault,
  { device, capabilities }: { readonly device: Device; readonly capabilities: Capabilities },
): Promise<string | null> {
  const { ladder, rung, fault, said = SAID } = planted;
  let last = "no problem fits";
  for (const problem of problemsFor(planted, capabilities)) {
    const solved = { device, problem, capabilities, rungs: { [ladder]: rung } };
    const faulty = await checkCase({ ...solved, alter: (program) => plantFault(program, fault) });
    last = faulty.faults.join("\n") || "nothing was said";
    if (!said.test(last)) continue;
    const { faults } = await checkCase(solved);
    return faults.length === 0 ? null : `found, but without it too: ${faults.join("\n")}`;
  }
  return `not found: ${last}`;
}

/** The loop over the steps of the sum, by which invocations or subgroups hand each other the tiles. */
const LOADED = {
  from: "workgroupBarrier();\n    k += DEPTH;",
  to: "\n    k += DEPTH;",
};
const MULTIPLIED = {
  from: "multiply_tiles(&sums, mine);\n    workgroupBarrier();",
  to: "multiply_tiles(&sums, mine);\n",
};
const ROW_GUARD = { from: "row >= params.rows || ", to: "" };
const COLUMN_GUARD = { from: " || column >= params.columns", to: "" };
const END_OF_SPLIT = {
  from: "min((wg.z + 1u) * params.split_depth, params.depth)",
  to: "(wg.z + 1u) * params.split_depth",
};

/** A barrier, a stride and a tail in turn. */
const TILED: readonly PlantedFault[] = [
  ...faultsIn("gemm", "tiled", [
    LOADED,
    {
      from: "right_tile[at.y * RIGHT_STRIDE + at.x]",
      to: "right_tile[at.y * COLUMN_WORDS + at.x]",
    },
    { from: "row >= params.m || column >= params.n", to: "column >= params.n" },
  ]),
  ...faultsIn("gemm", "subgroup-matrix", [
    LOADED,
    {
      from: "subgroupMatrixLoad<Right, row_major>(&right_tile, at, RIGHT_STRIDE)",
      to: "subgroupMatrixLoad<Right, row_major>(&right_tile, at, COLUMN_WORDS)",
    },
    { from: "row >= params.m || column >= params.n", to: "row >= params.m" },
  ]),
  ...faultsIn("conv2d.forward", "tiled", [
    LOADED,
    {
      from: "right_tile[at.y * RIGHT_STRIDE + at.x]",
      to: "right_tile[at.y * COLUMN_WORDS + at.x]",
    },
    ROW_GUARD,
  ]),
  ...faultsIn("conv2d.dx", "tiled", [
    MULTIPLIED,
    { from: "left_tile[at.y * LEFT_STRIDE + at.x]", to: "left_tile[at.y * ROW_WORDS + at.x]" },
    COLUMN_GUARD,
  ]),
  ...faultsIn("conv2d.dw", "tiled", [
    {
      from: "row_place(first_row + r); }\n  workgroupBarrier();",
      to: "row_place(first_row + r); }\n",
    },
    { from: "right_tile[step * RIGHT_STRIDE +", to: "right_tile[step * COLUMN_WORDS +" },
    END_OF_SPLIT,
  ]),
  ...faultsIn("conv2d.forward", "subgroup-matrix", [
    { from: "workgroupBarrier();\n    for (var i = local;", to: "\n    for (var i = local;" },
    {
      from: "subgroupMatrixLoad<Left, col_major>(&left_tile, at, LEFT_STRIDE)",
      to: "subgroupMatrixLoad<Left, col_major>(&left_tile, at, ROW_WORDS)",
    },
    ROW_GUARD,
  ]),
  ...faultsIn("conv2d.dx", "subgroup-matrix", [
    MULTIPLIED,
    { from: "(*sums)[r][v], TILE_COLUMNS)", to: "(*sums)[r][v], TILE_COLUMNS - 4u)" },
    COLUMN_GUARD,
  ]),
  ...faultsIn("conv2d.dw", "subgroup-matrix", [
    {
      from: "row_place(first_row + r); }\n  workgroupBarrier();",
      to: "row_place(first_row + r); }\n",
    },
    { from: "let at = step * RIGHT_STRIDE +", to: "let at = step * COLUMN_WORDS +" },
    END_OF_SPLIT,
  ]),
];

function faultsIn(
  ladder: string,
  rung: string,
  texts: readonly Pick<Fault, "from" | "to">[],
): readonly PlantedFault[] {
  const kernel = ladder === "gemm" ? "gemm/tiled/multiply" : "conv2d/tiled/multiply";
  return texts.map((text) => ({ ladder, rung, fault: { kernel, ...text } }));
}

export const PLANTED_FAULTS: readonly PlantedFault[] = [
  ...TILED,
  {
    ladder: "gemm",
    rung: "subgroup 25-rows",
    fault: {
      kernel: "gemm/subgroup/multiply_tall",
      from: "4u * FIFTH, half",
      to: "3u * FIFTH, half",
    },
  },
  {
    ladder: "conv2d.forward",
    rung: "winograd4",
    fault: { kernel: "conv2d/winograd4/transform_output", from: "P * (m[1]", to: "Q * (m[1]" },
    said: /^y .*elements differ/,
  },
  {
    ladder: "conv2d.forward",
    rung: "winograd4",
    fault: { kernel: "conv2d/winograd4/transform_output", from: " || column >= params.ow", to: "" },
  },
  {
    ladder: "conv2d.dx",
    rung: "winograd4",
    fault: { kernel: "conv2d/winograd4/transform_weights", from: "2u - across", to: "across" },
    said: /^dx .*elements differ/,
  },
  {
    ladder: "conv2d.dw",
    rung: "winograd4",
    fault: {
      kernel: "conv2d/winograd4/transform_gradient",
      from: "Q * (d[1] + 2.0",
      to: "Q * (d[1] - 2.0",
    },
    said: /^dw .*elements differ/,
  },
  {
    ladder: "conv2d.forward",
    rung: "toeplitz",
    fault: {
      kernel: "conv2d/toeplitz/transform_output",
      from: "put(starts.y, 1u",
      to: "put(starts.y, 2u",
    },
  },
  {
    ladder: "conv2d.dx",
    rung: "toeplitz",
    fault: { kernel: "conv2d/toeplitz/transform_weights", from: "2u - across", to: "across" },
    said: /^dx .*elements differ/,
  },
  {
    ladder: "conv2d.dw",
    rung: "toeplitz",
    fault: { kernel: "conv2d/toeplitz/transform_products", from: "m[0] - m[1]", to: "m[0] + m[1]" },
    said: /^dw .*elements differ/,
  },
  {
    ladder: "conv2d.dw",
    rung: "sliding",
    fault: { kernel: "conv2d/dw-sliding/sum_windows", from: "e % SUBGROUP);", to: "0u);" },
    said: /^dw .*elements differ/,
  },
  {
    ladder: "conv2d.dw",
    rung: "sliding",
    fault: { kernel: "conv2d/dw-sliding/sum_windows", from: "i < params.i && k", to: "k" },
  },
  {
    ladder: "grouped-conv2d.forward",
    rung: "sliding",
    fault: {
      kernel: "conv2d/sliding/forward",
      from: "sums[i] = sums[i + TILE]",
      to: "sums[i] = sums[i]",
    },
    said: /^y .*elements differ/,
  },
  {
    ladder: "grouped-conv2d.forward",
    rung: "sliding",
    fault: { kernel: "conv2d/sliding/forward", from: "row >= place.row && row < end", to: "true" },
  },
  {
    ladder: "grouped-conv2d.dx",
    rung: "sliding",
    fault: {
      kernel: "conv2d/sliding/input_gradient",
      from: "if (column < params.w) { dx",
      to: "if (column <= params.w) { dx",
    },
  },
  {
    ladder: "grouped-conv2d.dw",
    rung: "sliding",
    fault: {
      kernel: "conv2d/sliding/weight_gradient",
      from: "step < end && column",
      to: "column",
    },
    said: /^dw .*elements differ/,
  },
];
