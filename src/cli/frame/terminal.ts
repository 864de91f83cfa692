// What the commands know of the terminal: whether there is one, its colours and width, and the one line that rewrites
// itself. Nothing moves where nobody watches: in a file or a pipe only finished lines appear.

import { stripVTControlCharacters } from "node:util";
import { steeringEscaped } from "../../format/foreign-text.ts";
import { asTyped } from "./spelling.ts";

/** The part of process.stdout that is used; tests hand in their own. */
export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface Style {
  bold(text: string): string;
  dim(text: string): string;
  red(text: string): string;
  green(text: string): string;
  yellow(text: string): string;
  cyan(text: string): string;
}

export interface LiveLine {
  /** Shows the text in place of the last one; at most ten times a second, and only on a terminal. */
  update(render: () => string): void;
  /** Replaces the live text by a finished line that stays, or by nothing. */
  finish(text?: string): void;
}

export interface Terminal {
  /** Somebody watches, and lines can be rewritten. */
  readonly interactive: boolean;
  readonly colour: boolean;
  /** Columns at this moment; 80 where there is no terminal. */
  readonly width: number;
  readonly style: Style;
  /** A finished line; a live line steps aside for it. */
  print(text: string): void;
  /** There is one live line at a time. */
  live(): LiveLine;
}

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Prints nothing at all; default false. */
  readonly quiet?: boolean;
  /** Milliseconds; for tests. */
  readonly now?: () => number;
}

const REDRAW_MS = 100;
const CLEAR_LINE = "\r\x1b[K";

export function createTerminal(stream: OutputStream, options: TerminalOptions = {}): Terminal {
  const { env = process.env, quiet = false, now = () => performance.now() } = options;
  const interactive = stream.isTTY === true && env["TERM"] !== "dumb";
  const colour = wantsColour(interactive, env);
  const width = (): number =>
    stream.columns !== undefined && stream.columns > 0 ? stream.columns : 80;
  let shown = "";
  const write = (text: string): void => {
    if (!quiet) stream.write(asTyped(text));
  };
  const erase = (): string => (shown === "" ? "" : CLEAR_LINE);

  const live = (): LiveLine => {
    let last = Number.NEGATIVE_INFINITY;
    return {
      update(render) {
        if (!interactive || quiet || now() - last < REDRAW_MS) return;
        last = now();
        shown = clip(steeringEscaped(render()), width() - 1);
        write(CLEAR_LINE + shown);
      },
      finish(text) {
        write(erase() + (text === undefined ? "" : `${steeringEscaped(text)}\n`));
        shown = "";
      },
    };
  };

  return {
    interactive,
    colour,
    get width() {
      return width();
    },
    style: createStyle(colour),
    print: (text) => write(`${erase()}${steeringEscaped(text)}\n${shown}`),
    live,
  };
}

/** FORCE_COLOR wins over NO_COLOR, as in Node; see https://no-color.org and https://force-color.org. */
function wantsColour(interactive: boolean, env: NonNullable<TerminalOptions["env"]>): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no } = env;
  if (force !== undefined) return force !== "0" && force !== "false";
  return interactive && (no === undefined || no === "");
}

function createStyle(colour: boolean): Style {
  const paint =
    (code: number) =>
    (text: string): string =>
      colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  return {
    bold: paint(1),
    dim: paint(2),
    red: paint(31),
    green: paint(32),
    yellow: paint(33),
    cyan: paint(36),
  };
}

/** Cuts a line at a number of visible characters; a line that wraps could not be rewritten. */
export function clip(text: string, columns: number): string {
  if (stripVTControlCharacters(text).length <= columns) return text;
  let out = "";
  let room = Math.max(0, columns);
  for (const part of text.split(CODES)) {
    if (part.startsWith("\x1b")) out += part;
    else {
      out += part.slice(0, room);
      room -= Math.min(room, part.length);
    }
  }
  return out;
}

/** Built from text because a control character in a pattern is most often a mistake, and linted as one. */
const CODES = new RegExp(`(${String.fromCharCode(27)}\\[[0-9;]*m)`);
