// Parts of the inspector's page that need no browser: addresses, the step as rows and groups, WGSL in words, figures.

import { suite } from "uvu";
import * as assert from "uvu/assert";
import { wordsOf } from "../../src/page/inspector/detail/wgsl-words.ts";
import { hashOf, placeIn, VIEWS } from "../../src/page/inspector/place.ts";
import { stepModel } from "../../src/page/inspector/step-model.ts";
import {
  ofBytes,
  ofCount,
  ofError,
  ofShare,
  ofTime,
  ofValue,
} from "../../src/page/inspector/words.ts";
import { lenetDocument, repeated } from "./inspector-document.ts";

const test = suite("inspector parts");
const lenet = lenetDocument();

test("an address says a place, and reads back as it", () => {
  for (const view of VIEWS) {
    for (const dispatch of [null, 0, 29]) {
      for (const image of [0, 2]) {
        assert.equal(placeIn(hashOf({ view, dispatch, image })), { view, dispatch, image });
      }
    }
  }
  assert.equal(placeIn(""), { view: "step", dispatch: null, image: 0 });
  assert.equal(placeIn("#nowhere/-1/x"), { view: "step", dispatch: null, image: 0 });
});

test("every dispatch stands once: before the layers, in a row, or after them", () => {
  for (const document of [lenet, repeated(lenet, 6)]) {
    const step = stepModel(document);
    const rows = step.groups.flatMap((group) => group.rows);
    const shown = [
      ...step.before,
      ...rows.flatMap((row) => [...row.forward, ...row.backward]),
      ...step.after,
    ];
    const ids = shown.map(({ id }) => id).sort((a, b) => a - b);
    assert.equal(
      ids,
      document.profile.dispatches.map(({ id }) => id),
    );
    for (const row of rows) {
      assert.ok(
        row.forward.every(({ facts }) => facts.pass === "forward" && facts.layer === row.name),
      );
      assert.ok(
        row.backward.every(({ facts }) => facts.pass === "backward" && facts.layer === row.name),
      );
    }
  }
});

test("few layers stand alone, many in groups by block", () => {
  assert.equal(
    stepModel(lenet).groups.map(({ name }) => name),
    [""],
  );
  const names = stepModel(repeated(lenet, 6)).groups.map(({ name }) => name);
  assert.equal(names, ["block1", "block2", "block3", "block4", "block5", "block6", "loss"]);
});

test("results are named without their layer", () => {
  const step = stepModel(lenet);
  const results = [3, 27, 28, 29, 30, 37].map((id) => step.entry(id)?.result);
  assert.equal(results, ["y", "w.turned", "dx", "dw.partial", "dw", "update"]);
});

test("across from a dispatch are its gradients, and across from those it is", () => {
  const step = stepModel(lenet);
  for (const entry of step.entries) {
    for (const other of step.acrossFrom(entry)) {
      assert.ok(other.facts.forwardOf === entry.id || entry.facts.forwardOf === other.id);
      if (other.facts.forwardOf === entry.id) assert.ok(step.acrossFrom(other).includes(entry));
    }
  }
});

test("WGSL in words is the line again", () => {
  const lines = lenet.kernels.flatMap(({ written }) => written.map(({ text }) => text));
  assert.ok(lines.length > 1000);
  for (const line of lines) {
    assert.is(
      wordsOf(line)
        .map(({ text }) => text)
        .join(""),
      line,
    );
  }
  const kinds = (line: string) =>
    wordsOf(line).flatMap(({ kind, text }) => (kind === "plain" ? [] : [`${kind}:${text}`]));
  assert.equal(kinds("  let x = min(y, 2u); // z"), [
    "keyword:let",
    "call:min",
    "number:2u",
    "comment:// z",
  ]);
  assert.equal(kinds("//#else"), ["switch://#else"]);
  assert.equal(kinds("@group(0) var<storage> a: array<f32>;"), [
    ...["attribute:@group", "number:0", "keyword:var", "type:storage", "type:array", "type:f32"],
  ]);
});

test("figures in words", () => {
  assert.is(ofTime(0.0123), "12.3 µs");
  assert.is(ofTime(1234), "1.23 s");
  assert.is(ofTime(2.0041), "2.00 ms");
  assert.is(ofBytes(1536), "1.50 KB");
  assert.is(ofBytes(16), "16 B");
  assert.is(ofCount(24_000_000), "24.0 M");
  assert.is(ofShare(0.0004), "< 0.1 %");
  assert.is(ofShare(0.376), "38 %");
  assert.is(ofValue(-0.000012345), "−1.23e−5");
  assert.is(ofError(0), "0");
});

test.run();
