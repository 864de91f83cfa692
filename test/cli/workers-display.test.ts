// What several workers do, on one line of a terminal; nothing where there is none.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { WorkersDisplay } from "../../src/cli/display/workers-display.ts";
import { createTerminal } from "../../src/cli/frame/terminal.ts";

const test = suite("workers display");

function shown(isTTY: boolean): string[] {
  const written: string[] = [];
  let time = 0;
  const stream = { isTTY, columns: 100, write: (text: string) => written.push(text) };
  const now = (): number => {
    time += 1000;
    return time;
  };
  const display = new WorkersDisplay(createTerminal(stream, { env: {}, now }));
  display.begin("3");
  display.begin("4");
  display.progress("4", { fold: 2, epoch: 1, epochs: 5, share: 0.804 });
  display.progress("9", { fold: null, epoch: 1, epochs: 5, share: 0.5 });
  display.progress("3", { fold: null, epoch: 2, epochs: 5, share: 1 });
  display.end("3");
  display.begin("0", "training");
  display.progress("0", { fold: null, epoch: 1, epochs: 20, share: 0 });
  display.close();
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the codes that clear the line.
  return written.map((text) => text.replaceAll(/\r|\x1b\[K/g, ""));
}

test("a line says of each trial how far it is", () => {
  assert.equal(shown(true), [
    "#3 waits",
    "#3 waits   #4 waits",
    "#3 waits   #4 fold 2, epoch 1/5 80 %",
    "#3 epoch 2/5 100 %   #4 fold 2, epoch 1/5 80 %",
    "#4 fold 2, epoch 1/5 80 %",
    "#4 fold 2, epoch 1/5 80 %   training waits",
    "#4 fold 2, epoch 1/5 80 %   training epoch 1/20 0 %",
    "",
  ]);
});

test("nothing moves in a file", () => {
  assert.equal(shown(false).join(""), "");
});

test.run();
