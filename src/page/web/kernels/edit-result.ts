// What trying an edit found: the verdict, errors that lead to their lines, checks by kernel and truth, and times beside the original's.

import type { KernelFault } from "../../../engine/core/errors.ts";
import {
  type EditCheck,
  type EditTime,
  type EditTrial,
  isRight,
} from "../../../inspect/edit/edit-trial.ts";
import { element } from "../../client/dom.ts";
import { ofCount, ofTime, ofValue } from "../../inspector/words.ts";

const TITLES: Readonly<Record<EditTrial["verdict"], string>> = {
  holds: "it holds",
  compile: "it does not compile",
  wrong: "it is wrong",
  unverified: "nothing says whether it is right",
};

export function editResult(
  { verdict, message, faults, checks, times }: EditTrial,
  goTo: (line: number) => void,
): readonly HTMLElement[] {
  const holds = verdict === "holds";
  return [
    element("h3", { class: holds ? "outcome done" : "outcome bad" }, TITLES[verdict]),
    // Errors say it themselves.
    ...(faults.length > 0 ? [faultList(faults, goTo)] : [element("p", { class: "note" }, message)]),
    ...(checks.length > 0 ? [checkTable(checks)] : []),
    ...(times.length > 0 ? [timeTable(times)] : []),
  ];
}

function faultList(faults: readonly KernelFault[], goTo: (line: number) => void): HTMLElement {
  return element(
    "ul",
    { class: "faults" },
    ...faults.map(({ line, column, kernel, message }) => {
      const place = line === null ? kernel : `line ${line}:${column}`;
      const lead =
        line === null
          ? element("b", {}, place)
          : element("button", { type: "button", onclick: () => goTo(line) }, place);
      return element("li", {}, lead, ` ${message}`);
    }),
  );
}

interface Row {
  readonly of: string;
  readonly against: string;
  readonly checks: EditCheck[];
}

/** One row for each kernel or rung and truth, the wrong ones first. */
function checkTable(checks: readonly EditCheck[]): HTMLElement {
  const rows = new Map<string, Row>();
  for (const check of checks) {
    const { of, against } = check;
    const row = rows.get(`${of}|${against}`) ?? { of, against, checks: [] };
    rows.set(`${of}|${against}`, row);
    row.checks.push(check);
  }
  const isWrong = ({ checks }: Row) => !checks.every(isRight);
  const sorted = [...rows.values()].toSorted((a, b) => Number(isWrong(b)) - Number(isWrong(a)));
  return table(
    ["kernel", "held against", "results", "elements", "furthest off, of what rounding explains"],
    sorted.map((row) => [...cellsOf(row)]),
    (index) => (sorted[index] && isWrong(sorted[index]) ? "bad" : ""),
  );
}

function* cellsOf({ of, against, checks }: Row): Iterable<string> {
  yield of;
  yield against === "naive" ? "naive, as shipped" : "float64 loops";
  yield String(checks.length);
  yield ofCount(checks.reduce((sum, { checked }) => sum + checked, 0));
  const worst = checks.reduce((a, b) =>
    (b.worst?.ofBound ?? 0) > (a.worst?.ofBound ?? 0) ? b : a,
  );
  const share = worst.worst?.ofBound ?? 0;
  if (isRight(worst)) yield `${(100 * share).toFixed(0)} %`;
  else {
    const { got = 0, expected = 0, index = 0 } = worst.worst ?? {};
    const where = `${worst.tensor}[${index}], ${worst.what}`;
    yield `${where}: ${ofValue(got)} for ${ofValue(expected)}, ${ofCount(worst.outside)} elements wrong`;
  }
}

function timeTable(times: readonly EditTime[]): HTMLElement {
  return table(
    ["kernel", "where", "original", "edited", "change"],
    times.map(({ of, what, beforeMs, afterMs, isClear }) => [
      ...[of, what, ofTime(beforeMs), ofTime(afterMs)],
      isClear ? changeOf(beforeMs, afterMs) : "within the scatter",
    ]),
  );
}

function changeOf(before: number, after: number): string {
  const share = (100 * (after - before)) / before;
  return `${share > 0 ? "+" : "−"}${Math.abs(share).toFixed(0)} %`;
}

function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  classOf: (index: number) => string = () => "",
): HTMLElement {
  const body = rows.map((cells, index) =>
    element("tr", { class: classOf(index) }, ...cells.map((cell) => element("td", {}, cell))),
  );
  return element(
    "div",
    { class: "scrolls" },
    element(
      "table",
      { class: "checks" },
      element("thead", {}, element("tr", {}, ...heads.map((head) => element("th", {}, head)))),
      element("tbody", {}, ...body),
    ),
  );
}
