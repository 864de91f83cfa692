// The flags of the page that shows a run while it goes on.

export const WATCH_FLAGS = {
  watch: {
    type: "boolean",
    help: "serve a page on this machine that shows the run while it goes on, and can stop it; its address is printed, no browser is opened",
  },
  "watch-port": {
    type: "integer",
    value: "port",
    min: 1,
    max: 65535,
    help: "port of that page, the next free one where it is taken; default 8765; implies --watch",
  },
  "watch-stay": {
    type: "boolean",
    help: "go on serving the page after the run, until Ctrl-C; without it the command ends as ever, and an open page keeps what it has; implies --watch",
  },
} as const;

export const WATCH_PORT = 8765;

export interface WatchFlags {
  readonly watch: boolean;
  readonly watchPort: number | undefined;
  readonly watchStay: boolean;
}

export function wantsWatch({ watch, watchPort, watchStay }: WatchFlags): boolean {
  return watch || watchPort !== undefined || watchStay;
}
