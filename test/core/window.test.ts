// Window geometry against the outputs and pads that TensorFlow documents, and against brute force.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { windowGeometry } from "../../src/engine/core/window.ts";

const test = suite("window");

test("same pads as TensorFlow does, the odd element after", () => {
  assert.equal(windowGeometry(6, 3, 2, "same", "t"), { out: 3, before: 0, after: 1 });
  assert.equal(windowGeometry(5, 3, 2, "same", "t"), { out: 3, before: 1, after: 1 });
  assert.equal(windowGeometry(28, 5, 1, "same", "t"), { out: 28, before: 2, after: 2 });
  assert.equal(windowGeometry(7, 1, 3, "same", "t"), { out: 3, before: 0, after: 0 });
});

test("valid holds every window that fits, and no more", () => {
  for (let size = 1; size < 12; size++) {
    for (let kernel = 1; kernel <= size; kernel++) {
      for (let stride = 1; stride < 5; stride++) {
        let out = 0;
        for (let at = 0; at + kernel <= size; at += stride) out++;
        const geometry = windowGeometry(size, kernel, stride, "valid", "t");
        assert.equal(geometry, { out, before: 0, after: 0 });
      }
    }
  }
});

test("a window that does not fit, and extents that make no sense, are named", () => {
  assert.throws(() => windowGeometry(4, 5, 1, "valid", "conv1"), "conv1: a window");
  assert.throws(() => windowGeometry(4, 0, 1, "valid", "conv1"), "conv1: kernel is a positive");
  assert.throws(() => windowGeometry(4, 2, 1.5, "same", "conv1"), "conv1: stride is a positive");
});

test.run();
