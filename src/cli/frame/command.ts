// A command as a definition: flags, positionals, examples, and what it runs. This frame parses, teaches (--help), prints
// errors as one line, answers Ctrl-C, and exits. The commands themselves are one file each beside it.

import { isatty, WriteStream } from "node:tty";
import { UsageError } from "../../engine/core/errors.ts";
import type { JsonValue } from "../../io/files.ts";
import type { Vocabulary } from "./advice.ts";
import { describeFailure, type Failure, usageOf } from "./failure.ts";
import { type FlagSpecs, type FlagValue, type FlagValues, parseFlags } from "./flags.ts";
import { COMMON_FLAGS, helpText } from "./help.ts";
import { type Cancellation, watchSignals } from "./signals.ts";
import { asTyped } from "./spelling.ts";
import { createTerminal, type OutputStream, type Style, type Terminal } from "./terminal.ts";

export interface PositionalSpec {
  readonly name: string;
  readonly help: string;
  /** Optional ones come last. */
  readonly optional?: true;
  /** Takes all that follow, one at least unless optional; comes last. */
  readonly many?: true;
}

type PositionalValues<P extends readonly PositionalSpec[]> = P extends readonly [
  infer First,
  ...infer Rest extends readonly PositionalSpec[],
]
  ? First extends { many: true; optional: true }
    ? readonly string[]
    : First extends { many: true }
      ? readonly [string, ...string[]]
      : First extends { optional: true }
        ? readonly [string | undefined, ...PositionalValues<Rest>]
        : readonly [string, ...PositionalValues<Rest>]
  : readonly [];

export interface CommandContext<F extends FlagSpecs, P extends readonly PositionalSpec[]> {
  readonly flags: FlagValues<F & typeof COMMON_FLAGS>;
  readonly positionals: PositionalValues<P>;
  /** The line as it was typed, without the command. */
  readonly args: readonly string[];
  /** A line for people: on stdout, on stderr with --json, nowhere with --quiet. */
  readonly say: (text?: string) => void;
  /** With --json, the value becomes the last line of stdout once the command has succeeded; else nothing. */
  readonly json: (value: JsonValue) => void;
  /** Aborted by the first Ctrl-C (or SIGTERM, SIGHUP); the second ends the process at once. */
  readonly signal: AbortSignal;
  /** Stops the command as the first Ctrl-C does. */
  readonly interrupt: Cancellation["interrupt"];
  /** Runs work that must not be cut in two by a second Ctrl-C: saving. */
  readonly finish: Cancellation["finish"];
  /** Of the stream that `say` writes to. */
  readonly terminal: Terminal;
  readonly style: Style;
  /** For a command that works but has bad news, such as a check that found a difference. Default 0. */
  readonly setExitCode: (code: number) => void;
}

export interface Command<F extends FlagSpecs, P extends readonly PositionalSpec[]> {
  /** As typed by the user: `npm run train --` or `vitrine train`. */
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  /** Defaults to the name, [flags] and the positionals. */
  readonly usage?: string;
  readonly examples?: readonly { readonly command: string; readonly does: string }[];
  readonly positionals?: P;
  readonly flags: F;
  /** A reader that goes away (`| head`) then stops it as Ctrl-C does; other commands end at once. Default false. */
  readonly savesWhenStopped?: boolean;
  run(context: CommandContext<F, P>): Promise<void> | void;
}

/** Only fixes the types; values of flags and positionals follow from the definition. */
export function defineCommand<
  const F extends FlagSpecs,
  const P extends readonly PositionalSpec[] = readonly [],
>(command: Command<F, P>): Command<F, P> {
  return command;
}

export interface Host {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cancellation: Cancellation;
}

/** Runs the command and ends the process: the GPU keeps handles alive that would hold it open. */
export async function runCommand<F extends FlagSpecs, P extends readonly PositionalSpec[]>(
  command: Command<F, P>,
  argv: readonly string[] = process.argv,
): Promise<never> {
  const { stdout, env } = process;
  const stderr = personalStderr(env["VITRINE_STDERR"]);
  const args = argv.slice(2);
  const quiet = args.includes("--quiet");
  const cancellation = watchSignals({ tell: (text) => quiet || stderr.write(text) });
  for (const stream of [stdout, stderr]) {
    stream.on("error", (error) => onStreamError(error, command, cancellation));
  }
  const host = { stdout, stderr, env, cancellation };
  // A driver's callback may throw where no await sees it.
  process.on("uncaughtException", (error) =>
    process.exit(reportFailure(error, { command, args, host })),
  );
  const code = await executeCommand(command, args, host);
  await Promise.all([flush(stdout), flush(stderr)]);
  process.exit(code);
}

/**
 * The launcher reads the process's own stderr, to drop warnings that drivers write there, and hands the person's over
 * under another number. Only a terminal makes a difference; all else may pass through the launcher.
 */
function personalStderr(number: string | undefined): WriteStream | typeof process.stderr {
  const fd = Number(number);
  return number !== undefined && isatty(fd) ? new WriteStream(fd) : process.stderr;
}

/**
 * `… | head` closes the pipe; the shell's own answer to that is 141, silently. EIO comes from a terminal that is gone:
 * its SIGHUP stops the command in good order.
 */
function onStreamError(
  { code }: NodeJS.ErrnoException,
  { savesWhenStopped = false }: { readonly savesWhenStopped?: boolean },
  cancellation: Cancellation,
): void {
  if (code === "EIO") return;
  const isClosed = code === "EPIPE" || code === "ERR_STREAM_DESTROYED";
  if (isClosed && savesWhenStopped) cancellation.closePipe();
  else process.exit(isClosed ? 141 : 1);
}

