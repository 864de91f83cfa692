// `vitrine` without a command: what there is, its version, and that neither sets anything up.

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import { USES } from "../src/setup/usage.mjs";

const test = suite("usage");
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

function asked(...args: readonly string[]) {
  return spawnSync(process.execPath, [at("../src/setup/launch.mjs"), ...args], {
    encoding: "utf8",
  });
}

test("every command has its line, and no other", () => {
  const files = readdirSync(at("../src/cli/commands")).map((name) => name.replace(/\.ts$/, ""));
  assert.equal(USES.map(([name]) => name).sort(), [...files, "run", "setup"].sort());
});

test("help, and no command at all, list them in 80 columns", () => {
  for (const args of [[], ["help"], ["--help"], ["-h"]]) {
    const { status, stdout, stderr } = asked(...args);
    assert.equal([status, stderr], [0, ""]);
    for (const [name, does] of USES) assert.match(stdout, new RegExp(`^  ${name} +${does}$`, "m"));
    for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
  }
});

test("the version is the package's", () => {
  const { version } = JSON.parse(readFileSync(at("../package.json"), "utf8"));
  for (const flag of ["--version", "-v"]) {
    const { status, stdout, stderr } = asked(flag);
    assert.equal([status, stdout, stderr], [0, `${version}\n`, ""]);
  }
});

test.run();
