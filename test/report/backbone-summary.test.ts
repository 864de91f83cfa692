// Whole backbones in Keras's tables: what real Keras 3 prints at 80 and 120 columns, and the layout of Keras 2.8
// (test/keras/make-architectures.py).

import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { describeModel, type Model } from "../../src/engine/layers/model.ts";
import { activation, addBranches } from "../../src/engine/layers/shaping.ts";
import { BACKBONE_NAMES, BACKBONES } from "../../src/models/backbones.ts";
import { keras2Summary, keras3Summary, summaryOf } from "../../src/report/text/summary-table.ts";

const test = suite("backbone-summary");

function fixture(name: string): string {
  const url = new URL(`../fixtures/backbones/summary-${name}.txt.gz`, import.meta.url);
  return gunzipSync(readFileSync(url)).toString("utf8");
}

/** The first line that differs says more than two texts of thousands. */
function sameText(ours: string, theirs: string): void {
  const [a, b] = [ours.split("\n"), theirs.split("\n")];
  for (const [i, line] of b.entries()) assert.is(a[i], line, `line ${i + 1}`);
  assert.is(a.length, b.length);
}

for (const name of BACKBONE_NAMES) {
  const summary = () =>
    summaryOf(describeModel(BACKBONES[name].build({ inputShape: [224, 224, 3] })));

  for (const columns of [80, 120]) {
    test(`${name} as Keras 3 prints it in ${columns} columns`, () => {
      sameText(keras3Summary(summary(), { columns }), fixture(`keras3-${name}-${columns}`));
    });
  }

  test(`${name} as Keras 2.8 lays it out`, () => {
    sameText(keras2Summary(summary()), fixture(`keras2-${name}`));
  });
}

test("a chain has no column of connections, a layer of two inputs brings one", () => {
  const chain: Model = {
    name: "chain",
    inputShape: [4, 4, 1],
    build: (net, x) => activation({ activation: "relu" })(net, net.inputLayer(x)),
  };
  const branch: Model = {
    ...chain,
    build: (net, x) => {
      const input = net.inputLayer(x);
      return addBranches(net, [input, activation({ activation: "relu" })(net, input)]);
    },
  };
  const heads = (model: Model) => keras3Summary(summaryOf(describeModel(model))).split("\n")[2];
  assert.not.match(heads(chain) ?? "", "Connected to");
  assert.match(heads(branch) ?? "", "Connected to");
});

test.run();
