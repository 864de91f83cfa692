// Progress of work that is counted in bytes or steps, and a spinner for work that is not, on the terminal's live line; in a file or a
// pipe a finished line now and then, so that a log of long work is not silent.
// Training has its own line (report/progress-line.ts); this is for downloads, evaluation, measuring and looking.

import { formatEta } from "../../report/text/progress-line.ts";
import type { Terminal } from "../frame/terminal.ts";

export type ProgressUnit = "bytes" | "steps" | "rows" | "problems" | "percent";

export interface ProgressOptions {
  readonly label: string;
  /** Unknown where the server or the work does not say. */
  readonly total?: number | undefined;
  readonly unit: ProgressUnit;
  /** Milliseconds; for tests. */
  readonly now?: () => number;
}

export interface Progress {
  update(done: number): void;
  /** Leaves one line with the amount and the time taken, or the given text; nothing if that is empty. */
  finish(text?: string): void;
}

const BAR_WIDTH = 24;
const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 100;
/** Between two lines where nobody watches. */
const LINE_MS = 20_000;

export function startProgress(terminal: Terminal, options: ProgressOptions): Progress {
  const { label, total, unit, now = () => performance.now() } = options;
  const start = now();
  const line = terminal.live();
  let reached = 0;
  let told = start;
  const seconds = (): number => (now() - start) / 1000;
  return {
    update(done) {
      reached = done;
      const state = { done, total, unit, seconds: seconds() };
      line.update(() => `${label} ${terminal.style.dim(progressText(state))}`);
      if (terminal.interactive || now() - told < LINE_MS) return;
      told = now();
      terminal.print(`${label}: ${amountText(state)}`);
    },
    finish(text) {
      const took = formatSeconds(seconds());
      const last = text ?? `${label} ${formatAmount(reached, unit)} in ${took}`;
      line.finish(last === "" ? undefined : last);
    },
  };
}

export interface ProgressNumbers {
  readonly done: number;
  readonly total?: number | undefined;
  readonly unit: ProgressUnit;
  readonly seconds: number;
}

/** `━━━━      12.4 MB of 26.4 MB, 8.1 MB/s, ETA 2s`; without a total, the spinner, amount and speed. */
export function progressText(numbers: ProgressNumbers): string {
  const { done, total, seconds } = numbers;
  const text = amountText(numbers);
  if (total === undefined || total <= 0) return `${frameAt(seconds * 1000)} ${text}`;
  const share = Math.min(1, done / total);
  return `${"━".repeat(Math.floor(share * BAR_WIDTH)).padEnd(BAR_WIDTH)} ${text}`;
}

/** The same without what is drawn. */
function amountText({ done, total, unit, seconds }: ProgressNumbers): string {
  const rate = seconds > 0 ? done / seconds : 0;
  const speed = `${formatAmount(rate, unit)}/s`;
  const reached = formatAmount(done, unit);
  if (total === undefined || total <= 0) return `${reached}, ${speed}`;
  if (unit === "percent") return reached;
  const amount = `${reached.replace(` ${unit}`, "")} of ${formatAmount(total, unit)}`;
  const left = rate > 0 && done < total ? `, ETA ${formatEta((total - done) / rate)}` : "";
  return `${amount}, ${speed}${left}`;
}

/** Runs the work under a turning spinner; on success a line may stay, on failure none does. */
export async function withSpinner<T>(
  terminal: Terminal,
  label: string,
  work: () => Promise<T>,
): Promise<T> {
  const line = terminal.live();
  const start = performance.now();
  const draw = (): void => {
    line.update(() => `${terminal.style.cyan(frameAt(performance.now() - start))} ${label}`);
  };
  draw();
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  try {
    return await work();
  } finally {
    clearInterval(timer);
    line.finish();
  }
}

function frameAt(milliseconds: number): string {
  return FRAMES[Math.floor(milliseconds / FRAME_MS) % FRAMES.length] ?? "";
}

/** `12.4 MB` in powers of 1000, as downloads are sold; `1,140 steps`. */
export function formatAmount(amount: number, unit: ProgressUnit): string {
  if (unit === "percent") return `${Math.round(amount)} %`;
  if (unit !== "bytes") {
    const digits = amount > 0 && amount < 10 && !Number.isInteger(amount) ? 1 : 0;
    return `${amount.toFixed(digits).replace(/\B(?=(\d{3})+$)/g, ",")} ${unit}`;
  }
  for (const [size, name] of [[1e9, "GB"] as const, [1e6, "MB"] as const, [1e3, "kB"] as const]) {
    if (amount >= size) return `${(amount / size).toFixed(1)} ${name}`;
  }
  return `${Math.round(amount)} B`;
}

/** `340 ms`, `4.2 s`, `3 min 20 s`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
