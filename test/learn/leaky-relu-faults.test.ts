// The grader of the exercise finds what is wrong: our solution with one fault planted fails the check that is about it.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { learnPath } from "../../bench/learn/chapter.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { CHECKS, loadAnswer } from "./leaky-relu-grader.ts";

const test = suite("learn: faults that the grader finds");

interface Fault {
  readonly what: string;
  readonly file: "leaky-relu.ts" | "leaky-relu.wgsl";
  readonly from: string;
  readonly to: string;
  /** Part of the name of a check that fails. */
  readonly found: string;
}

const FAULTS: readonly Fault[] = [
  {
    what: "backward without the slope",
    file: "leaky-relu.wgsl",
    from: "select(params.slope * dy[i], dy[i],",
    to: "select(vec4f(0.0), dy[i],",
    found: "values and gradients over 3,5, slope 0.3",
  },
  {
    what: "backward looks at dy instead of x",
    file: "leaky-relu.wgsl",
    from: "dy[i], x[i] > vec4f(0.0)",
    to: "dy[i], dy[i] > vec4f(0.0)",
    found: "values and gradients over 3,5, slope 0.3",
  },
  {
    what: "forward of relu",
    file: "leaky-relu.wgsl",
    from: "select(params.slope * x[i], x[i],",
    to: "select(vec4f(0.0), x[i],",
    found: "values and gradients over 3,5, slope 0.3",
  },
  {
    what: "a tail that is no whole word is left out",
    file: "leaky-relu.ts",
    from: "ceilDiv(elements, 4)",
    to: "Math.floor(elements / 4)",
    found: "values and gradients over 1,1031",
  },
  {
    what: "a NaN becomes 0",
    file: "leaky-relu.wgsl",
    from: "select(params.slope * x[i], x[i], x[i] > vec4f(0.0))",
    to: "select(vec4f(0.0), select(params.slope * x[i], x[i], x[i] > vec4f(0.0)), abs(x[i]) > vec4f(0.0))",
    found: "a NaN passes",
  },
  {
    what: "a kernel is not listed",
    file: "leaky-relu.ts",
    from: "  yield BACKWARD;\n",
    to: "",
    found: "leakyReluKernels",
  },
  {
    what: "a grid that is not folded",
    file: "leaky-relu.ts",
    from: "grid: linearGrid(stride, 64)",
    to: "grid: [ceilDiv(stride, 64), 1, 1] as const",
    found: "a large tensor",
  },
];

/** The solution in a folder of its own, with one place changed. */
function planted(fault: Fault, folder: string): string {
  mkdirSync(folder);
  for (const name of ["leaky-relu.ts", "leaky-relu.wgsl"]) {
    let text = readFileSync(learnPath(`solutions/${name}`), "utf8");
    if (name === fault.file) {
      assert.ok(text.includes(fault.from), `${fault.what}: ${fault.from}`);
      text = text.replace(fault.from, fault.to);
    }
    const src = new URL("../../src/", import.meta.url).href;
    writeFileSync(join(folder, name), text.replaceAll('"../../../src/', `"${src}`));
  }
  return pathToFileURL(join(folder, "leaky-relu.ts")).href;
}

const root = temporaryFolder();
// Or else the files would be taken for CommonJS, which does not go through the loader of shaders.
writeFileSync(join(root, "package.json"), '{ "type": "module" }\n');

for (const [index, fault] of FAULTS.entries()) {
  test(fault.what, async () => {
    const answer = await loadAnswer(planted(fault, join(root, `${index}`)));
    const failed: string[] = [];
    for (const { name, run } of CHECKS) {
      await Promise.resolve()
        .then(() => run(answer))
        .catch(() => failed.push(name));
    }
    assert.ok(
      failed.some((name) => name.includes(fault.found)),
      `failed: ${failed.join("; ") || "none"}`,
    );
  });
}

test.run();
