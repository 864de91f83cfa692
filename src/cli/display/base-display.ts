// What a person sees while a frozen base runs over a data set: kernels being compiled, then a bar.

import type { BaseEvents } from "../../train/frozen/frozen-base.ts";
import type { Terminal } from "../frame/terminal.ts";
import { EpochDisplay } from "./epoch-display.ts";
import { type Progress, startProgress } from "./progress.ts";

export class BaseDisplay implements BaseEvents {
  readonly #terminal: Terminal;
  readonly #kernels: EpochDisplay;
  #bar: Progress | null = null;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    this.#kernels = new EpochDisplay(terminal, 1);
  }

  readonly onCompile = (label: string, index: number, total: number): void =>
    this.#kernels.onCompile(label, index, total);

  readonly onCompiled = (total: number): void => this.#kernels.onCompiled(total);

  readonly onProgress = (done: number, total: number): void => {
    const label = "base       runs once:";
    this.#bar ??= startProgress(this.#terminal, { label, total, unit: "rows" });
    this.#bar.update(done);
    if (done < total) return;
    this.#bar.finish();
    this.#bar = null;
  };

  /** Clears what an interruption or an error has left. */
  close(): void {
    this.#bar?.finish("");
    this.#bar = null;
    this.#kernels.interrupted();
  }
}
