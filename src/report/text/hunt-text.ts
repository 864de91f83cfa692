// What a hunt has found, in words: which result stopped being a number, from what, whose rows, and where the numbers grew.

import { formatShape } from "../../engine/core/shape.ts";
import { formatCount } from "../../format/number-format.ts";
import type { Growth, Ranged } from "../../inspect/hunt/growth.ts";
import type { BatchRow, Culprit } from "../../inspect/hunt/hunt.ts";
import type { VariablePlace } from "../../inspect/variable-at.ts";

/** Numbers from here on are told as what grew too large. */
const HUGE = 1e6;
const JUMP = 10;
const MOST_ROWS = 8;

/** What was found, in a few lines; `root`, a folder, is left out of paths. */
export function huntLines(culprit: Culprit, root: string): readonly string[] {
  const { dispatch } = culprit;
  const { site, layers, pass, kernel, id } = dispatch;
  return [
    headline(culprit),
    `  step       ${culprit.step} of the replay${culprit.clock === null ? "" : `, the step counter shows ${culprit.clock}`}`,
    `  dispatch   #${id} ${kernel.label}${layers.length === 0 ? "" : ` of ${layers.join(", ")}`}, ${pass} pass`,
    ...(site === null ? [] : [`  model      ${site.replace(`${root}/`, "")}`]),
    ...culprit.inputs.map(
      (input, index) => `  ${index === 0 ? "inputs " : "       "}    ${inputText(input)}`,
    ),
    ...rowsLine(culprit),
    ...growthLines(culprit),
  ];
}

/** One line. */
export function headline(culprit: Culprit): string {
  const { tensor, value, coordinates, variable, range, isMade, dispatch } = culprit;
  const own = `${tensor.label}[${coordinates.join(", ")}]`;
  const place =
    variable && variable.name !== tensor.label ? `${own} (${placeText(variable)})` : own;
  const others = range.nonFinite > 1 ? `, one of ${formatCount(range.nonFinite)} such` : "";
  if (!isMade)
    return `${place} was ${value} before the step${others}; first read by #${dispatch.id}`;
  return `${dispatch.kernel.label} made ${place} ${value}${others}, from finite numbers`;
}

function placeText({ name, coordinates }: VariablePlace): string {
  return `${name}[${coordinates.join(", ")}]`;
}

function inputText({ name, tensor, range }: Ranged): string {
  const { least, most, nonFinite } = range;
  const extent = least === null ? "no number" : `${short(least)} to ${short(most ?? least)}`;
  const odd = nonFinite > 0 ? `, ${formatCount(nonFinite)} not finite` : "";
  return `${name} = ${tensor.label} ${formatShape(tensor.shape)}: ${extent}${odd}`;
}

function rowsLine({ rows, batch }: Culprit): readonly string[] {
  if (rows === null) return [];
  if (rows.length === 0) return ["  rows       no row does it alone; their sum does"];
  if (rows.length === batch) return [`  rows       all ${batch} of the batch`];
  const shown = rows.slice(0, MOST_ROWS).map(rowText).join(", ");
  const more = rows.length > MOST_ROWS ? ` and ${rows.length - MOST_ROWS} more` : "";
  return [`  rows       ${shown}${more}`];
}

function rowText({ row, dataRow }: BatchRow): string {
  return dataRow === null ? `${row}` : `${row} (row ${formatCount(dataRow)} of the data)`;
}

/** Where numbers became huge: what was there before the step, and every jump to ten times as much, or a tenth. */
function growthLines({ growth }: Culprit): readonly string[] {
  if (!growth.some(({ largest }) => largest >= HUGE)) return [];
  const told: Growth[] = [];
  for (const [index, step] of growth.entries()) {
    const jump = step.largest / (told.at(-1)?.largest ?? 0);
    const isLast = index === growth.length - 1;
    if (index === 0 || isLast || jump >= JUMP || jump <= 1 / JUMP) told.push(step);
  }
  return told.map(
    (step, index) => `  ${index === 0 ? "grew   " : "       "}    ${growthText(step)}`,
  );
}

function growthText({ dispatch, tensor, largest }: Growth): string {
  const from = dispatch === null ? "before the step" : `#${dispatch.id} ${dispatch.kernel.label}`;
  return `${short(largest).padStart(8)}  ${tensor.label}, ${from}`;
}

function short(value: number): string {
  const magnitude = Math.abs(value);
  if (value === 0 || (magnitude >= 1e-3 && magnitude < 1e5)) return String(+value.toPrecision(4));
  return value.toExponential(1);
}
