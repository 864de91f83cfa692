// What set-up tells the person, all on stderr: on a terminal one line that moves, elsewhere plain
// lines. Not a logger: the commands have their own.

/** An expected failure: one clear line, and what to do about it. */
export class SetupError extends Error {
  /**
   * @param {string} message `where: rule, got values`
   * @param {{ help?: string, cause?: unknown }} [more]
   */
  constructor(message, more = {}) {
    super(message, more.cause === undefined ? {} : { cause: more.cause });
    this.name = "SetupError";
    this.help = more.help;
  }
}

/** @param {number} bytes */
export function formatBytes(bytes) {
  if (bytes < 1e3) return `${bytes} B`;
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`;
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0)} MB`;
  return `${(bytes / 1e9).toFixed(1)} GB`;
}

/** @param {string} line */
export function say(line) {
  process.stderr.write(`${line}\n`);
}

const FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏";
const BAR = 20;
const PLAIN_FIRST_MS = 1_000;
const PLAIN_INTERVAL_MS = 10_000;

/**
 * How far a step is: measured four times a second. `total` is 0 where it is not known.
 * @typedef {() => { done: number, total: number }} Measure
 */

/**
 * Runs `work` under a line of progress: spinner, bytes or bar, and seconds.
 * @template T
 * @param {string} label
 * @param {() => Promise<T>} work
 * @param {Measure} [measure]
 * @param {(result: T) => string | null} [problem] says what is wrong with a result
 * @returns {Promise<T>}
 */
export async function withProgress(label, work, measure, problem = () => null) {
  const start = Date.now();
  const seconds = () => ((Date.now() - start) / 1e3).toFixed(1);
  const stop = process.stderr.isTTY
    ? animate(label, seconds, measure)
    : plainLines(label, seconds, measure);
  let wrong = /** @type {string | null} */ ("failed");
  try {
    const result = await work();
    wrong = problem(result);
    return result;
  } finally {
    stop();
    const end = wrong === null ? "" : `: ${wrong}`;
    say(`  ${wrong === null ? "✓" : "✗"} ${label}${end} (${seconds()} s)`);
  }
}

/**
 * @param {string} label
 * @param {() => string} seconds
 * @param {Measure} [measure]
 */
function animate(label, seconds, measure) {
  let frame = 0;
  const draw = () => {
    const spinner = FRAMES[frame++ % FRAMES.length];
    const line = `  ${spinner} ${label}  ${amount(measure, true)}${seconds()} s`;
    process.stderr.write(`\r\x1b[K${line.slice(0, (process.stderr.columns || 80) - 1)}`);
  };
  draw();
  const timer = setInterval(draw, 250);
  return () => {
    clearInterval(timer);
    process.stderr.write("\r\x1b[K");
  };
}

/**
 * @param {string} label
 * @param {() => string} seconds
 * @param {Measure} [measure]
 */
function plainLines(label, seconds, measure) {
  // Quick steps are told once, when they are done.
  const first = setTimeout(() => say(`  ${label} …`), PLAIN_FIRST_MS);
  const timer = setInterval(() => {
    say(`  ${label} … ${amount(measure, false)}${seconds()} s`);
  }, PLAIN_INTERVAL_MS);
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}

/**
 * @param {Measure | undefined} measure
 * @param {boolean} withBar
 */
function amount(measure, withBar) {
  if (!measure) return "";
  const { done, total } = measure();
  if (!total) return done ? `${formatBytes(done)}  ` : "";
  const share = Math.min(1, done / total);
  const filled = Math.round(share * BAR);
  const bar = withBar ? `${"█".repeat(filled)}${"░".repeat(BAR - filled)} ` : "";
  return `${bar}${formatBytes(done)} of ${formatBytes(total)}  `;
}
