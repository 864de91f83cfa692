// Training that goes on elsewhere: the ten losses that real Keras had after five steps of ours, from our files
// (test/fixtures/keras-continue.py), are those of our own next ten steps.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { CASES, FIRST_STEPS, losses, NEXT_STEPS, network, train } from "./continued.ts";

const test = suite("keras goes on");

type Record = Readonly<{ [version: string]: { readonly [file: string]: readonly number[] } }>;
const recorded: Record = JSON.parse(
  readFileSync(new URL("../fixtures/keras-continue.json", import.meta.url), "utf8"),
);

for (const [name, settings] of Object.entries(CASES)) {
  test(`${name}: Keras 3.12 and 2.15 go on as we do`, async () => {
    const ours = losses(await train(network, settings, { epochs: FIRST_STEPS + NEXT_STEPS }));
    const files = Object.values(recorded).flatMap((version) =>
      Object.entries(version).filter(([file]) => file.startsWith(`${name}.`)),
    );
    // Keras 2's Nadam cannot.
    assert.is(files.length, name === "nadam" ? 1 : 3);
    for (const [file, theirs] of files) {
      assert.is(theirs.length, NEXT_STEPS);
      for (const [step, loss] of theirs.entries()) {
        const own = ours[FIRST_STEPS + step] ?? Number.NaN;
        assert.ok(Math.abs(own - loss) < 1e-4, `${file}, step ${step}: ${own} and ${loss}`);
      }
    }
  });
}

test.run();
