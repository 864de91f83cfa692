// The chapter that asks whether a difference in accuracy is more than chance: McNemar's test for every pair.

import { formatCount } from "../../format/number-format.ts";
import { EXACT_BELOW } from "../../train/metrics/mcnemar.ts";
import { type Block, chapter, columns, text } from "../story/story.ts";
import type { ComparedPair, Comparison } from "./compare-figures.ts";

const LEVEL = 0.05;

export function significanceChapter({ pairs }: Comparison): Block[] {
  const isMany = pairs.length > 1;
  return [
    chapter("significance", "More than chance?"),
    text(
      "McNemar's test looks only at the rows that one of two runs has right and the other wrong. Were the two equally good, each such row would fall to either side as a coin does; p is the chance that coins fall so unevenly, or more so.",
    ),
    text(verdicts(pairs)),
    {
      kind: "table",
      columns: columns(
        ...(["pair", "both right", "only first", "only second", "both wrong"] as const),
        ...["test", "statistic", "p", ...(isMany ? ["p, Holm"] : [])],
      ),
      rows: pairs.map(({ first, second, counts, test, corrected }) => ({
        strong: corrected < LEVEL,
        cells: [
          `${first.name} – ${second.name}`,
          formatCount(counts.bothRight),
          formatCount(counts.onlyFirst),
          formatCount(counts.onlySecond),
          formatCount(counts.bothWrong),
          test.method === "exact" ? "exact" : "χ²",
          test.method === "exact" ? String(test.statistic) : test.statistic.toFixed(2),
          probability(test.p),
          ...(isMany ? [probability(corrected)] : []),
        ],
      })),
      caption: `Exact: the binomial test, two-sided, for fewer than ${EXACT_BELOW} discordant rows; its statistic is the smaller count. χ²: one degree of freedom, with Edwards's correction for continuity, (|b − c| − 1)² / (b + c).${isMany ? " Holm: p corrected for as many tests as there are pairs." : ""} It says nothing of other seeds: a run trained again with another seed may differ by as much.`,
    },
  ];
}

/** A sentence a pair; of many, those that chance explains share one. */
function verdicts(pairs: readonly ComparedPair[]): string {
  const open = pairs.filter(({ corrected }) => corrected >= LEVEL);
  if (pairs.length <= 3 || open.length < 2) return pairs.map(verdict).join(" ");
  const found = pairs.filter((pair) => !open.includes(pair)).map(verdict);
  const names = open.map(({ first, second }) => `${first.letter}–${second.letter}`).join(", ");
  const others = found.length > 0 ? `For the other pairs (${names})` : "For every pair";
  return [...found, `${others} chance is explanation enough.`].join(" ");
}

/** `A is better than B (p = 0.0142).` */
function verdict({ first, second, counts, corrected }: ComparedPair): string {
  const { onlyFirst, onlySecond } = counts;
  const [better, worse] = onlyFirst >= onlySecond ? [first, second] : [second, first];
  const p = `p = ${probability(corrected)}`;
  return corrected < LEVEL
    ? `**${better.letter} is better than ${worse.letter}** (${p}).`
    : `Between ${first.letter} and ${second.letter}, chance is explanation enough (${p}).`;
}

const SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** `0.0142`; below a thousandth `5.5 × 10⁻⁶`. */
export function probability(p: number): string {
  if (p >= 0.001) return p.toFixed(4);
  if (p === 0) return "0";
  const [mantissa = "", exponent = ""] = p.toExponential(1).split("e-");
  const power = [...exponent].map((digit) => SUPERSCRIPTS[Number(digit)]).join("");
  return `${mantissa} × 10⁻${power}`;
}
