// The process that the bench starts for one adapter: runs the cases on it, or checks kernels within limits, and tells of each.

import { switchesOf } from "../../src/engine/core/wgsl.ts";
import { LADDERS } from "../../src/engine/ops/ladders.ts";
import type { Dispatch } from "../../src/engine/program/program.ts";
import { openDevice } from "../../src/io/adapter.ts";
import { checkCase } from "./check-case.ts";
import { checkAllKernels, checkMatrices, checkModel, NullDevice } from "./check-limits.ts";
import { send, type WorkRequest } from "./messages.ts";
import { isForHalves, labelOf, missedFault, plantedOn } from "./planted-faults.ts";
import { PROBED_FEATURES, probesFor } from "./probes.ts";
import { benchCases, problemsOf } from "./problems.ts";
import { PROFILES, type Profile } from "./profiles.ts";
import { STEP_MODELS } from "./recorded-steps.ts";
import { checkBits } from "./same-bits.ts";

async function checkRungs({ isShort, filter }: WorkRequest): Promise<void> {
  const device = await openDevice({ features: PROBED_FEATURES });
  const { subgroupSize, matrices } = device;
  // As for hardware: sums are cut into more slices there.
  const capabilities = { subgroupSize, isSoftware: false, matrices };
  const cases = benchCases({ capabilities, isShort, filter });
  const ladders = isShort ? [] : bitsCases().filter(({ row }) => row.includes(filter));
  const planted = plantedOn(capabilities).filter(
    (one) => (!isShort || isForHalves(one)) && PLANTED.includes(filter),
  );
  const probes = probesFor(device).filter(({ subject }) => subject.includes(filter));
  send({
    bench: "adapter",
    name: device.name,
    total: cases.length + ladders.length + planted.length + probes.length,
  });
  for (const { subject, rung, problem } of cases) {
    const rungs = rung === "" ? {} : { [subject]: rung };
    const { faults, dispatches } = await checkCase({ device, problem, capabilities, rungs });
    const row = `${subject} ${rung}`.trim();
    send({ bench: "result", row, label: problem.label, tried: 1, faults });
    tellSwitches(dispatches);
  }
  for (const { row, ladder, problem } of ladders) {
    const found = await checkBits({ device, ladder, problem, capabilities });
    send({ bench: "result", row, label: problem.label, ...found });
  }
  for (const one of planted) {
    const missed = await missedFault(one, { device, capabilities });
    const faults = missed === null ? [] : [missed];
    send({ bench: "result", row: PLANTED, label: labelOf(one), tried: 1, faults });
  }
  for (const { subject: row, problem } of probes) {
    const { faults } = await checkCase({ device, problem, capabilities });
    send({ bench: "result", row, label: problem.label, tried: 1, faults });
  }
}

/** Row of the faults that are to be found; in a short run those that the suite's own adapter cannot have. */
const PLANTED = "planted faults";

/** One in so many problems is solved on every variant, to compare their bits. */
const BITS_EACH = 7;

function bitsCases() {
  return LADDERS.flatMap(({ name: ladder }) =>
    problemsOf(ladder, false)
      .filter((_, index) => index % BITS_EACH === 4)
      .map((problem) => ({ row: `${ladder} same bits`, ladder, problem })),
  );
}

const told = new Set<string>();

function tellSwitches(dispatches: readonly Dispatch[]): void {
  for (const { kernel } of dispatches) {
    for (const name of switchesOf(kernel.shader.text)) {
      const on = kernel.flags?.[name] ?? false;
      const key = `${kernel.label} ${name} ${on}`;
      if (told.has(key)) continue;
      told.add(key);
      send({ bench: "switch", kernel: kernel.label, name, on });
    }
  }
}

/** Lists of kernels beside those of models. */
const LISTS = [
  ["all kernels", checkAllKernels],
  ["subgroup-matrix", checkMatrices],
] as const;

/** Not every maker's adapters have matrices of subgroups. */
function has({ matrices }: Profile, row: string): boolean {
  return row !== "subgroup-matrix" || matrices !== undefined;
}

async function checkLimits({ isShort, filter }: WorkRequest): Promise<void> {
  const device = await NullDevice.open();
  const absent = PROFILES.flatMap((profile) =>
    profile.subgroupSizes
      .slice(0, isShort ? 1 : undefined)
      .map((subgroupSize) => ({ device, profile, subgroupSize })),
  );
  const rows = [...STEP_MODELS, ...LISTS.map(([row]) => row)];
  const wanted = rows.filter((row) => row.includes(filter));
  const total = absent.reduce(
    (sum, { profile }) => sum + wanted.filter((row) => has(profile, row)).length,
    0,
  );
  send({ bench: "adapter", name: "Dawn's null backend", total });
  for (const one of absent) {
    const { profile, subgroupSize } = one;
    const label = `subgroups of ${subgroupSize ?? "no known size"}`;
    const of = { bench: "result", column: profile.name, label } as const;
    for (const model of STEP_MODELS.filter((name) => wanted.includes(name))) {
      send({ ...of, row: model, ...(await checkModel(one, model)) });
    }
    for (const [row, check] of LISTS) {
      if (wanted.includes(row) && has(profile, row)) send({ ...of, row, ...(await check(one)) });
    }
  }
}

const request = JSON.parse(process.argv[2] ?? "{}") as WorkRequest;
await (request.part === "limits" ? checkLimits(request) : checkRungs(request));
send({ bench: "done" });
// Dawn holds the process open.
process.stdout.write("", () => process.exit(0));
