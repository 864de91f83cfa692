// Work side by side: as much at once as there are turns, in order; what fails stops the rest, and is what is thrown.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { sideBySide, Turns } from "../../src/queue/turns.ts";
import { refusalOf } from "../io/folder.ts";

const test = suite("turns");

/** Work that is ended by hand. */
function pieces(count: number) {
  const begun: number[] = [];
  const ends: ((failure?: Error) => void)[] = [];
  const works = Array.from({ length: count }, (_, i) => () => {
    begun.push(i);
    return new Promise<number>((resolve, reject) => {
      ends[i] = (failure) => (failure ? reject(failure) : resolve(i));
    });
  });
  const end = (i: number, failure?: Error): void => ends[i]?.(failure);
  return { works, begun, end };
}

const soon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("so much at once, in the order in which it was asked for", async () => {
  const turns = new Turns(2);
  const { works, begun, end } = pieces(4);
  const results = works.map((work) => turns.take(work));
  await soon();
  assert.equal(begun, [0, 1]);
  end(1);
  await soon();
  assert.equal(begun, [0, 1, 2]);
  // A failure gives its place to the next as well.
  end(0, new Error("zero"));
  assert.is(await refusalOf(results[0] ?? soon()), "zero");
  await soon();
  assert.equal(begun, [0, 1, 2, 3]);
  end(3);
  end(2);
  assert.equal(await Promise.all(results.slice(1)), [1, 2, 3]);
  const more = pieces(3);
  for (const work of more.works) void turns.take(work);
  await soon();
  assert.equal(more.begun, [0, 1]);
});

test("the first failure stops the others, and is thrown when they have", async () => {
  const failing = new AbortController();
  const { works, end } = pieces(3);
  const all = sideBySide(
    works.map((work) => work()),
    failing,
  );
  let isOver = false;
  const thrown = refusalOf(all).finally(() => {
    isOver = true;
  });
  end(1, new Error("first"));
  await soon();
  assert.is(failing.signal.aborted, true);
  end(0, new Error("stopped"));
  await soon();
  assert.is(isOver, false);
  end(2);
  assert.is(await thrown, "first");
});

test("where nothing fails nothing is stopped", async () => {
  const failing = new AbortController();
  await sideBySide([Promise.resolve(1), Promise.resolve(2)], failing);
  assert.is(failing.signal.aborted, false);
});

test.run();
