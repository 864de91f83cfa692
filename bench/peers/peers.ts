// `--peers FOLDER`: finds the peers, runs them in turns with our own cases on the adapter at hand, and prints the ratios.

import { loadData } from "../../src/cli/inputs/data-set.ts";
import type { FashionMnist } from "../../src/data/fashion-mnist.ts";
import type { Device } from "../../src/engine/core/device.ts";
import { UsageError } from "../../src/engine/core/errors.ts";
import { sampled } from "../../src/inspect/profile/statistics.ts";
import { benchCases } from "../../src/inspect/timing/cases.ts";
import { timeTaken } from "../../src/inspect/timing/time-case.ts";
import { openDevice } from "../../src/io/adapter.ts";
import type { JsonValue } from "../../src/io/files.ts";
import { countOf } from "../../src/report/story/numbers.ts";
import { timeBackbone } from "../backbone-forward.ts";
import { type BenchContext, ROUNDS } from "../bench-context.ts";
import { measuredScope } from "../measured-kernels.ts";
import { judgeMachine, machineLine, startSpin } from "../sitting/machine.ts";
import { adapterLines, BACKBONES, isWanted } from "../sitting/measure.ts";
import { PASS_BATCH, passName } from "../sitting/result.ts";
import { nameOfStep, needsData, STEP_CASES, timeStep } from "../train-steps.ts";
import { alternate } from "./alternate.ts";
import { findPeers, type Peer } from "./find-peers.ts";
import { peersLines, turnLines } from "./peers-text.ts";

/** Of LeNet-5's training step, each time that it is its turn. */
const STEPS = 200;

export async function comparePeers(context: BenchContext, folder: string): Promise<JsonValue> {
  const { flags, say, style, signal, terminal, setExitCode } = context;
  const peers = filtered(await findPeers(folder), flags.filter);
  say(style.bold(`vitrine: ${countOf(peers.length, "peer")} in turns with our own cases`));
  const date = new Date().toISOString();
  const spin = startSpin();
  const device = await openDevice(flags.adapter ? { adapter: flags.adapter } : {});
  const chosen = flags.measured ? await measuredScope(device, say) : device;
  for (const line of adapterLines(device)) say(line);
  const rounds = flags.rounds ?? ROUNDS;
  const live = terminal.live();
  const found = await alternate(peers, {
    ...{ rounds, signal, own: ownCases(context, chosen) },
    onTurned: (turn) => {
      for (const line of turnLines(turn)) say(line);
    },
    onTurn: (peer, round) => live.update(() => `round ${round} of ${rounds}: ${peer} …`),
  });
  live.finish();
  say();
  for (const line of peersLines(found)) say(line);
  // The rounds of a peer are samples of one and the same work.
  const ours = found.ratios.map(({ rounds: pairs }) => sampled(pairs.map(({ oursMs }) => oursMs)));
  const machine = judgeMachine(spin, ours);
  say();
  const line = machineLine(machine);
  say(machine.noisy ? style.yellow(line) : line);
  if (found.ratios.length === 0) setExitCode(1);
  const result = { date, adapter: device.name, software: device.isSoftware, machine, rounds };
  device.destroy();
  return { ...result, ...found } as unknown as JsonValue;
}

function filtered(peers: readonly Peer[], filter: string | undefined): readonly Peer[] {
  const wanted = peers.filter(
    ({ name, case: of }) => isWanted(filter, name) || isWanted(filter, of ?? ""),
  );
  if (wanted.length > 0) return wanted;
  throw new UsageError(`--filter: must be part of a peer's name or case, got ${filter}`, {
    help: `the peers are: ${peers.map(({ name }) => name).join(", ")}`,
  });
}

/** Times a case of ours by its name; data are loaded for the first that needs them. */
function ownCases(
  { flags, terminal }: BenchContext,
  device: Device,
): (name: string) => Promise<number | null> {
  let loading: Promise<FashionMnist> | undefined;
  return async (name) => {
    const kernel = [...benchCases()].find((one) => one.name === name);
    if (kernel) return await timeTaken(device, kernel);
    const backbone = BACKBONES.find((model) => passName(model) === name);
    if (backbone)
      return (await timeBackbone(device, { model: backbone, size: 32, batch: PASS_BATCH })).ms;
    const step = STEP_CASES.find((one) => nameOfStep(one) === name);
    if (!step) return null;
    if (needsData(step)) loading ??= loadData(terminal, flags.data);
    const data = (await loading) ?? null;
    return (await timeStep(device, step, { data, steps: STEPS }))?.ms ?? null;
  };
}
