// What the bench and the processes that it starts for each adapter say to each other: lines of JSON.

export interface WorkRequest {
  readonly part: "rungs" | "limits";
  readonly isShort: boolean;
  readonly filter: string;
}

export type Message =
  | { readonly bench: "adapter"; readonly name: string; readonly total: number }
  | ResultMessage
  /** A switch of a kernel, as it was in some dispatch. */
  | {
      readonly bench: "switch";
      readonly kernel: string;
      readonly name: string;
      readonly on: boolean;
    }
  | { readonly bench: "done" };

export interface ResultMessage {
  readonly bench: "result";
  /** Row of the table: `gemm tiled`, `lenet5`. */
  readonly row: string;
  /** Column, where one process has several. */
  readonly column?: string;
  readonly label: string;
  /** How many things were tried, each of which is right or wrong. */
  readonly tried: number;
  readonly faults: readonly string[];
}

export function send(message: Message): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** The message in a line; null for what drivers print. */
export function messageIn(line: string): Message | null {
  if (!line.startsWith('{"bench":')) return null;
  return JSON.parse(line) as Message;
}
