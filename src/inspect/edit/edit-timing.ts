// Times a file's kernels before and after an edit, dispatch by dispatch on the live step's own problems: samples of both in turns, so
// that what disturbs the machine disturbs both. Each is replayed alone, as often in one submit as fills a few milliseconds.

import type { Device } from "../../engine/core/device.ts";
import type { Shader } from "../../engine/core/wgsl.ts";
import type { Executable } from "../../engine/program/executor.ts";
import { capabilitiesOf, type Dispatch, type Solution } from "../../engine/program/program.ts";
import { isBeyondSpread, sampled } from "../profile/statistics.ts";
import { randomInputs } from "../rungs/measure-rungs.ts";
import { openStep, programOfStep, STEP_KINDS } from "../step.ts";
import { productOf } from "../verify/reference/products.ts";
import { Stand } from "../verify/solve.ts";
import { awkwardProblems, rungsOfFile } from "./awkward-problems.ts";
import type { EditTime } from "./edit-trial.ts";
import { isOf, type LiveStep } from "./step-checks.ts";

export interface TimingRequest {
  /** Whose kernels are edited. */
  readonly trial: Device;
  readonly shader: Shader;
  readonly step: LiveStep | null;
  readonly rounds: number;
  readonly signal?: AbortSignal | undefined;
  readonly onRound?: ((done: number, total: number) => void) | undefined;
}

/** Milliseconds that the replays of one sample should fill. */
const SAMPLE_MS = 4;
const MOST_REPLAYS = 200;
/** Beside the live step: problems on rungs that it does not take. */
const MOST_ALONE = 4;

const SIDES = ["before", "after"] as const;
type Side = (typeof SIDES)[number];

interface Timed {
  readonly of: string;
  readonly what: string;
  readonly executable: Executable;
  readonly ids: readonly number[];
  replays: number;
  readonly before: number[];
  readonly after: number[];
}

/** The trial's kernels may be edited or not when it is over. */
export async function timeEdit(request: TimingRequest): Promise<readonly EditTime[]> {
  const { trial, shader, rounds, signal, onRound } = request;
  const closing: (() => void)[] = [];
  try {
    const inStep = await timedInStep(request, closing);
    const timed = inStep.length > 0 ? inStep : await timedAlone(request, closing);
    for (let round = 0; round < rounds; round++) {
      signal?.throwIfAborted();
      onRound?.(round, rounds);
      // Whichever comes first in a round has what a pause before it brings.
      for (const side of round % 2 === 0 ? SIDES : SIDES.toReversed()) {
        if (side === "after") await trial.kernels.edit(shader);
        else await trial.kernels.restore(shader.file);
        for (const one of timed) one[side].push(await sample(trial, one, side));
      }
    }
    return timed.map(timeOf);
  } finally {
    for (const close of closing) close();
  }
}

function timeOf({ of, what, before, after }: Timed): EditTime {
  const [was, is] = [sampled(before), sampled(after)];
  const isClear = isBeyondSpread(was, is);
  return { of, what, beforeMs: was.median, afterMs: is.median, isClear };
}

async function timedInStep(
  { trial, shader, step }: TimingRequest,
  closing: (() => void)[],
): Promise<readonly Timed[]> {
  if (!step) return [];
  const setups = STEP_KINDS.map((kind) => ({ ...step, kind }));
  const setup = setups.find((one) =>
    programOfStep(trial, one).dispatches.some((dispatch) => isOf(shader.file, dispatch)),
  );
  if (!setup) return [];
  const open = await openStep(trial, setup);
  closing.push(() => open.close());
  const { executable } = open;
  executable.run();
  await trial.settle();
  return executable.dispatches
    .filter((one) => isOf(shader.file, one))
    .map((one) => timed(executable, [one], { of: one.kernel.label, what: placeOf(one) }));
}

function placeOf({ layers, pass, solution }: Dispatch): string {
  const rung = solution ? `, ${solution.ladder} on ${solution.rung}` : "";
  return `${[...layers, pass].join(", ")}${rung}`;
}

/** The step's problems on the rungs that have the file; else the awkward ones that compute the most. */
async function timedAlone(
  { trial, shader: { file }, step }: TimingRequest,
  closing: (() => void)[],
): Promise<readonly Timed[]> {
  const capabilities = capabilitiesOf(trial);
  const live = step ? programOfStep(trial, { ...step, kind: "train" }).solutions : [];
  const onRungs = (solutions: readonly Solution[]) =>
    solutions
      .flatMap((solution) =>
        rungsOfFile(solution, file, capabilities).map((rung) => ({ solution, rung })),
      )
      .toSorted((a, b) => workOf(b.solution) - workOf(a.solution))
      .slice(0, MOST_ALONE);
  const ofStep = onRungs(live);
  const awkward = () => onRungs([...awkwardProblems(capabilities)].map((one) => one.solution));
  const all: Timed[] = [];
  for (const { solution, rung } of ofStep.length > 0 ? ofStep : awkward()) {
    const product = productOf(solution);
    if (!product) continue;
    const stand = new Stand(trial, { solution, product, values: randomInputs(product) });
    closing.push(() => stand.close());
    const executable = await stand.compile(stand.record(rung));
    const of = `${solution.ladder} on ${rung}`;
    const what = `(${product.out.shape.join(", ")}), sums of ${product.terms}`;
    all.push(timed(executable, executable.dispatches, { of, what }));
  }
  return all;
}

function workOf(solution: Solution): number {
  const product = productOf(solution);
  return product ? product.terms * product.out.shape.reduce((a, b) => a * b, 1) : 0;
}

function timed(
  executable: Executable,
  dispatches: readonly Dispatch[],
  about: Pick<Timed, "of" | "what">,
): Timed {
  const ids = dispatches.map(({ id }) => id);
  return { ...about, executable, ids, replays: 0, before: [], after: [] };
}

/** Milliseconds of one replay. */
async function sample(device: Device, one: Timed, side: Side): Promise<number> {
  // Drivers compile a kernel when it is first dispatched.
  if (one[side].length === 0) await run(device, one, 1);
  if (one.replays === 0) {
    const single = await run(device, one, 1);
    one.replays = Math.max(1, Math.min(MOST_REPLAYS, Math.round(SAMPLE_MS / single)));
  }
  return (await run(device, one, one.replays)) / one.replays;
}

async function run(device: Device, { executable, ids }: Timed, times: number): Promise<number> {
  const encoder = device.handle.createCommandEncoder({ label: "edit" });
  const pass = encoder.beginComputePass();
  for (let time = 0; time < times; time++) for (const id of ids) executable.encode(pass, id);
  pass.end();
  const start = performance.now();
  device.submit(encoder);
  await device.settle();
  return performance.now() - start;
}
