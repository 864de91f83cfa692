// The tables of a comparison with Keras: as text for a terminal, and as Markdown for the docs. It measures nothing.

import { formatCount } from "../../format/number-format.ts";
import { agrees, type Difference, PARITY_TOLERANCE } from "../../models/parity/compare.ts";
import { isParity, type Parity } from "../../models/parity/measure.ts";

const HEADS = ["elements", "sample", "rms", "whole", "Keras in float32"] as const;

/** What the columns mean, in a sentence each. */
export const PARITY_LEGEND = [
  "Errors are against Keras in float64, over the largest magnitude of the array:",
  "sample    largest difference of 128 elements",
  "rms       root mean square of those differences, over the array's",
  "whole     largest difference of the mean, the standard deviation and the largest magnitude of all elements",
  "Keras in float32    largest difference that Keras itself has in float32, over all elements",
] as const;

/** A heading, a row a block, a row a gradient, and what became of the classes. */
export function parityLines(parity: Parity): readonly string[] {
  const { layers, gradients } = parity;
  const lines = [headingOf(parity), ...tableOf("after", layers)];
  if (gradients.length > 0) lines.push("", ...tableOf("gradient of", gradients));
  return [...lines, "", ...remarksOn(parity)];
}

function headingOf({ model, inputSize, rows, keras }: Parity): string {
  const images = rows === 1 ? "an image" : `${rows} images`;
  return `${model}, ${images} of ${inputSize}×${inputSize}, Keras ${keras}`;
}

function tableOf(what: string, differences: readonly Difference[]): readonly string[] {
  const rows = [[what, ...HEADS], ...differences.map(cellsOf)];
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  return rows.map((row, index) => {
    const cells = row.map((cell, i) =>
      i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0),
    );
    const difference = differences[index - 1];
    return cells.join("  ") + (difference && !agrees(difference) ? "  beyond" : "");
  });
}

function cellsOf({ name, elements, error, rms, whole, kerasError }: Difference): string[] {
  return [name, formatCount(elements), ...[error, rms, whole, kerasError].map(formatError)];
}

function formatError(value: number): string {
  return value.toExponential(1);
}

function remarksOn(parity: Parity): string[] {
  const { agreement, rows, lossError, leftOut } = parity;
  const remarks: string[] = [];
  if (agreement) {
    const margin = agreement.closestMargin.toExponential(1);
    const share = `${agreement.rows} of ${rows}`;
    remarks.push(
      `class of the largest logit: Keras's in ${share} rows; the closest win is by ${margin}`,
    );
  }
  if (lossError !== null) remarks.push(`loss of the step: off by ${formatError(lossError)}`);
  if (leftOut.length > 0) {
    remarks.push(`left out: ${leftOut.join(", ")}, too large for this adapter`);
  }
  const tolerance = PARITY_TOLERANCE.toExponential();
  remarks.push(
    isParity(parity) ? `all within ${tolerance}` : `not all within ${tolerance} of Keras`,
  );
  return remarks;
}

/** A document of its own. `adapter` and `command` say where the numbers come from. */
export function parityMarkdown(
  parities: readonly Parity[],
  from: { readonly adapter: string; readonly command: string },
): string {
  const [intro = "", ...columns] = PARITY_LEGEND;
  const legend = columns.map((line) => line.replace(/^(.+?) {2,}/, "- **$1**: "));
  const sections = parities.map((parity) => {
    const { layers, gradients } = parity;
    const tables = [markdownTable("after", layers)];
    if (gradients.length > 0) tables.push(markdownTable("gradient of", gradients));
    const remarks = remarksOn(parity).map((line) => `- ${line}`);
    return [`## ${headingOf(parity)}`, ...tables, remarks.join("\n")].join("\n\n");
  });
  return `${[
    "# The models beside Keras",
    `Made by \`${from.command}\` on ${from.adapter}. The weights are seeded ones that both sides compute; ` +
      "what Keras made of them is in `test/fixtures/parity`, with `test/keras/make-parity.py` that recorded it.",
    `${intro}\n\n${legend.join("\n")}`,
    ...sections,
  ].join("\n\n")}\n`;
}

function markdownTable(what: string, differences: readonly Difference[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  const rule = line(["---", ...HEADS.map(() => "---:")]);
  return [line([what, ...HEADS]), rule, ...differences.map((one) => line(cellsOf(one)))].join("\n");
}
