// docs/api is made of the docstrings by `npm run docs`, which needs packages of its own. Here only that no exported name is
// missing there.

import { readFileSync } from "node:fs";
import { suite } from "uvu";
import * as assert from "uvu/assert";

const test = suite("docs/api");

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

/** Names in the export lists of an entry point. */
function exportedBy(source: string): string[] {
  const lists = [...source.matchAll(/^export (?:type )?\{([^}]*)\}/gm)];
  const names = lists.flatMap(([, list = ""]) => list.split(","));
  return names.map((name) => name.trim().replace(/^type /, "")).filter((name) => name !== "");
}

for (const entry of ["vitrine", "node"]) {
  test(`every name that ${entry}.ts exports has its place`, () => {
    const names = exportedBy(read(`src/${entry}.ts`));
    const headings = new Set(
      [...read(`docs/api/${entry}.md`).matchAll(/^### (\w+)/gm)].map(([, name]) => name),
    );
    assert.ok(names.length > 3);
    assert.equal(
      names.filter((name) => !headings.has(name)),
      [],
      "npm run docs",
    );
  });
}

test.run();
