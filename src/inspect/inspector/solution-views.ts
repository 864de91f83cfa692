// What ladders solved, with every rung of the ladder: why it was taken or not, and how long it takes, alone, on the inputs that the
// problem has in the step.

import type { Device } from "../../engine/core/device.ts";
import type { Tensor } from "../../engine/core/tensor.ts";
import { keyOfSolution, LADDERS } from "../../engine/ops/ladders.ts";
import type { Executable } from "../../engine/program/executor.ts";
import { preferenceOf, rungOfName } from "../../engine/program/ladder.ts";
import type { Capabilities, Dispatch, Solution } from "../../engine/program/program.ts";
import { productOf } from "../verify/reference/products.ts";
import { solvedAlone } from "../verify/solve.ts";
import type { Values, Walk } from "../walk.ts";
import type { RungView, SolutionView } from "./inspector-document.ts";

const SAMPLES = 5;
/** Milliseconds that the runs of one sample should fill. */
const SAMPLE_MS = 4;
const MOST_RUNS = 200;

/** Milliseconds by rung. */
export type RungTimes = ReadonlyMap<string, number>;

/** Measures problems as the walk comes to them, like ones once, until its time is up. */
export class RungClock {
  readonly #device: Device;
  readonly #until: number;
  readonly #known = new Map<string, RungTimes>();

  constructor(device: Device, budgetMs: number) {
    this.#device = device;
    this.#until = performance.now() + budgetMs;
  }

  /** The walk must stand before the solution's first dispatch. */
  async time(solution: Solution, walk: Walk): Promise<RungTimes> {
    const key = keyOfSolution(solution);
    const known = this.#known.get(key);
    if (known) return known;
    const product = productOf(solution);
    const times = new Map<string, number>();
    if (!product || performance.now() > this.#until) return times;
    const read = new Map<Tensor["storage"], Values>();
    for (const tensor of product.inputs) read.set(tensor.storage, await walk.read(tensor));
    const values = ({ storage, label }: Tensor): Values => {
      const found = read.get(storage);
      if (!found) throw new Error(`inspect: ${label} is no input of ${solution.ladder}`);
      return found;
    };
    for (const rung of withVariant(solution.fitting, solution.rung)) {
      if (performance.now() > this.#until) break;
      const request = { solution, product, rung, values };
      times.set(
        rung,
        await solvedAlone(this.#device, request, (executable) =>
          medianMs(this.#device, executable),
        ),
      );
    }
    this.#known.set(key, times);
    return times;
  }
}

/** Of one run, after one that compiles. */
async function medianMs(device: Device, executable: Executable): Promise<number> {
  const run = async (times: number): Promise<number> => {
    const start = performance.now();
    executable.run(times);
    await device.settle();
    return performance.now() - start;
  };
  await run(1);
  const single = await run(1);
  const runs = Math.max(1, Math.min(MOST_RUNS, Math.round(SAMPLE_MS / single)));
  const samples: number[] = [];
  for (let sample = 0; sample < SAMPLES; sample++) samples.push((await run(runs)) / runs);
  return samples.sort((a, b) => a - b)[Math.floor(SAMPLES / 2)] ?? single;
}

export function solutionView(
  solution: Solution,
  parts: {
    readonly dispatches: readonly Dispatch[];
    readonly capabilities: Capabilities;
    readonly times: RungTimes;
  },
): SolutionView {
  const { id, ladder, rung } = solution;
  const own = parts.dispatches.filter((dispatch) => isOf(dispatch.solution, solution));
  const names = LADDERS.find(({ name }) => name === ladder)?.rungs.map(({ name }) => name) ?? [];
  return {
    ...{ id, ladder, rung },
    reason: reasonOf(solution, parts.capabilities),
    dispatches: own.map((dispatch) => dispatch.id),
    rungs: withVariant(names, rung).map((name): RungView => {
      const ms = parts.times.get(name) ?? null;
      return {
        ...{ name, ms, isTaken: name === rung },
        note: noteOf(solution, { name, capabilities: parts.capabilities, ms }),
      };
    }),
  };
}

/** The names of rungs, and behind its own rung the taken one's where that is a variant. */
function withVariant(names: readonly string[], taken: string): readonly string[] {
  const at = names.indexOf(rungOfName(taken));
  return names.includes(taken) ? names : [...names.slice(0, at + 1), taken, ...names.slice(at + 1)];
}

export function isOf(inner: Solution | null, solution: Solution): boolean {
  return inner === solution || (inner !== null && isOf(inner.within, solution));
}

function reasonOf({ rung, isAsked, isMeasured }: Solution, capabilities: Capabilities): string {
  if (isAsked) return "asked for by --rung";
  if (isMeasured) return "measured to be the fastest for this problem on this adapter";
  const kind = capabilities.isSoftware ? "a software adapter" : "a hardware adapter";
  const order = preferenceOf(capabilities);
  const tried = order.slice(0, (order as readonly string[]).indexOf(rung) + 1);
  return `first of ${order.join(", ")} that fits and suits ${kind}; tried ${tried.join(", ")}`;
}

function noteOf(
  { rung, fitting, isAsked, isMeasured }: Solution,
  {
    name,
    capabilities,
    ms,
  }: { readonly name: string; readonly capabilities: Capabilities; readonly ms: number | null },
): string {
  const unmeasured = ms === null ? "not measured: its time was up" : "";
  if (name === rung) return unmeasured;
  if (!fitting.includes(name)) return "does not fit the problem or the adapter";
  const order: readonly string[] = preferenceOf(capabilities);
  const why = isAsked
    ? `${rung} was asked for`
    : isMeasured
      ? `${rung} was measured to be faster`
      : !order.includes(name)
        ? "not in the order for this kind of adapter"
        : order.indexOf(name) < order.indexOf(rung)
          ? "fits, but was not measured to be worth it for such a problem"
          : `comes after ${rung} in the order`;
  return unmeasured === "" ? why : `${why}; ${unmeasured}`;
}
