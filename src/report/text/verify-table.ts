// What became of the verification of a step, for people: a row a unit, or where there are many, a row for each kind; what is
// out of bounds in full.

import { formatCount } from "../../format/number-format.ts";
import { type Check, isWithin, type Verification } from "../../inspect/verify/verify.ts";
import { coordinatesOf } from "../../inspect/walk.ts";

/** More rows than these are put together by kind. */
const MOST_ROWS = 60;
const WIDTHS = { id: 4, layer: 17, what: 27, off: 8, ulp: 6, share: 8 } as const;

export interface VerifyLayout {
  /** A row a unit, however many there are; default false: more than 60 are put together by kind. */
  readonly everyUnit?: boolean;
}

/** What each unit is off by, line by line, at most 80 columns wide; the first line is the head. */
export function verifyTable(
  verification: Verification,
  { everyUnit = false }: VerifyLayout = {},
): readonly string[] {
  const rows = [...grouped(verification.checks, unitKey).values()];
  const missing = verification.uncovered.map(({ id, layers, kernels }) =>
    rowOf([String(id), layers[0] ?? "", kernels.join(", "), "not covered"]),
  );
  if (everyUnit || rows.length <= MOST_ROWS) {
    const heads = rowOf(["id", "layer", "kernel", "off by", "ulp", "of bound"]);
    return [heads, ...rows.map(unitRow), ...missing];
  }
  const heads = rowOf(["of", "worst in layer", "kernel", "off by", "ulp", "of bound"]);
  const kinds = [...grouped(rows.map(worstOf), kindOf).values()];
  return [heads, ...kinds.map(kindRow), ...missing];
}

/** Says how it was done, and what the figures mean. */
export const VERIFY_LEGEND = [
  "off by: from the naive rung on the same inputs, or from float64 on the host,",
  "  whichever is the larger share of its bound; the bound is what float32 explains",
] as const;

/** What was compared with what, and the verdict. */
export function verifySummary(verification: Verification): readonly string[] {
  const { checks, uncovered, units } = verification;
  const hosts = checks.filter(({ against }) => against === "float64");
  const sampled = hosts.filter(({ checked, elements }) => checked < elements);
  const naive = checks.filter(({ against }) => against === "naive");
  const lines = [
    `compared   with the naive rung: ${naive.length} results, every element`,
    `           with float64: ${hosts.length} results, ${sampled.length} of them sampled`,
  ];
  if (uncovered.length > 0) {
    const names = [...new Set(uncovered.flatMap(({ kernels }) => kernels))].join(", ");
    lines.push(`not covered ${uncovered.length} of ${units}: ${names}`);
  }
  const wrong = new Set(checks.filter((check) => !isWithin(check)).map(({ id }) => id));
  const covered = units - uncovered.length;
  lines.push(
    wrong.size === 0
      ? `verdict    all ${covered} within their bounds`
      : `verdict    ${wrong.size} of ${covered} out of bounds`,
  );
  return lines;
}

/** A few lines for each that is out of bounds; `root` is left out of paths. */
export function verifyFaults({ checks }: Verification, root: string): readonly string[] {
  return checks.filter((check) => !isWithin(check)).flatMap((check) => ["", ...fault(check, root)]);
}

function fault(check: Check, root: string): string[] {
  const { id, layers, kernels, tensor, worst, against, terms, outside, checked, site } = check;
  if (!worst) return [];
  const { got, expected, absolute, ulp, bound, index } = worst;
  const rung = check.ladder ? `, ${check.ladder} on the ${check.rung} rung` : "";
  const truth = against === "naive" ? "the naive rung has" : "float64 has";
  const ulps = ulp === null ? "" : ` (${formatCount(ulp)} ulp)`;
  const sum = terms > 1 ? `, for a sum of ${formatCount(terms)}` : "";
  return [
    `out of bounds: #${id} ${layers[0] ?? ""}${rung}`,
    `  kernel     ${kernels.join(", ")}`,
    `  worst      ${tensor}[${coordinatesOf(index, check.shape).join(", ")}]${variableText(check)}`,
    `  got        ${got}, ${truth} ${expected}`,
    `  off by     ${short(absolute)}${ulps}; the bound is ${short(bound)}${sum}`,
    `  elements   ${formatCount(outside)} of ${formatCount(checked)} compared are out of bounds`,
    ...(site === null ? [] : [`  model      ${site.replace(`${root}/`, "")}`]),
  ];
}

/** Whose element of an arena it is; nothing where the tensor is the variable. */
function variableText({ variable, tensor }: Check): string {
  if (variable === null || variable.name === tensor) return "";
  return `, which is ${variable.name}[${variable.coordinates.join(", ")}]`;
}

/** The check of a unit (or kind) that is the largest share of its bound. */
function worstOf(checks: readonly Check[]): Check {
  const share = ({ worst }: Check) => worst?.ofBound ?? -1;
  return checks.reduce((most, check) => (share(check) > share(most) ? check : most));
}

function unitRow(checks: readonly Check[]): string {
  const check = worstOf(checks);
  return rowOf([String(check.id), check.layers[0] ?? "", kindOf(check), ...figures(check)]);
}

function kindRow(checks: readonly Check[]): string {
  const check = worstOf(checks);
  const wrong = checks.filter((one) => !isWithin(one)).length;
  const count = wrong === 0 ? String(checks.length) : `${wrong}/${checks.length}`;
  return rowOf([count, check.layers[0] ?? "", kindOf(check), ...figures(check)]);
}

function figures(check: Check): string[] {
  const { worst } = check;
  if (!worst) return ["", "", "nothing"];
  const share = isWithin(check) ? percent(worst.ofBound) : "BEYOND";
  return [short(worst.absolute), worst.ulp === null ? "" : ulps(worst.ulp), share];
}

function rowOf(cells: readonly string[]): string {
  const [id = "", layer = "", what = "", off = "", ulp = "", share = ""] = cells;
  const parts = [
    id.padStart(WIDTHS.id),
    clip(layer, WIDTHS.layer).padEnd(WIDTHS.layer),
    clip(what, WIDTHS.what).padEnd(WIDTHS.what),
    off.padStart(WIDTHS.off),
    ulp.padStart(WIDTHS.ulp),
    share.padStart(WIDTHS.share),
  ];
  return parts.join("  ").trimEnd();
}

function unitKey({ id, rung }: Check): string {
  return `${id} ${rung}`;
}

/** `conv2d.dx, subgroup`, or the kernel that no ladder has chosen. */
function kindOf({ ladder, rung, kernels }: Check): string {
  return ladder === null ? (kernels[0] ?? "") : `${ladder}, ${rung}`;
}

function grouped(checks: readonly Check[], key: (check: Check) => string): Map<string, Check[]> {
  const groups = new Map<string, Check[]>();
  for (const check of checks) {
    const group = groups.get(key(check));
    if (group) group.push(check);
    else groups.set(key(check), [check]);
  }
  return groups;
}

function short(value: number): string {
  if (value === 0) return "0";
  return Number.isFinite(value) ? value.toExponential(1) : String(value);
}

function ulps(value: number): string {
  return value < 1e5 ? String(value) : value.toExponential(0);
}

function percent(share: number): string {
  if (share === 0) return "0 %";
  return share < 0.001 ? "< 0.1 %" : `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** The end of a name tells more than its beginning. */
function clip(text: string, width: number): string {
  return text.length <= width ? text : `…${text.slice(text.length - width + 1)}`;
}
