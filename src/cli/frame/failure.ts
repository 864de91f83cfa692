// What a failed command says and exits with: 2 for what the user can mend, 1 for what we must, 128 + n for signals.
// It prints nothing itself.

import { getSystemErrorMap } from "node:util";
import { messageOf, UsageError, VitrineError } from "../../engine/core/errors.ts";
import { foreignText } from "../../format/foreign-text.ts";
import { helpFor, messageFor, type Vocabulary } from "./advice.ts";

const LONGEST_MESSAGE = 1000;

export interface Failure {
  readonly exitCode: number;
  /** Empty: say nothing. */
  readonly message: string;
  readonly help?: string | undefined;
  readonly stack?: string | undefined;
}

export interface FailureOptions {
  readonly debug: boolean;
  /** Exit code of the signal that the process got, if it got one. */
  readonly cancelled: number | undefined;
  /** That failed: its flags are what arguments are called by. */
  readonly command: Vocabulary;
}

export function describeFailure(error: unknown, options: FailureOptions): Failure {
  const stack = options.debug && error instanceof Error ? fullStack(error) : undefined;
  // Without a signal it is somebody else's abort, such as that of a read from a lost device, and must be told.
  if (isAbort(error) && options.cancelled !== undefined) {
    return { exitCode: options.cancelled, message: "", stack };
  }
  if (error instanceof VitrineError) {
    return {
      exitCode: 2,
      message: oneLine(messageFor(error, options.command)),
      help: helpFor(error, options.command),
      stack,
    };
  }
  const fileProblem = describeFileError(error);
  if (fileProblem !== undefined) {
    return { exitCode: 2, message: oneLine(fileProblem), stack };
  }
  const message = messageOf(error);
  const help = options.debug ? undefined : "run again with --debug for the stack";
  return { exitCode: 1, message: oneLine(`unexpected: ${message}`), help, stack };
}

/** A mistake in the arguments whose remedy is to read how the command is used. */
export function usageOf(command: { readonly name: string }, message: string): UsageError {
  return new UsageError(message, { help: `${command.name} --help shows how it is used` });
}

/** Of an AbortSignal, whoever pulled it. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

/** `data/x.csv: no such file or directory`, from what Node's file functions throw. */
function describeFileError(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error) || !("syscall" in error)) return undefined;
  const path = "path" in error && typeof error.path === "string" ? error.path : undefined;
  const place = path ?? ("hostname" in error ? String(error.hostname) : undefined);
  if (place === undefined) return undefined;
  const errno = "errno" in error && typeof error.errno === "number" ? error.errno : 0;
  const reason = getSystemErrorMap().get(errno)?.[1] ?? String(error.code);
  return `${place}: ${reason}`;
}

/** Compilers and drivers put paragraphs into messages; --debug shows them whole. */
function oneLine(message: string): string {
  const line = foreignText(message.replaceAll(/\s*\n\s*/g, " ").trim(), Number.POSITIVE_INFINITY);
  return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}…` : line;
}

function fullStack(error: Error): string {
  const own = error.stack ?? error.message;
  return error.cause instanceof Error ? `${own}\ncaused by ${fullStack(error.cause)}` : own;
}
