// Progress of work in stages: a bar for each in turn.

import type { Terminal } from "../frame/terminal.ts";
import { type Progress, startProgress } from "./progress.ts";

export class StageBars {
  readonly #terminal: Terminal;
  #label = "";
  #bar: Progress | null = null;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
  }

  show(label: string, share: number): void {
    if (label !== this.#label) {
      this.close();
      this.#label = label;
      this.#bar = startProgress(this.#terminal, { label, total: 100, unit: "percent" });
    }
    this.#bar?.update(100 * share);
  }

  close(): void {
    this.#bar?.finish("");
    this.#bar = null;
  }
}
