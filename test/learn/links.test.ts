// Links in docs/learn lead somewhere: to a file that is there, and to a heading that it has.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { learnPath } from "../../bench/learn/chapter.ts";

const test = suite("learn: links");

/** As GitHub makes it of a heading. */
function anchorOf(heading: string): string {
  const letters = heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "");
  return letters.trim().replaceAll(" ", "-");
}

const pages = readdirSync(learnPath(""), { recursive: true, encoding: "utf8" });

for (const page of pages.filter((name) => name.endsWith(".md"))) {
  test(page, () => {
    const text = readFileSync(learnPath(page), "utf8");
    const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target = ""]) => target);
    assert.ok(links.length > 0);
    for (const link of links) {
      const [target = "", anchor] = link.split("#");
      const path = join(dirname(learnPath(page)), target);
      assert.ok(existsSync(path), `${page}: no such file, ${link}`);
      if (anchor === undefined) continue;
      const headings = [...readFileSync(path, "utf8").matchAll(/^#+ (.*)$/gm)];
      const anchors = headings.map(([, heading = ""]) => anchorOf(heading));
      assert.ok(anchors.includes(anchor), `${page}: no such heading, ${link}`);
    }
  });
}

test.run();
