// The errors a user may meet. Each message reads `where: rule, got values`; `help` names the remedy when there is one.
// The command line prints message and help, and exits with 2; a stack trace needs --debug.

interface ErrorDetails {
  /** One line that names the remedy. */
  readonly help?: string;
  /** The argument that is wrong, as the caller knows it: `batchSize`. The message begins with it. */
  readonly argument?: string;
  /** Arguments that would help, beside `help`; a command line tells them as its flags. */
  readonly remedies?: readonly string[];
  readonly cause?: unknown;
}

/** What this library throws on purpose: `where: rule, got values`, with `help` for what to do about it. */
export class VitrineError extends Error {
  readonly help: string | undefined;
  readonly argument: string | undefined;
  readonly remedies: readonly string[];

  constructor(message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.help = details.help;
    this.argument = details.argument;
    this.remedies = details.remedies ?? [];
  }
}

/** A shape that an op or a layer cannot take; thrown when the model is built, never inside a step. */
export class ShapeError extends VitrineError {}

/** No adapter, a lost device, a limit exceeded, a kernel that does not compile. */
export class DeviceError extends VitrineError {}

/** What is wrong with a kernel's text, and where. */
export interface KernelFault {
  /** Its label. */
  readonly kernel: string;
  /** Below src/shaders; that of an edit is the shader's own. */
  readonly file: string;
  /** From 1, in the file; null where there is no one place. */
  readonly line: number | null;
  /** From 1. */
  readonly column: number;
  readonly message: string;
}

/** A kernel that does not compile, or an edited one that asks for what the written one is not given. */
export class KernelError extends DeviceError {
  readonly faults: readonly KernelFault[];

  constructor(
    message: string,
    { faults, ...details }: ErrorDetails & { readonly faults: readonly KernelFault[] },
  ) {
    super(message, details);
    this.faults = faults;
  }

  /** The same with the faults of others, each place and message once. */
  with(others: readonly unknown[]): KernelError {
    const all = others.flatMap((one) => (one instanceof KernelError ? one.faults : []));
    const byPlace = new Map(
      [...this.faults, ...all].map((one) => [`${one.line}:${one.column} ${one.message}`, one]),
    );
    return new KernelError(this.message, { cause: this.cause, faults: [...byPlace.values()] });
  }
}

/** The device is gone, for a reason that a new one need not share. */
export class DeviceLostError extends DeviceError {}

/** A file that cannot be read as what it should be; the message names the file, and the row where there is one. */
export class FormatError extends VitrineError {}

/** A command-line flag or an argument that makes no sense; the message names the flag. */
export class UsageError extends VitrineError {}

/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
