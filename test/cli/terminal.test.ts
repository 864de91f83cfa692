// Terminal output: when there is colour, what a live line writes, and what progress looks like.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import {
  formatAmount,
  formatSeconds,
  progressText,
  startProgress,
  withSpinner,
} from "../../src/cli/display/progress.ts";
import { clip, createTerminal } from "../../src/cli/frame/terminal.ts";
import { memoryStream } from "./host.ts";

const test = suite("terminal");

const TTY = { isTTY: true, columns: 20 };
const colourOf = (stream: { isTTY?: boolean }, env: Record<string, string>): boolean =>
  createTerminal(memoryStream(stream), { env }).colour;

test("colour on a terminal only, unless told otherwise", () => {
  assert.is(colourOf(TTY, {}), true);
  assert.is(colourOf({}, {}), false);
  assert.is(colourOf(TTY, { NO_COLOR: "1" }), false);
  assert.is(colourOf(TTY, { NO_COLOR: "" }), true);
  assert.is(colourOf({}, { FORCE_COLOR: "1", NO_COLOR: "1" }), true);
  assert.is(colourOf(TTY, { FORCE_COLOR: "0" }), false);
  assert.is(colourOf(TTY, { TERM: "dumb" }), false);
});

test("styles are plain text without colour", () => {
  assert.is(createTerminal(memoryStream(), { env: {} }).style.bold("x"), "x");
  assert.is(createTerminal(memoryStream(TTY), { env: {} }).style.bold("x"), "\x1b[1mx\x1b[0m");
});

test("a live line rewrites itself, at most ten times a second", () => {
  const stream = memoryStream(TTY);
  let time = 0;
  const line = createTerminal(stream, { env: {}, now: () => time }).live();
  for (time of [0, 50, 99, 100]) line.update(() => `at ${time}`);
  line.finish("done");
  assert.is(stream.text, "\r\x1b[Kat 0\r\x1b[Kat 100\r\x1b[Kdone\n");
});

test("a finished line pushes the live line down", () => {
  const stream = memoryStream(TTY);
  const terminal = createTerminal(stream, { env: {} });
  terminal.live().update(() => "live");
  terminal.print("text");
  assert.is(stream.text, "\r\x1b[Klive\r\x1b[Ktext\nlive");
});

test("without a terminal only finished lines appear", () => {
  const stream = memoryStream();
  const terminal = createTerminal(stream, { env: {} });
  const line = terminal.live();
  line.update(() => {
    throw new Error("rendered for nobody");
  });
  line.finish();
  terminal.print("text");
  terminal.live().finish("done");
  assert.is(stream.text, "text\ndone\n");
});

test("quiet is quiet", () => {
  const stream = memoryStream(TTY);
  const terminal = createTerminal(stream, { env: {}, quiet: true });
  terminal.print("text");
  terminal.live().finish("done");
  assert.is(stream.text, "");
});

test("a line is cut at visible characters, colours stay whole", () => {
  assert.is(clip("\x1b[1mabc\x1b[0mdef", 4), "\x1b[1mabc\x1b[0md");
  assert.is(clip("\x1b[1mabcdef\x1b[0m", 2), "\x1b[1mab\x1b[0m");
  assert.is(clip("abc", 3), "abc");
});

test("progress in bytes, in steps, and of unknown length", () => {
  const bytes = { done: 6.6e6, total: 26.4e6, unit: "bytes", seconds: 2 } as const;
  const bar = `${"━".repeat(6)}${" ".repeat(18)}`;
  assert.is(progressText(bytes), `${bar} 6.6 MB of 26.4 MB, 3.3 MB/s, ETA 6s`);
  const steps = { done: 1140, total: 1140, unit: "steps", seconds: 2 } as const;
  assert.is(progressText(steps), `${"━".repeat(24)} 1,140 of 1,140 steps, 570 steps/s`);
  const share = { done: 50, total: 100, unit: "percent", seconds: 2 } as const;
  assert.is(progressText(share), `${"━".repeat(12)}${" ".repeat(12)} 50 %`);
  const unknown = { done: 1500, unit: "bytes", seconds: 0 } as const;
  assert.is(progressText(unknown), "⠋ 1.5 kB, 0 B/s");
});

test("finished progress leaves amount and time", () => {
  const stream = memoryStream();
  let time = 0;
  const now = (): number => time;
  const terminal = createTerminal(stream, { env: {}, now });
  const progress = startProgress(terminal, { label: "images", unit: "bytes", now });
  time = 340;
  progress.update(26.4e6);
  progress.finish();
  assert.is(stream.text, "images 26.4 MB in 340 ms\n");
});

test("long work says how far it is every 20 seconds where nobody watches, and short work nothing", () => {
  const linesOf = (stream: ReturnType<typeof memoryStream>, quiet = false) => {
    let time = 0;
    const now = (): number => time;
    const terminal = createTerminal(stream, { env: {}, quiet, now });
    const asked = { label: "measuring", total: 28, unit: "problems", now } as const;
    const progress = startProgress(terminal, asked);
    for (const [second, done] of [0, 9, 19, 21, 40, 42].entries()) {
      time = 1000 * done;
      progress.update(second);
    }
    progress.finish("");
    return stream.text;
  };
  const told =
    "measuring: 3 of 28 problems, 0.1 problems/s, ETA 2:55\nmeasuring: 5 of 28 problems, 0.1 problems/s, ETA 3:13\n";
  assert.is(linesOf(memoryStream()), told);
  assert.is(linesOf(memoryStream(), true), "");
  assert.not.match(linesOf(memoryStream(TTY)), /\n/);
});

test("a spinner leaves nothing behind and passes results and errors on", async () => {
  const stream = memoryStream(TTY);
  const terminal = createTerminal(stream, { env: {} });
  assert.is(await withSpinner(terminal, "working", async () => 7), 7);
  assert.ok(stream.text.includes("working") && stream.text.endsWith("\r\x1b[K"));
  const failing = withSpinner(terminal, "working", () => Promise.reject(new Error("no")));
  assert.is(await failing.catch((error: Error) => error.message), "no");
});

test("amounts and times", () => {
  assert.equal(
    [0, 999, 1000, 2.5e9].map((n) => formatAmount(n, "bytes")),
    ["0 B", "999 B", "1.0 kB", "2.5 GB"],
  );
  assert.equal(
    [0.25, 1140].map((n) => formatAmount(n, "steps")),
    ["0.3 steps", "1,140 steps"],
  );
  assert.is(formatAmount(10_000, "rows"), "10,000 rows");
  assert.equal([0.34, 4.2, 199.9].map(formatSeconds), ["340 ms", "4.2 s", "3 min 20 s"]);
});

test.run();
