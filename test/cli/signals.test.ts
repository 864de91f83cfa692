// What signals do, one after another, with a process and a clock of the test's own.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { type Cancellation, watchSignals } from "../../src/cli/frame/signals.ts";

const test = suite("signals");

interface Watched {
  readonly cancellation: Cancellation;
  readonly told: string[];
  readonly exits: (number | undefined)[];
  send(name: string, at: number): void;
}

function watch(): Watched {
  const listeners = new Map<string, () => void>();
  const told: string[] = [];
  const exits: (number | undefined)[] = [];
  let time = 0;
  const host = {
    on: (name: string, listener: () => void) => listeners.set(name, listener),
    exit: (code?: number) => exits.push(code),
  };
  const cancellation = watchSignals({
    tell: (text) => told.push(text),
    host: host as unknown as Pick<NodeJS.Process, "on" | "exit">,
    now: () => time,
  });
  const send = (name: string, at: number): void => {
    time = at;
    listeners.get(name)?.();
  };
  return { cancellation, told, exits, send };
}

test("the first signal asks, and decides the exit code", () => {
  for (const [name, code] of [
    ["SIGINT", 130] as const,
    ["SIGTERM", 143] as const,
    ["SIGHUP", 129] as const,
  ]) {
    const { cancellation, told, exits, send } = watch();
    assert.is(cancellation.exitCode(), undefined);
    send(name, 0);
    assert.is(cancellation.signal.aborted, true);
    assert.is(cancellation.exitCode(), code);
    assert.equal([told.length, exits], [1, []]);
  }
});

test("a repeat within a second is the same request, a later one ends the process", () => {
  const { cancellation, told, exits, send } = watch();
  send("SIGTERM", 5000);
  send("SIGTERM", 5010);
  send("SIGINT", 5999);
  assert.equal([told.length, exits], [1, []]);
  send("SIGINT", 6000);
  assert.equal(exits, [143]);
  assert.is(cancellation.exitCode(), 143);
});

test("nothing cuts saving in two: the process ends after it", async () => {
  const { cancellation, exits, send } = watch();
  let saved = () => {};
  const saving = cancellation.finish(
    () =>
      new Promise<void>((resolve) => {
        saved = resolve;
      }),
  );
  send("SIGINT", 0);
  send("SIGINT", 2000);
  send("SIGINT", 4000);
  assert.equal(exits, []);
  saved();
  await saving;
  assert.equal(exits, [130]);
});

test("work that was not hurried returns its result, and its error", async () => {
  const { cancellation, exits, send } = watch();
  assert.is(await cancellation.finish(async () => 7), 7);
  send("SIGINT", 0);
  const failing = cancellation.finish(() => Promise.reject(new Error("disk full")));
  assert.is(await failing.catch((error: Error) => error.message), "disk full");
  assert.equal(exits, []);
});

test.run();
