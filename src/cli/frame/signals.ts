// Ctrl-C, SIGTERM, SIGHUP, and a pipe that nobody reads any more: the first asks the command to stop at a good place, the
// second does not ask. Registered once, by runCommand.

export interface Cancellation {
  readonly signal: AbortSignal;
  /** 130 after SIGINT, 143 after SIGTERM, 129 after SIGHUP, 141 after a closed pipe, undefined before any. */
  exitCode(): number | undefined;
  /** Does what the first Ctrl-C does, for a button that stands for it; nothing once the command is stopping. */
  interrupt(): void;
  /** Stops in the same way, because what reads the output is gone. */
  closePipe(): void;
  /** Runs work that no signal may cut in two, such as saving; a second signal then ends the process when it is done. */
  finish<T>(work: () => Promise<T>): Promise<T>;
}

export interface WatchOptions {
  /** Tells the person that the command is stopping. */
  readonly tell: (text: string) => void;
  /** What listens for signals and can be ended; process, but for tests. */
  readonly host?: Pick<NodeJS.Process, "on" | "exit">;
  /** Milliseconds; for tests. */
  readonly now?: () => number;
}

const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129, SIGPIPE: 141 } as const;
const REASONS: Readonly<Record<string, string>> = {
  SIGINT: "; press Ctrl-C again to stop at once",
  SIGPIPE: ", because nobody reads the output any more",
};
/** One press may arrive several times: a terminal, npm, a launcher and `timeout` each pass signals on. */
const REPEAT_MS = 1000;

export function watchSignals(options: WatchOptions): Cancellation {
  const { tell, host = process, now = () => performance.now() } = options;
  const controller = new AbortController();
  let exitCode: number | undefined;
  let first = 0;
  let finishing = 0;
  let atOnce = false;
  const stop = (name: keyof typeof EXIT_CODES): void => {
    if (exitCode !== undefined) {
      if (now() - first < REPEAT_MS) return;
      if (finishing === 0) host.exit(exitCode);
      atOnce = true;
      return;
    }
    exitCode = EXIT_CODES[name];
    first = now();
    tell(`\nstopping${REASONS[name] ?? ""}\n`);
    controller.abort();
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) host.on(name, () => stop(name));
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    interrupt: () => {
      if (exitCode === undefined) stop("SIGINT");
    },
    closePipe: () => {
      if (exitCode === undefined) stop("SIGPIPE");
    },
    async finish(work) {
      finishing++;
      try {
        return await work();
      } finally {
        finishing--;
        if (atOnce && finishing === 0) host.exit(exitCode);
      }
    },
  };
}

/** The work's result, unless the signal comes first: then its AbortError, while the work is left to end with the process. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = (): void => undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
