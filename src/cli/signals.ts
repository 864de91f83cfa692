// Ctrl-C and SIGTERM: the first asks the command to stop at a good place, the second does not ask. Registered once, by
// runCommand.

export interface Cancellation {
  readonly signal: AbortSignal;
  /** 130 after SIGINT, 143 after SIGTERM, undefined before either. */
  exitCode(): number | undefined;
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

export function watchSignals(tell: (text: string) => void): Cancellation {
  const controller = new AbortController();
  let exitCode: number | undefined;
  const stop = (name: keyof typeof EXIT_CODES): void => {
    if (exitCode !== undefined) process.exit(exitCode);
    exitCode = EXIT_CODES[name];
    tell("\nstopping; press Ctrl-C again to stop at once\n");
    controller.abort();
  };
  process.on("SIGINT", () => stop("SIGINT"));
  process.on("SIGTERM", () => stop("SIGTERM"));
  return { signal: controller.signal, exitCode: () => exitCode };
}
