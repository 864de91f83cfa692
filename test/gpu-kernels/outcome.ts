// What the bench has found so far, and the tables of it: rows are rungs, ops and models, columns are kinds of adapters.

import type { JsonValue } from "../../src/io/files.ts";
import type { Message, ResultMessage } from "./messages.ts";

/** One kind of adapter, or of a maker's limits. */
interface Cell {
  tried: number;
  passed: number;
}

interface Fault {
  readonly column: string;
  readonly row: string;
  readonly label: string;
  readonly text: string;
}

export class Outcome {
  readonly faults: Fault[] = [];
  /** Checks: a problem on a rung, or a list of kernels within limits, which a cell counts one by one. */
  passed = 0;
  failed = 0;
  /** Adapters that could not be had, and why. */
  readonly skipped: { readonly column: string; readonly why: string }[] = [];
  readonly #cells = new Map<string, Map<string, Cell>>();
  readonly #switches = new Map<string, Set<boolean>>();

  /** Takes down what the process for `column` has said. */
  take(column: string, message: Message): void {
    if (message.bench === "result") this.#takeResult(message.column ?? column, message);
    if (message.bench !== "switch") return;
    const key = `${message.kernel} ${message.name}`;
    this.#switches.set(key, (this.#switches.get(key) ?? new Set()).add(message.on));
  }

  /** A process ended before it had said that it was done. */
  takeEnd(column: string, how: string): void {
    const label = "the process";
    this.#takeResult(column, { bench: "result", row: "process", label, tried: 1, faults: [how] });
  }

  #takeResult(column: string, { row, label, tried, faults }: ResultMessage): void {
    const cells = this.#cells.get(row) ?? new Map<string, Cell>();
    this.#cells.set(row, cells);
    const cell = cells.get(column) ?? { tried: 0, passed: 0 };
    cells.set(column, cell);
    if (faults.length > 0) this.failed++;
    else this.passed++;
    cell.tried += tried;
    // A case may have several faults, and is one failure.
    cell.passed += tried - Math.min(tried, faults.length);
    this.faults.push(...faults.map((text) => ({ column, row, label, text })));
  }

  /** The lines of a table of those columns; none where no row has any. */
  table(columns: readonly string[]): readonly string[] {
    const rows = [...this.#cells].filter(([, cells]) => columns.some((name) => cells.has(name)));
    if (rows.length === 0) return [];
    const left = Math.max(...rows.map(([name]) => name.length));
    const line = (first: string, cells: readonly string[]) =>
      [first.padEnd(left), ...cells.map((cell) => cell.padStart(11))].join("").trimEnd();
    return [
      line("", columns),
      ...rows.map(([name, cells]) =>
        line(
          name,
          columns.map((column) => textOf(cells.get(column))),
        ),
      ),
    ];
  }

  /** Switches of kernels that were only on, or only off, in all that ran. */
  untriedSwitches(): readonly string[] {
    const oneSided = [...this.#switches].filter(([, seen]) => seen.size < 2);
    return oneSided.map(([key, seen]) => `${key} ${seen.has(true) ? "off" : "on"}`);
  }

  json(): JsonValue {
    const rows = [...this.#cells].map(([row, cells]) => ({
      row,
      adapters: Object.fromEntries([...cells].map(([name, cell]) => [name, { ...cell }])),
    }));
    return {
      ...{
        passed: this.passed,
        failed: this.failed,
        skipped: this.skipped.map((one) => ({ ...one })),
      },
      ...{ rows, faults: this.faults.map((one) => ({ ...one })) },
      untriedSwitches: [...this.untriedSwitches()],
    };
  }
}

function textOf(cell: Cell | undefined): string {
  if (!cell) return "–";
  return cell.passed === cell.tried ? `${cell.tried}` : `${cell.passed} of ${cell.tried} ✗`;
}
