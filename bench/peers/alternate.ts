// Peers in turns with our own cases, in one sitting: peer, ours, peer, ours, so that whatever else the machine does meets both. A
// peer that fails is left out from then on, and stops nobody.

import { sampled } from "../../src/inspect/profile/statistics.ts";
import type { Peer } from "./find-peers.ts";
import { type Figure, type Outcome, runPeer } from "./run-peer.ts";

export interface PeerRatio {
  readonly peer: string;
  /** The name that it was found by. */
  readonly from: string;
  readonly case: string;
  /** Medians of the rounds, in milliseconds, and all of them. */
  readonly ms: number;
  readonly oursMs: number;
  readonly rounds: readonly { readonly ms: number; readonly oursMs: number }[];
  /** How many times as long as ours the peer takes. */
  readonly times: number;
}

export interface PeersFound {
  readonly ratios: readonly PeerRatio[];
  readonly failed: readonly { readonly peer: string; readonly reason: string }[];
  /** Figures of what we do not time. */
  readonly unmatched: readonly Figure[];
}

export interface Alternation {
  readonly rounds: number;
  readonly signal: AbortSignal;
  /** Median milliseconds of our own case; null where there is none of that name. */
  readonly own: (name: string) => Promise<number | null>;
  readonly onTurn?: (peer: string, round: number) => void;
  /** What a turn came to; of the last, where the signal cuts it short, nothing. */
  readonly onTurned?: (turn: Turn) => void;
  readonly run?: Run;
}

export interface Turn {
  readonly peer: string;
  readonly round: number;
  readonly figures: readonly (Figure & { readonly oursMs: number | null })[];
  readonly failure: string | null;
}

/** Runs a peer once; another in tests. */
export type Run = (peer: Peer) => Promise<Outcome>;

/** Where the signal comes, what was found till then. */
export async function alternate(
  peers: readonly Peer[],
  { rounds, signal, own, onTurn, onTurned, run }: Alternation,
): Promise<PeersFound> {
  const tally = new Tally();
  for (const { peer, round } of turnsOf(peers, rounds)) {
    if (tally.failed.has(peer)) continue;
    onTurn?.(peer.name, round);
    const { figures, failure } = await (run ? run(peer) : runPeer(peer, { signal }));
    if (signal.aborted) break;
    if (failure !== null) tally.failed.set(peer, failure);
    const pairs = await besideOurs(figures, own);
    if (signal.aborted) break;
    for (const pair of pairs) tally.take(peer, pair);
    onTurned?.({ peer: peer.name, round, figures: pairs, failure });
  }
  return tally.found();
}

function turnsOf(peers: readonly Peer[], rounds: number) {
  const numbers = Array.from({ length: rounds }, (_, index) => index + 1);
  return numbers.flatMap((round) => peers.map((peer) => ({ peer, round })));
}

/** Ours once for all figures of a case: a peer may print several, of its modes. */
async function besideOurs(
  figures: readonly Figure[],
  own: Alternation["own"],
): Promise<Turn["figures"]> {
  const ours = new Map<string, number | null>();
  for (const { case: of } of figures) if (!ours.has(of)) ours.set(of, await own(of));
  return figures.map((figure) => ({ ...figure, oursMs: ours.get(figure.case) ?? null }));
}

interface Pairs {
  readonly figure: Figure;
  readonly from: string;
  readonly rounds: { readonly ms: number; readonly oursMs: number }[];
}

class Tally {
  readonly failed = new Map<Peer, string>();
  readonly #pairs = new Map<string, Pairs>();
  readonly #unmatched = new Map<string, Figure>();

  take({ name: from }: Peer, { oursMs, ...figure }: Turn["figures"][number]): void {
    const key = [from, figure.peer, figure.case].join("\n");
    if (oursMs === null) {
      this.#unmatched.set(key, figure);
      return;
    }
    const known = this.#pairs.get(key) ?? { figure, from, rounds: [] };
    known.rounds.push({ ms: figure.ms, oursMs });
    this.#pairs.set(key, known);
  }

  found(): PeersFound {
    return {
      ratios: [...this.#pairs.values()].map(ratioOf),
      failed: [...this.failed].map(([{ name }, reason]) => ({ peer: name, reason })),
      unmatched: [...this.#unmatched.values()],
    };
  }
}

function ratioOf({ figure, from, rounds }: Pairs): PeerRatio {
  const ms = sampled(rounds.map((round) => round.ms)).median;
  const oursMs = sampled(rounds.map((round) => round.oursMs)).median;
  return { peer: figure.peer, from, case: figure.case, ms, oursMs, rounds, times: ms / oursMs };
}
