// Holds a step against what it should compute, unit by unit, each on the inputs that it really had: what a ladder solved,
// against the naive rung on the same inputs; that, and every other op, against float64 loops on the host. Between units the
// step runs on, so a weight is seen as it was before its update.

import type { Device } from "../../engine/core/device.ts";
import { type Shape, sizeOf } from "../../engine/core/shape.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import type { Executable } from "../../engine/program/executor.ts";
import type { Pass, Program } from "../../engine/program/program.ts";
import { endOf, firstOf, inputsOf, type Unit, unitsOf } from "../units.ts";
import { type VariablePlace, variableAt } from "../variable-at.ts";
import { isFloat, type Values, Walk } from "../walk.ts";
import { type Comparison, compare, sampled } from "./compare.ts";
import type { Product } from "./reference/product.ts";
import { expectedBeside, productOf, resultsOf } from "./reference/products.ts";
import { type Expected, type Output, stored, type Task } from "./reference/reference.ts";
import { referenceOf } from "./reference/references.ts";
import { roomOf, withRoom } from "./room.ts";
import { solveOn } from "./solve.ts";

/** One result of a unit, held against one truth. */
export interface Check extends Comparison {
  /** The unit's first dispatch. */
  readonly id: number;
  readonly kernels: readonly string[];
  readonly op: string;
  readonly layers: readonly string[];
  readonly pass: Pass;
  readonly site: string | null;
  readonly ladder: string | null;
  /** The rung whose result it is. */
  readonly rung: string | null;
  readonly against: "naive" | "float64";
  readonly tensor: string;
  readonly shape: Shape;
  readonly elements: number;
  /** Of the longest sum. */
  readonly terms: number;
  /** Of the worst element, where the tensor is an arena. */
  readonly variable: VariablePlace | null;
}

/** A unit for which nobody has written down what it should compute. */
export interface Uncovered {
  readonly id: number;
  readonly kernels: readonly string[];
  readonly layers: readonly string[];
}

/** What became of a step's units: a unit is a problem of a ladder with its dispatches, or else one dispatch. */
export interface Verification {
  readonly program: string;
  readonly units: number;
  readonly checks: readonly Check[];
  readonly uncovered: readonly Uncovered[];
}

