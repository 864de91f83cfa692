// The launcher's filter of Dawn's two start-up warnings: they go, whatever pieces they come in; all else passes.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { withoutDawnWarnings } from "../src/setup/dawn-warnings.mjs";

const test = suite("dawn warnings");

const WARNING =
  "Warning: maxDynamicUniformBuffersPerPipelineLayout artificially reduced from 1000000 to 16 to fit dynamic offset allocation limit.\n";

test("both warnings go, in pieces of any size", () => {
  const text = `${WARNING}${WARNING.replace("Uniform", "Storage")}error: --epochs: must be…\nWarning: other\nlast`;
  for (const size of [1, 7, 50, 1000]) {
    const filter = withoutDawnWarnings();
    let out = "";
    for (let at = 0; at < text.length; at += size) out += filter(text.slice(at, at + size));
    assert.is(out + filter(), "error: --epochs: must be…\nWarning: other\nlast");
  }
});

test("a line under way is not held back", () => {
  const filter = withoutDawnWarnings();
  assert.is(filter("Epoch 1/20 ["), "Epoch 1/20 [");
  assert.is(filter("=>"), "=>");
});

test.run();
