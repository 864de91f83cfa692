// Runs a peer once, in a process of its own, and reads its figures: lines of JSON on stdout. Ours is `{ "case": …, "ms": … }`; that
// of peers that count training steps is read too. Whatever goes wrong is the peer's failure and nobody else's.

import { spawn } from "node:child_process";
import * as v from "valibot";
import { foreignText } from "../../src/format/foreign-text.ts";
import { stepName } from "../../src/inspect/timing/result-record.ts";
import { BACKBONES } from "../../src/models/backbones.ts";
import { PASS_BATCH, passName } from "../sitting/result.ts";
import type { Peer } from "./find-peers.ts";

export interface Figure {
  /** Of the program, as it calls itself. */
  readonly peer: string;
  readonly case: string;
  /** Median milliseconds. */
  readonly ms: number;
}

export interface Outcome {
  readonly figures: readonly Figure[];
  /** Why there are none; null for a peer that has run. */
  readonly failure: string | null;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  /** Default ten minutes. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 10 * 60_000;
/** Of what a peer prints, the end. */
const MOST_KEPT = 2 ** 20;
const MOST_SHOWN = 200;

export async function runPeer(peer: Peer, options: RunOptions): Promise<Outcome> {
  const { ended, stdout, stderr } = await outputOf(peer, options);
  const figures = figuresIn(stdout, peer);
  if (ended === 0 && figures.length > 0) return { figures, failure: null };
  const said = lastWords(stderr) || lastWords(stdout);
  if (typeof ended === "string")
    return { figures: [], failure: said ? `${ended}: ${said}` : ended };
  const silent = ended === 0 ? "it printed no figure" : `it ended with ${ended}`;
  return { figures: [], failure: said || silent };
}

interface Output {
  /** The exit code, or what became of it. */
  readonly ended: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

function outputOf(
  { command: [program = "", ...args], env, folder }: Peer,
  { signal, timeoutMs = TIMEOUT_MS }: RunOptions,
): Promise<Output> {
  return new Promise((resolve) => {
    const child = spawn(program === "node" ? process.execPath : program, args, {
      cwd: folder,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    let late = false;
    child.stdout.setEncoding("utf8").on("data", (piece) => {
      stdout = (stdout + piece).slice(-MOST_KEPT);
    });
    child.stderr.setEncoding("utf8").on("data", (piece) => {
      stderr = (stderr + piece).slice(-MOST_KEPT);
    });
    const kill = (): void => void child.kill("SIGKILL");
    const timer = setTimeout(() => {
      late = true;
      kill();
    }, timeoutMs);
    signal.addEventListener("abort", kill, { once: true });
    const finish = (ended: number | string): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", kill);
      resolve({ ended, stdout, stderr });
    };
    child.on("error", (error) => finish(foreignText(error.message, MOST_SHOWN)));
    child.on("close", (code, how) => {
      if (late) finish(`it took more than ${Math.round(timeoutMs / 1000)} s`);
      else finish(code ?? `it was ended by ${how}`);
    });
  });
}

/** The last line that names an error, as stack traces bury it; else the last that says anything. */
export function lastWords(output: string): string {
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const error = lines.findLast((line) => /^\s*[\w.]*(Error|Exception)\b.*:/.test(line));
  return foreignText((error ?? lines.at(-1) ?? "").trim(), MOST_SHOWN);
}

const amount = v.pipe(v.number(), v.finite(), v.gtValue(0));
const printed = v.object({
  case: v.optional(v.string()),
  ms: v.optional(amount),
  peer: v.optional(v.string()),
  backend: v.optional(v.string()),
  mode: v.optional(v.string()),
  batch: v.optional(amount),
  ms_per_step_median: v.optional(amount),
  ms_per_step: v.optional(amount),
  step_ms: v.optional(v.object({ median: amount })),
  forward_ms: v.optional(v.object({ median: amount })),
});

/** Lines that are no figures are what programs print besides. */
export function figuresIn(stdout: string, peer: Pick<Peer, "name" | "command" | "case">): Figure[] {
  return stdout.split("\n").flatMap((line) => {
    if (!line.trimStart().startsWith("{")) return [];
    const checked = v.safeParse(printed, parsed(line));
    return checked.success ? figuresOf(checked.output, peer) : [];
  });
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function figuresOf(
  line: v.InferOutput<typeof printed>,
  peer: Pick<Peer, "name" | "command" | "case">,
): Figure[] {
  const { peer: program, backend, mode, batch } = line;
  const words = program === undefined ? [] : [program, backend, mode];
  const name = words.filter((word) => word !== undefined).join(" ") || peer.name;
  const model = modelOf(peer.command);
  const ofBatch = (called: (batch: number) => string) =>
    batch === undefined ? undefined : called(batch);
  const own = line.case ?? peer.case;
  const step = line.ms_per_step_median ?? line.ms_per_step ?? line.step_ms?.median;
  const found: readonly (readonly [string | null | undefined, number | undefined])[] = [
    [own, line.ms],
    [own ?? ofBatch((size) => stepName(model, size)), line.ms === undefined ? step : undefined],
    [ofBatch((size) => passOf(model, size)), line.forward_ms?.median],
  ];
  return found.flatMap(([of, ms]) =>
    of && ms !== undefined
      ? [{ peer: foreignText(name, MOST_SHOWN), case: foreignText(of, MOST_SHOWN), ms }]
      : [],
  );
}

/** Ours is at one batch. */
function passOf(model: string, batch: number): string {
  return batch === PASS_BATCH ? passName(model) : `${passName(model)} batch ${batch}`;
}

/** A training step is LeNet-5's, unless the script is called by another network. */
function modelOf(command: readonly string[]): string {
  const named = Object.keys(BACKBONES).find((model) =>
    command.some((word) => word.toLowerCase().includes(model)),
  );
  return named ?? "lenet5";
}
