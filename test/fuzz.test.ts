// Damaged files of every kind that is read: some hundreds here, as many as asked for by bench/fuzz-files.ts. Those of Keras have
// keras/fuzz.test.ts.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { randomStream } from "./keras/mutations.ts";
import { fuzzKinds, fuzzOnce } from "./support/fuzz-files.ts";

const test = suite("damaged files");
const FILES_A_KIND = 25;

test("each is refused with a line that can be read, or taken with values that can be", async () => {
  const random = randomStream(11);
  const wrong: string[] = [];
  let refused = 0;
  for (const kind of await fuzzKinds()) {
    for (let file = 0; file < FILES_A_KIND; file++) {
      const verdict = await fuzzOnce(kind, random);
      if (typeof verdict !== "string") wrong.push(verdict.wrong);
      else if (verdict === "refused") refused++;
    }
  }
  assert.equal(wrong, []);
  assert.ok(refused > 100, `${refused} were refused`);
});

test.run();