export interface VerifyOptions {
  /** Also every other rung that fits a problem, on the inputs that it had in the step; default false. */
  readonly everyRung?: boolean;
  /** Multiply-adds on the host a result; what takes more is sampled. Default 2 million. */
  readonly hostWork?: number;
  /** Which units are checked; the others only run. Default: all. */
  readonly only?: (unit: Unit) => boolean;
  readonly onUnit?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

/** Whether no element is further off than its bound. */
export function isWithin({ outside }: Comparison): boolean {
  return outside === 0;
}

/** Runs the step once and checks all of it. The executable must have been compiled without shared slots. */
export async function verifyStep(
  device: Device,
  executable: Executable,
  options: VerifyOptions = {},
): Promise<Verification> {
  const { program } = executable;
  const request = { device, program, walk: new Walk(executable), options };
  const units = unitsOf(executable.dispatches).filter(options.only ?? (() => true));
  const checks: Check[] = [];
  const uncovered: Uncovered[] = [];
  for (const [index, unit] of units.entries()) {
    options.signal?.throwIfAborted();
    options.onUnit?.(index, units.length);
    const found = await checkUnit(request, unit);
    if (found) checks.push(...found);
    else uncovered.push(whatOf(unit));
  }
  device.check();
  options.onUnit?.(units.length, units.length);
  return { program: program.name, units: units.length, checks, uncovered };
}

interface Request {
  readonly device: Device;
  readonly program: Program;
  readonly walk: Walk;
  readonly options: VerifyOptions;
}

async function checkUnit(request: Request, unit: Unit): Promise<Check[] | null> {
  const { walk } = request;
  walk.runTo(firstOf(unit).id);
  const task = await taskOf(walk, unit);
  const outputs = referenceOf(task);
  walk.runTo(endOf(unit));
  if (!outputs) return null;
  const rung = unit.solution?.rung ?? null;
  const product = unit.solution && productOf(unit.solution);
  const checks: Check[] = [];
  for (const output of outputs) {
    const result = { task, output, rung, got: await walk.read(output.tensor) };
    checks.push(checkOnHost(request, result));
    const of = product && resultsOf(product).find(({ out }) => out === output.tensor);
    if (product && of) checks.push(...(await checkRungs(request, result, { product, of })));
  }
  return checks;
}

/** What the unit is about to run on. */
async function taskOf(walk: Walk, unit: Unit): Promise<ReadTask> {
  const read = new Map<Tensor["storage"], Values>();
  const product = unit.solution && productOf(unit.solution);
  for (const tensor of [...inputsOf(unit), ...(product?.inputs ?? [])]) {
    read.set(tensor.storage, await walk.read(tensor));
  }
  const values = ({ label, storage }: Tensor): Values => {
    const found = read.get(storage);
    if (!found) throw new Error(`verify: ${label} is no input of #${firstOf(unit).id}`);
    return found;
  };
  const areFinite = [...read.values()].every((one) => !isFloat(one) || one.every(Number.isFinite));
  return { unit, values, areFinite };
}

interface ReadTask extends Task {
  /** Whether all that the unit runs on is; a step in mixed precision may have gradients that are not, and is left out then. */
  readonly areFinite: boolean;
}

interface Result {
  readonly task: ReadTask;
  readonly output: Output;
  readonly rung: string | null;
  readonly got: Values;
}

function checkOnHost({ program, options }: Request, result: Result): Check {
  const { output } = result;
  const { hostWork = 2e6 } = options;
  const most = Math.max(64, Math.floor(hostWork / output.cost));
  const room = roomOf(result.task.unit.solution, result);
  const { shape, dtype } = output.tensor;
  const comparison = compareResult(result, sampled(sizeOf(shape), most), (index) => {
    const expected = withRoom(output.at(index), room);
    return expected && stored(expected, dtype);
  });
  return checkOf(program, result, { against: "float64", ...comparison });
}

/**
 * Of inputs that are not finite, only numbers are compared with numbers: whether zeros of padding, or of a slope, are multiplied with
 * them, which gives NaN, is the kernel's own. (That NaN stays NaN is what test/ops/non-finite.test.ts is about.)
 */
function compareResult(
  { task, got }: Result,
  indices: Iterable<number>,
  expectedAt: (index: number) => Expected | null,
): Comparison {
  const areNumbers = (index: number, { value }: Expected) =>
    Number.isFinite(got[index]) && Number.isFinite(value);
  return compare(got, indices, (index) => {
    const expected = expectedAt(index);
    return expected && (task.areFinite || areNumbers(index, expected)) ? expected : null;
  });
}

/** What the step got against the naive rung; and on demand the other rungs, against both. */
async function checkRungs(
  request: Request,
  result: Result,
  { product, of }: { readonly product: Product; readonly of: Product },
): Promise<Check[]> {
  const { device, program, options } = request;
  const { unit, values } = result.task;
  const { solution } = unit;
  if (!solution) return [];
  const others = options.everyRung ? solution.fitting.filter((rung) => rung !== solution.rung) : [];
  if (solution.rung === "naive" && others.length === 0) return [];
  const solve = (rung: string, magnitudes = false) =>
    solveOn(device, { solution, product, of, values, rung, magnitudes });
  const naive = await solve("naive");
  const magnitudes = await solve("naive", true);
  const besideNaive = (one: Result): Check => {
    const room = roomOf(solution, one);
    const expectedAt = (index: number) =>
      expectedBeside(of, naive[index] ?? Number.NaN, magnitudes[index] ?? Number.NaN);
    const comparison = compareResult(one, naive.keys(), (index) =>
      withRoom(expectedAt(index), room),
    );
    return checkOf(program, one, { against: "naive", ...comparison });
  };
  const checks = solution.rung === "naive" ? [] : [besideNaive(result)];
  for (const rung of others) {
    const other = { ...result, rung, got: rung === "naive" ? naive : await solve(rung) };
    if (rung !== "naive") checks.push(besideNaive(other));
    checks.push(checkOnHost(request, other));
  }
  return checks;
}

function checkOf(
  program: Program,
  { task: { unit }, output: { tensor, terms }, rung }: Result,
  comparison: Comparison & Pick<Check, "against">,
): Check {
  const { pass, op, site } = firstOf(unit);
  const { worst } = comparison;
  return {
    ...whatOf(unit),
    ...{ op, pass, site, rung, terms, ...comparison },
    ladder: unit.solution?.ladder ?? null,
    tensor: tensor.label,
    shape: tensor.shape,
    elements: sizeOf(tensor.shape),
    variable: worst && variableAt(program, tensor, worst.index),
  };
}

function whatOf(unit: Unit): Uncovered {
  const { id, layers } = firstOf(unit);
  return { id, layers, kernels: unit.dispatches.map(({ kernel }) => kernel.label) };
}
