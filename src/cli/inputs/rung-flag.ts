// The flag that asks for a rung of a ladder by name: `--rung conv2d.dx=naive`.

import { UsageError } from "../../engine/core/errors.ts";
import { LADDERS } from "../../engine/ops/ladders.ts";
import { nearest } from "../frame/flags.ts";

export const RUNG_FLAG = {
  rung: {
    type: "list",
    value: "ladder=rung",
    help: `kernels to use in place of the measured ones, such as conv2d.dx=naive; ladders are ${LADDERS.map(({ name }) => name).join(", ")}`,
  },
} as const;

/** By ladder. Throws UsageError for a ladder or a rung that there is not. */
export function rungsOf(asked: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(asked.map(parse));
}

function parse(text: string): readonly [ladder: string, rung: string] {
  const [name = "", rung = "", ...rest] = text.split("=");
  const ladders = LADDERS.map((ladder) => ladder.name);
  const ladder = LADDERS.find((candidate) => candidate.name === name);
  if (rest.length > 0 || rung === "" || name === "") {
    throw new UsageError(
      `--rung: must be ladder=rung, such as gemm=naive, got ${JSON.stringify(text)}`,
    );
  }
  if (!ladder) throw unknown("ladder", name, ladders);
  const rungs = ladder.rungs.map((one) => one.name as string);
  if (!rungs.includes(rung)) throw unknown(`rung of ${name}`, rung, rungs);
  return [name, rung];
}

function unknown(what: string, got: string, names: readonly string[]): UsageError {
  const near = nearest(got, names);
  const details = near === undefined ? {} : { help: `did you mean ${near}?` };
  return new UsageError(
    `--rung: is no ${what}, which are ${names.join(", ")}, got ${got}`,
    details,
  );
}
