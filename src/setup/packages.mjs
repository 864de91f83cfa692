// The npm packages: complete and as package-lock.json says, or installed anew. Not an npm of our own.
import { createHash } from "node:crypto";
import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  discard,
  folderBytes,
  ROOT,
  readJson,
  replaceFolder,
  temporaryFolder,
  writeAtomically,
} from "./files.mjs";
import { findProgram, mustRun } from "./run.mjs";
import { SetupError, withProgress } from "./say.mjs";

const STAMP = ".vitrine-setup.json";

/** @param {string} root */
function lockHash(root) {
  return createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
}

/**
 * True where node_modules is known to be complete; reads two small files.
 * @param {string} [root]
 */
export function hasPackages(root = ROOT) {
  return readJson(join(root, "node_modules", STAMP))?.["lock"] === lockHash(root);
}

/**
 * True where npm itself, run by the user, has installed what package-lock.json asks for. npm writes
 * its own record last, so an interrupted installation has none.
 * @param {string} [root]
 */
export function satisfiesLock(root = ROOT) {
  const wanted = readJson(join(root, "package-lock.json"))?.["packages"];
  const present = readJson(join(root, "node_modules", ".package-lock.json"))?.["packages"];
  if (!isRecord(wanted) || !isRecord(present)) return false;
  return Object.entries(wanted).every(([path, entry]) => {
    if (path === "" || !isRecord(entry)) return true;
    const own = present[path];
    // Optional packages are mostly binaries for other systems.
    if (!isRecord(own)) return entry["optional"] === true;
    if (!existsSync(join(root, path, "package.json"))) return false;
    return own["version"] === entry["version"] && own["integrity"] === entry["integrity"];
  });
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
function isRecord(value) {
  return typeof value === "object" && value !== null;
}

/** @param {string} root */
function stamp(root) {
  writeAtomically(
    join(root, "node_modules", STAMP),
    `${JSON.stringify({ lock: lockHash(root) })}\n`,
  );
}

/**
 * Installs the packages unless they are there. The caller holds the set-up lock.
 * @param {string} [root]
 */
export async function providePackages(root = ROOT) {
  if (satisfiesLock(root)) {
    stamp(root);
    return;
  }
  const work = temporaryFolder(join(root, ".cache"));
  try {
    for (const name of ["package.json", "package-lock.json", ".npmrc"]) {
      if (existsSync(join(root, name))) cpSync(join(root, name), join(work, name));
    }
    await withProgress(
      "installing the npm packages of package-lock.json into node_modules",
      () => npmCi(work),
      () => ({ done: folderBytes(join(work, "node_modules")), total: 0 }),
    );
    replaceFolder(join(work, "node_modules"), join(root, "node_modules"), join(root, ".cache"));
    stamp(root);
  } finally {
    discard(work);
  }
}

/** @param {string} folder */
async function npmCi(folder) {
  // Development packages too: `npm test` and the loader of TypeScript need them.
  const args = [
    "ci",
    "--prefix",
    folder,
    "--include=dev",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  const [program, before] = findNpm();
  await mustRun("npm ci", program, [...before, ...args], {
    cwd: folder,
    help: "check the network and npm's settings, then run the same command again",
  });
}

/** @returns {[string, string[]]} */
function findNpm() {
  const npm = findProgram("npm");
  if (npm) return [npm, []];
  const script = process.env["npm_execpath"];
  if (script && /npm-cli\.[cm]?js$/.test(script) && existsSync(script))
    return [process.execPath, [script]];
  throw new SetupError("setup: the packages are installed with npm, got a system without it", {
    help: "install npm (it comes with Node from nodejs.org), then run the same command again",
  });
}
