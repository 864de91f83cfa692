// What is in files does not steer the terminal, forge lines, or become a tag in a report.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { describeFailure } from "../../src/cli/frame/failure.ts";
import { createTerminal } from "../../src/cli/frame/terminal.ts";
import { FormatError } from "../../src/engine/core/errors.ts";
import { foreignText, steeringEscaped } from "../../src/format/foreign-text.ts";
import { storyMarkdown } from "../../src/report/story/markdown.ts";
import { temporaryFolder } from "../data/sample-files.ts";
import { memoryStream } from "./host.ts";
import { runToEnd } from "./start-command.ts";

const test = suite("foreign text");
const NASTY = "a\x1b[2J\x1b]0;title\x07b\rc\nd\u202eevil";
const SHOWN = "a\\x1b[2J\\x1b]0;title\\x07b\\x0dc\\x0ad\\u202eevil";

test("control characters are shown, and long texts cut", () => {
  assert.is(foreignText(NASTY), SHOWN);
  assert.is(foreignText("plain, é, 中, 👚"), "plain, é, 中, 👚");
  assert.is(foreignText("x".repeat(9), 5), "xxxxx…");
});

test("output keeps its own lines and colours, and nothing else that steers", () => {
  const own = "\x1b[1mbold\x1b[0m\tcolumn\nline";
  assert.is(steeringEscaped(own), own);
  assert.is(
    steeringEscaped("\x1b[31mred\x1b[2Jgone\r\x9b1m"),
    "\x1b[31mred\\x1b[2Jgone\\x0d\\x9b1m",
  );
  const stream = memoryStream();
  createTerminal(stream, { env: {} }).print(`layer ${NASTY}`);
  assert.not.match(stream.text.replaceAll("\n", ""), /\p{Cc}/u);
});

test("an error is one line of what can be seen", () => {
  const options = { debug: false, cancelled: undefined, command: { flags: {} } };
  const { message } = describeFailure(new FormatError(`x.csv: got ${NASTY}`), options);
  assert.is(message, `x.csv: got ${SHOWN.replace("\\x0ad", " d")}`);
});

test("a file's header reaches the terminal escaped", async () => {
  const folder = temporaryFolder();
  for (const part of ["train", "test"]) {
    writeFileSync(join(folder, `fashion-mnist_${part}.csv`), "label\x1b[2J,\x07\n1,2\n");
  }
  const { code, stderr } = await runToEnd("data", ["--data", folder, "--out", join(folder, "out")]);
  assert.is(code, 2);
  assert.match(stderr, /got 2 columns from "label\\x1b\[2J" to "\\x07"\n$/);
});

test("in Markdown, names are text", () => {
  const name = "<img src=x onerror=alert(1)>|`<b>`";
  const story = {
    ...{ title: name, subtitle: "s", facts: [`data ${name}`] },
    blocks: [
      { kind: "text", text: name } as const,
      {
        ...({ kind: "table", columns: [{ title: "class" }], rows: [{ cells: [name] }] } as const),
      },
    ],
  };
  const text = storyMarkdown(story as unknown as Parameters<typeof storyMarkdown>[0]);
  assert.not.match(text.replaceAll(/`[^`]*`/g, ""), "<img");
  assert.is(text.match(/&lt;img/g)?.length, 4);
});

test.run();