function flush(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => stream.write("", () => resolve()));
}

/** Everything but the process: parses, runs, prints, and returns the exit code (0, 1, 2, 129, 130, 143, or the command's). */
export async function executeCommand<F extends FlagSpecs, P extends readonly PositionalSpec[]>(
  command: Command<F, P>,
  args: readonly string[],
  host: Host,
): Promise<number> {
  try {
    if (wantsHelp(args)) {
      const { style, width } = createTerminal(host.stdout, { env: host.env });
      host.stdout.write(asTyped(helpText(command, { style, width })));
      return 0;
    }
    return await parseAndRun(command, args, host);
  } catch (error) {
    return reportFailure(error, { command, args, host });
  }
}

interface Call {
  readonly command: Vocabulary;
  readonly args: readonly string[];
  readonly host: Host;
}

/** Prints the failure and returns its exit code. */
function reportFailure(error: unknown, { command, args, host }: Call): number {
  const debug = args.includes("--debug");
  const cancelled = host.cancellation.exitCode();
  const failure = describeFailure(error, { debug, cancelled, command });
  printFailure(failure, host);
  return failure.exitCode;
}

function wantsHelp(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const flags = end < 0 ? args : args.slice(0, end);
  return flags.includes("--help") || flags.includes("-h");
}

async function parseAndRun<F extends FlagSpecs, P extends readonly PositionalSpec[]>(
  command: Command<F, P>,
  args: readonly string[],
  host: Host,
): Promise<number> {
  const specs = { ...command.flags, ...COMMON_FLAGS };
  refuseSwallowed({ specs, args, name: command.name }, host.env);
  const parsed = parseFlags(specs, args);
  const positionals = checkPositionals(command, parsed.positionals);
  const { values } = parsed;
  const wantsJson = values.get("json") === true;
  const quiet = values.get("quiet") === true;
  const stream = wantsJson ? host.stderr : host.stdout;
  const terminal = createTerminal(stream, { env: host.env, quiet });
  let exitCode = 0;
  let result: JsonValue;
  await command.run({
    flags: typedFlags<F>(values),
    positionals: positionals as PositionalValues<P>,
    args,
    say: (text = "") => terminal.print(text),
    json: (value) => {
      result = value;
    },
    signal: host.cancellation.signal,
    interrupt: host.cancellation.interrupt,
    finish: host.cancellation.finish,
    terminal,
    style: terminal.style,
    setExitCode: (code) => {
      exitCode = code;
    },
  });
  if (wantsJson && result !== undefined) host.stdout.write(`${JSON.stringify(result)}\n`);
  return host.cancellation.exitCode() ?? exitCode;
}

interface Typed {
  readonly specs: FlagSpecs;
  readonly args: readonly string[];
  /** `npm run train --` */
  readonly name: string;
}

/** `npm run train --epochs 3`, without the `--`: npm keeps the flags for itself, and tells of them in the environment. */
function refuseSwallowed({ specs, args, name }: Typed, env: Host["env"]): void {
  const script = /^npm run (\S+)/.exec(name)?.[1];
  if (script === undefined || env["npm_lifecycle_event"] !== script) return;
  const kept = Object.entries(specs).flatMap(([flag, { type }]) => {
    const value = env[`npm_config_${flag.replaceAll("-", "_")}`];
    return value ? [{ flag, value, isSwitch: type === "boolean" }] : [];
  });
  const [first] = kept;
  if (!first) return;
  // npm takes a flag that it does not know for a switch, and leaves the value among the arguments: which one, only one tells.
  const free = args.filter((arg) => !arg.startsWith("-"));
  const wanting = kept.filter(({ value, isSwitch }) => value === "true" && !isSwitch);
  const only = wanting.length === 1 && free.length === 1 ? free[0] : undefined;
  const shown = kept.map(({ flag, value, isSwitch }) => {
    if (isSwitch) return `--${flag}`;
    return `--${flag} ${value === "true" ? (only ?? "…") : value}`;
  });
  throw new UsageError(
    `--${first.flag}: was kept by npm, got it before the -- that ends npm's own flags`,
    { help: `npm run ${script} -- ${shown.join(" ")}` },
  );
}

/** parseFlags has checked every value against its spec; here the map gets the type that the specs imply. */
function typedFlags<F extends FlagSpecs>(
  values: ReadonlyMap<string, FlagValue>,
): FlagValues<F & typeof COMMON_FLAGS> {
  return Object.fromEntries(values) as FlagValues<F & typeof COMMON_FLAGS>;
}

/** As many as the definition says; a missing optional one is undefined. */
function checkPositionals(
  command: { readonly name: string; readonly positionals?: readonly PositionalSpec[] },
  given: readonly string[],
): readonly (string | undefined)[] {
  const specs = command.positionals ?? [];
  const missing = specs.find((spec, i) => spec.optional !== true && given[i] === undefined);
  if (missing !== undefined) {
    throw usageOf(command, `${missing.name}: must be given, ${missing.help}`);
  }
  if (specs.at(-1)?.many === true) return given;
  const extra = given[specs.length];
  if (extra !== undefined) {
    throw usageOf(command, `${JSON.stringify(extra)}: is one argument too many`);
  }
  return specs.map((_, i) => given[i]);
}

function printFailure(failure: Failure, host: Host): void {
  const { style } = createTerminal(host.stderr, { env: host.env });
  const { message, help, stack } = failure;
  if (message !== "") host.stderr.write(`${style.bold(style.red("error:"))} ${asTyped(message)}\n`);
  if (help !== undefined) host.stderr.write(`${style.bold("help:")} ${asTyped(help)}\n`);
  if (stack !== undefined) host.stderr.write(`${style.dim(stack)}\n`);
}
