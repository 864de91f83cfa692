// What a dispatch is in a sentence, and its figures.

import { type Child, element } from "../../client/dom.ts";
import { figures } from "../parts.ts";
import { BOUNDS, meaningOf } from "../passes.ts";
import type { Entry } from "../step-model.ts";
import { ofBytes, ofCount, ofError, ofFactor, ofShare, ofTime } from "../words.ts";
import { speedUpOf } from "./ladder.ts";

export function summaryOf(entry: Entry): readonly Child[] {
  const { facts } = entry;
  const also = facts.layers.slice(1);
  const [before, layer, after] = meaningOf(entry);
  const sentence = element(
    "p",
    { class: "meaning" },
    `${before} `,
    layer === "" ? null : element("b", {}, layer),
    after,
    also.length > 0 ? `, with the work of ${also.join(" and ")} done along the way` : "",
    ".",
  );
  return [sentence, figures(figuresOf(entry))];
}

function figuresOf(entry: Entry): readonly (readonly [string, Child, string?])[] {
  const { facts, solution, view } = entry;
  const { ms, bound } = facts;
  const spread = `± ${ofTime((ms.upper - ms.lower) / 2)}`;
  const ofBound = { compute: facts.ofCompute, memory: facts.ofMemory, launch: facts.ofLaunch }[
    bound
  ];
  const rows: (readonly [string, Child, string?])[] = [
    [
      "time",
      withSmall(ofTime(ms.median), spread),
      `half of the samples lie from ${ofTime(ms.lower)} to ${ofTime(ms.upper)}`,
    ],
    ["of the step", ofShare(facts.share)],
    [
      "arithmetic",
      withSmall(`${facts.gflops.toFixed(1)} GFLOPS`, ofShare(facts.ofCompute)),
      "and its share of the most that the adapter reaches",
    ],
    [
      "traffic",
      withSmall(`${facts.gbs.toFixed(1)} GB/s`, ofShare(facts.ofMemory)),
      "and its share of the most that the adapter reaches with so many bytes in use",
    ],
    ["bound by", withSmall(bound, ofShare(ofBound)), BOUNDS[bound].means],
    [
      "work",
      withSmall(`${ofCount(facts.flops)} FLOPs`, executedWords(entry)),
      "of the problem; what tiles compute beyond the edges comes on top",
    ],
    ["bytes", ofBytes(facts.bytes), "moved at least, each once"],
  ];
  const factor = solution && speedUpOf(solution);
  if (factor && solution?.rung !== "naive") {
    const word = factor >= 1 ? `${ofFactor(factor)} faster` : `${ofFactor(1 / factor)} slower`;
    rows.push([
      "than naive",
      word,
      "the whole problem, alone, on the taken rung and on the naive one",
    ]);
  }
  const naive = view.errors.find(({ against }) => against === "naive") ?? view.errors[0];
  if (naive) {
    const words = withSmall(ofError(naive.worstAbsolute), `${ofError(naive.worstUlp)} ulp`);
    rows.push([
      naive.against === "naive" ? "from naive" : "from float64",
      words,
      "the element that is furthest off",
    ]);
  }
  return rows;
}

function executedWords({ facts: { flops, executedFlops } }: Entry): string {
  return flops > 0 && executedFlops > 1.005 * flops
    ? `does ${ofFactor(executedFlops / flops)}`
    : "";
}

function withSmall(value: string, small: string): HTMLElement {
  return element("span", {}, value, " ", element("small", {}, small));
}
