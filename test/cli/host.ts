// A host for commands under test: streams that remember, no colours, a signal that the test pulls.

import type { Cancellation } from "../../src/cli/frame/signals.ts";
import type { OutputStream } from "../../src/cli/frame/terminal.ts";

export interface MemoryStream extends OutputStream {
  text: string;
}

export function memoryStream(options: { isTTY?: boolean; columns?: number } = {}): MemoryStream {
  const stream = {
    ...options,
    text: "",
    write(text: string) {
      stream.text += text;
    },
  };
  return stream;
}

export interface MemoryHost {
  readonly stdout: MemoryStream;
  readonly stderr: MemoryStream;
  readonly env: Record<string, string>;
  readonly cancellation: Cancellation;
  cancel(code: number): void;
}

export function memoryHost(): MemoryHost {
  const controller = new AbortController();
  let exitCode: number | undefined;
  return {
    stdout: memoryStream(),
    stderr: memoryStream(),
    env: {},
    cancellation: {
      signal: controller.signal,
      exitCode: () => exitCode,
      closePipe: () => undefined,
      interrupt: () => {
        exitCode ??= 130;
        controller.abort();
      },
      finish: (work) => work(),
    },
    cancel(code) {
      exitCode = code;
      controller.abort();
    },
  };
}
