// What peers came to, in 80 columns.

import { columns } from "../../src/report/text/columns.ts";
import { wrapped } from "../../src/report/text/profile-text.ts";
import { shortened, timeOf } from "../sitting/sitting-text.ts";
import type { PeersFound, Turn } from "./alternate.ts";

const ROW = [
  { head: "peer", width: 28, isText: true },
  { head: "case", width: 26, isText: true },
  { head: "ms", width: 8 },
  { head: "ours", width: 8 },
  { head: "times", width: 6 },
] as const;

/** As each turn ends: a run of many peers takes minutes. */
export function turnLines({ peer, round, figures, failure }: Turn): readonly string[] {
  const title = `round ${round}`.padEnd(11);
  if (failure !== null) return wrapped(`${title}${peer}: failed`);
  return figures.flatMap(({ peer: name, ms, oursMs }) =>
    wrapped(
      `${title}${name}: ${timeOf(ms)} ms${oursMs === null ? "" : `, ours ${timeOf(oursMs)}`}`,
    ),
  );
}

export function peersLines({ ratios, failed, unmatched }: PeersFound): readonly string[] {
  const rows = ratios.map(({ peer, case: of, ms, oursMs, times }) => [
    ...[shortened(peer, ROW[0].width), shortened(of, ROW[1].width)],
    ...[timeOf(ms), timeOf(oursMs), times < 100 ? times.toFixed(2) : times.toFixed(0)],
  ]);
  return [
    ...(rows.length > 0 ? columns(ROW, rows) : []),
    ...unmatched.flatMap(({ peer, case: of }) =>
      wrapped(`not ours   ${peer}: ${of} has no case here`),
    ),
    ...failed.flatMap(({ peer, reason }) => wrapped(`failed     ${peer}: ${reason}`)),
  ];
}
