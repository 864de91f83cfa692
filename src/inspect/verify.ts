// Holds a step against what it should compute, unit by unit, each on the inputs that it really had: what a ladder solved,
// against the naive rung on the same inputs; that, and every other op, against float64 loops on the host. Between units the
// step runs on, so a weight is seen as it was before its update.

import type { Device } from "../engine/core/device.ts";
import { type Shape, sizeOf } from "../engine/core/shape.ts";
import type { Tensor } from "../engine/core/tensor.ts";
import type { Executable } from "../engine/program/executor.ts";
import type { Pass } from "../engine/program/program.ts";
import { type Comparison, compare, sampled } from "./compare.ts";
import { expectedBeside, type Product, productOf } from "./reference/products.ts";
import type { Output, Task } from "./reference/reference.ts";
import { referenceOf } from "./reference/references.ts";
import { solveOn } from "./solve.ts";
import { endOf, firstOf, inputsOf, type Unit, unitsOf } from "./units.ts";
import { type Values, Walk } from "./walk.ts";

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
}

/** A unit for which nobody has written down what it should compute. */
export interface Uncovered {
  readonly id: number;
  readonly kernels: readonly string[];
  readonly layers: readonly string[];
}

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
  readonly onUnit?: (done: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export function isWithin({ outside }: Comparison): boolean {
  return outside === 0;
}

/** Runs the step once and checks all of it. The executable must have been compiled without shared slots. */
export async function verifyStep(
  device: Device,
  executable: Executable,
  options: VerifyOptions = {},
): Promise<Verification> {
  const walk = new Walk(executable);
  const units = unitsOf(executable.dispatches);
  const checks: Check[] = [];
  const uncovered: Uncovered[] = [];
  for (const [index, unit] of units.entries()) {
    options.signal?.throwIfAborted();
    options.onUnit?.(index, units.length);
    const found = await checkUnit({ device, walk, unit, options });
    if (found) checks.push(...found);
    else uncovered.push(whatOf(unit));
  }
  device.check();
  options.onUnit?.(units.length, units.length);
  return { program: executable.program.name, units: units.length, checks, uncovered };
}

interface UnitRequest {
  readonly device: Device;
  readonly walk: Walk;
  readonly unit: Unit;
  readonly options: VerifyOptions;
}

async function checkUnit({ device, walk, unit, options }: UnitRequest): Promise<Check[] | null> {
  walk.runTo(firstOf(unit).id);
  const task = await taskOf(walk, unit);
  const outputs = referenceOf(task);
  walk.runTo(endOf(unit));
  if (!outputs) return null;
  const results: Result[] = [];
  for (const output of outputs) results.push({ output, got: await walk.read(output.tensor) });
  const { rung = null } = unit.solution ?? {};
  const checks = results.map((result) => checkOnHost({ unit, rung, ...result }, options));
  const product = unit.solution && productOf(unit.solution);
  if (!product) return checks;
  for (const { output, got } of results) {
    checks.push(...(await checkRungs({ device, task, product, output, got, options })));
  }
  return checks;
}

/** What the unit is about to run on. */
async function taskOf(walk: Walk, unit: Unit): Promise<Task> {
  const read = new Map<Tensor["storage"], Values>();
  const inputs = [...inputsOf(unit), ...(productInputs(unit) ?? [])];
  for (const tensor of inputs) read.set(tensor.storage, await walk.read(tensor));
  const values = ({ label, storage }: Tensor): Values => {
    const found = read.get(storage);
    if (!found) throw new Error(`verify: ${label} is no input of #${firstOf(unit).id}`);
    return found;
  };
  return { unit, values };
}

function productInputs({ solution }: Unit): readonly Tensor[] | undefined {
  return solution ? productOf(solution)?.inputs : undefined;
}

interface Result {
  readonly output: Output;
  readonly got: Values;
}

interface HostCheck extends Result {
  readonly unit: Unit;
  readonly rung: string | null;
}

function checkOnHost(
  { unit, rung, output, got }: HostCheck,
  { hostWork = 2e6 }: VerifyOptions,
): Check {
  const most = Math.max(64, Math.floor(hostWork / output.cost));
  const indices = sampled(sizeOf(output.tensor.shape), most);
  const comparison = compare(got, indices, (index) => output.at(index));
  return { ...describe(unit, output, rung), against: "float64", ...comparison };
}

interface RungCheck extends Result {
  readonly device: Device;
  readonly task: Task;
  readonly product: Product;
  readonly options: VerifyOptions;
}

/** What the step got against the naive rung; and on demand the other rungs, against both. */
async function checkRungs(request: RungCheck): Promise<Check[]> {
  const { device, task, product, output, options } = request;
  const { unit, values } = task;
  const { solution } = unit;
  if (!solution) return [];
  const others = options.everyRung ? solution.fitting.filter((rung) => rung !== solution.rung) : [];
  if (solution.rung === "naive" && others.length === 0) return [];
  const solve = (rung: string, magnitudes = false) =>
    solveOn(device, { solution, product, values, rung, magnitudes });
  const naive = await solve("naive");
  const magnitudes = await solve("naive", true);
  const beside = (rung: string, got: Values): Check => {
    const comparison = compare(got, sampled(naive.length, naive.length), (index) =>
      expectedBeside(product, naive[index] ?? Number.NaN, magnitudes[index] ?? Number.NaN),
    );
    return { ...describe(unit, output, rung), against: "naive", ...comparison };
  };
  const checks = solution.rung === "naive" ? [] : [beside(solution.rung, request.got)];
  for (const rung of others) {
    const got = rung === "naive" ? naive : await solve(rung);
    if (rung !== "naive") checks.push(beside(rung, got));
    checks.push(checkOnHost({ unit, rung, output, got }, options));
  }
  return checks;
}

function describe(unit: Unit, { tensor, terms }: Output, rung: string | null) {
  const { pass, op, site } = firstOf(unit);
  return {
    ...whatOf(unit),
    ...{ op, pass, site, rung },
    ladder: unit.solution?.ladder ?? null,
    tensor: tensor.label,
    shape: tensor.shape,
    elements: sizeOf(tensor.shape),
    terms,
  };
}

function whatOf(unit: Unit): Uncovered {
  const { id, layers } = firstOf(unit);
  return { id, layers, kernels: unit.dispatches.map(({ kernel }) => kernel.label) };
}
