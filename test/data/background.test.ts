// The background of a data set is what its edges mostly are.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { backgroundOf } from "../../src/data/background.ts";
import { smallDataset } from "../support/small-data.ts";

const test = suite("background");

test("dark as Fashion-MNIST, light when negated, whatever the objects are", () => {
  const dark = { ...smallDataset(5), images: new Uint8Array(5 * 784) };
  for (let row = 0; row < 5; row++) {
    for (let y = 6; y < 22; y++)
      dark.images.fill(255, 784 * row + 28 * y + 2, 784 * row + 28 * y + 27);
  }
  const light = { ...dark, images: dark.images.map((value) => 255 - value) };
  assert.equal([backgroundOf(dark), backgroundOf(light)], ["dark", "light"]);
});

test.run();
