// Writes a row of logs after every epoch, as Keras's CSVLogger, byte by byte: columns `epoch` (from 0) and the keys of the
// first epoch's logs, sorted. The file is whole after every epoch, so that it survives a kill.
// Source: keras/callbacks.py (2.8).

import { readFile } from "node:fs/promises";
import { formatRepr } from "../format/number-format.ts";
import { writeAtomically } from "../io/files.ts";
import type { Callback, Logs } from "../train/callbacks/callback.ts";

export interface CSVLoggerConfig {
  readonly path: string;
  /** Default a comma. */
  readonly separator?: string;
  /** Goes on in a file that is there, without a second header; default false, which starts anew. */
  readonly append?: boolean;
}

export class CSVLogger implements Callback {
  readonly #path: string;
  readonly #separator: string;
  readonly #append: boolean;
  #text = "";
  #keys: readonly string[] | null = null;

  constructor({ path, separator = ",", append = false }: CSVLoggerConfig) {
    this.#path = path;
    this.#separator = separator;
    this.#append = append;
  }

  async onTrainBegin(): Promise<void> {
    this.#keys = null;
    this.#text = this.#append ? await readOrEmpty(this.#path) : "";
    if (this.#text !== "" && !this.#text.endsWith("\n")) this.#text += "\n";
    await writeAtomically(this.#path, this.#text);
  }

  async onEpochEnd(epoch: number, logs: Logs): Promise<void> {
    this.#keys ??= Object.keys(logs).sort();
    if (this.#text === "") this.#text = this.#line(["epoch", ...this.#keys]);
    const values = this.#keys.map((key) => field(logs[key]));
    this.#text += this.#line([String(epoch), ...values]);
    await writeAtomically(this.#path, this.#text);
  }

  #line(fields: readonly string[]): string {
    return `${fields.join(this.#separator)}\r\n`;
  }
}

/** "NA" stands for a metric that the epoch lacks. */
function field(value: number | undefined): string {
  return value === undefined ? "NA" : formatRepr(value);
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return "";
    throw error;
  }
}
