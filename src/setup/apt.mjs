// Fetches Debian packages through the system's own apt, with state of our own under .cache/apt: no
// root needed, and nothing of the system is changed. Not an installer: see mesa.mjs for its use.
import { existsSync, readdirSync, statSync } from "node:fs";
import { cp, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { unpackDebianPackage } from "./deb.mjs";
import {
  CACHE,
  discard,
  folderBytes,
  readJson,
  replaceFolder,
  temporaryFolder,
  writeAtomically,
} from "./files.mjs";
import { withLock } from "./lock.mjs";
import { findProgram, mustRun, run } from "./run.mjs";
import { formatBytes, SetupError, say as sayOnTerminal, withProgress } from "./say.mjs";
import { packageSources, readSystem } from "./sources.mjs";

/**
 * Where the private apt keeps its state: one place for the packages of this system, one for those of each other release.
 * @param {Wish} wish
 */
const homeOf = ({ release }) => join(CACHE, release === undefined ? "apt" : `apt-${release}`);
const STATE = "state.json";
const NOTHING_INSTALLED = ["-o", "Dir::State::status=/dev/null"];
const LISTS_AGE_MS = 24 * 3600 * 1e3;

/**
 * The private apt: pass `options` to any apt-get or apt-cache.
 * @typedef {{ options: string[], mirror: string, release: string }} Apt
 */

/**
 * @typedef {object} Wish
 * @property {boolean} [backports] the release's backports as well
 * @property {string} [release] of Debian, instead of this system's own; nothing of this system then counts as installed
 * @property {boolean} [fresh] lists that are fetched now
 */

/**
 * Downloads the Debian package `name` and unpacks it, without root and without touching the system.
 * The folder `into` appears at once and complete, replacing what was there, and holds the package's
 * tree (`usr/share/…`). Waits while another set-up of this project runs.
 * @param {object} request
 * @param {string} request.name
 * @param {string} request.into
 * @param {(line: string) => void} [request.say] gets plain lines; by default the terminal does
 * @returns {Promise<void>}
 * @throws {SetupError} where there is no apt, no network, or no such package
 */
export async function fetchDebianPackage({ name, into, say = sayOnTerminal }) {
  await withLock(async () => {
    const work = temporaryFolder();
    try {
      await withLists(async (apt) => {
        say(`fetching the package ${name} through apt, from ${apt.mirror}`);
        await download({ apt, packages: await describe(apt, name), into: work });
      });
      const root = join(work, "root");
      await mkdir(root);
      for (const file of debFiles(work)) await unpackDebianPackage(file, root);
      replaceFolder(root, into);
    } finally {
      discard(work);
    }
  });
}

/**
 * Runs `work` with the private apt, and once more with fresh lists where it fails: the mirror drops
 * a package's file when a newer version comes, which day-old lists do not know.
 * @template T
 * @param {(apt: Apt) => Promise<T>} work
 * @param {Wish} [wish]
 * @returns {Promise<T>}
 */
export async function withLists(work, wish = {}) {
  const hadLists = existsSync(join(homeOf(wish), STATE));
  try {
    return await work(await openApt(wish));
  } catch (error) {
    if (!hadLists || !(error instanceof SetupError)) throw error;
    return work(await openApt({ ...wish, fresh: true }));
  }
}

/** @param {string} folder */
export function debFiles(folder) {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".deb"))
    .map((name) => join(folder, name));
}

/**
 * Opens the private apt, fetching the package lists where they are missing, older than a day, or
 * lack the backports that are asked for. The caller holds the set-up lock.
 * @param {Wish} [wish]
 * @returns {Promise<Apt>}
 */
export async function openApt(wish = {}) {
  const { backports = false, fresh = false, release } = wish;
  const home = homeOf(wish);
  for (const program of ["apt-get", "apt-cache"]) {
    if (!findProgram(program)) {
      throw new SetupError(
        `setup: packages are fetched through apt, got a system without ${program}`,
      );
    }
  }
  const system = readSystem();
  const sources = await packageSources(system, backports, release);
  if (fresh || !isCurrent(home, sources.lines)) await fetchLists(home, sources);
  await writeConfiguration(home);
  return {
    options: ["-c", join(home, "apt.conf"), ...(release === undefined ? [] : NOTHING_INSTALLED)],
    mirror: sources.mirror,
    release: release ?? system.codename,
  };
}

/**
 * @param {string} home
 * @param {readonly string[]} lines
 */
function isCurrent(home, lines) {
  const modified = statSync(join(home, STATE), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const known = readJson(join(home, STATE))?.["lines"];
  if (Date.now() - modified > LISTS_AGE_MS || !Array.isArray(known)) return false;
  return lines.every((line) => known.includes(line));
}

/**
 * @param {string} lasting
 * @param {{ lines: readonly string[], mirror: string }} sources
 */
async function fetchLists(lasting, { lines, mirror }) {
  const home = temporaryFolder();
  try {
    // apt compares with what it has, and fetches only what changed.
    if (existsSync(join(lasting, "lists")))
      await cp(join(lasting, "lists"), join(home, "lists"), { recursive: true });
    await mkdir(join(home, "lists", "partial"), { recursive: true });
    await mkdir(join(home, "cache", "archives", "partial"), { recursive: true });
    await writeFile(join(home, "sources.list"), `${lines.join("\n")}\n`);
    await writeConfiguration(home);
    await withProgress(
      `fetching the lists of packages from ${mirror}`,
      () =>
        mustRun(
          "fetching the package lists",
          "apt-get",
          ["-c", join(home, "apt.conf"), "-qq", "update"],
          {
            help: "check the network, and that `apt-get update` works on this system",
          },
        ),
      () => ({ done: folderBytes(join(home, "lists")), total: 0 }),
    );
    writeAtomically(join(home, STATE), JSON.stringify({ lines }));
    replaceFolder(home, lasting);
  } finally {
    discard(home);
  }
}

/**
 * The paths are absolute, so this is written anew each time: the project may have moved.
 * @param {string} home
 */
async function writeConfiguration(home) {
  if (home.includes('"')) throw new SetupError(`setup: apt takes no quote in a path, got ${home}`);
  const settings = {
    "Dir::Etc::sourcelist": join(home, "sources.list"),
    "Dir::Etc::sourceparts": "/dev/null",
    "Dir::State::Lists": join(home, "lists"),
    "Dir::Cache": join(home, "cache"),
    "Dir::Cache::pkgcache": "",
    "Dir::Cache::srcpkgcache": "",
    "Acquire::GzipIndexes": "true",
    "APT::Sandbox::User": "",
    "APT::Update::Error-Mode": "any",
    "Acquire::Retries": "2",
    "Acquire::http::Timeout": "30",
    "Acquire::https::Timeout": "30",
    "Acquire::Languages": "none",
  };
  // The system's hooks change the system, which is not ours to do.
  const hooks = ["Pre-Invoke", "Post-Invoke", "Post-Invoke-Success"];
  const lines = [
    ...hooks.map((hook) => `#clear APT::Update::${hook};`),
    ...Object.entries(settings).map(([key, value]) => `${key} "${value}";`),
  ];
  writeAtomically(join(home, "apt.conf"), `${lines.join("\n")}\n`);
}

/**
 * A package to download: as apt names it, and its size.
 * @typedef {{ name: string, version: string, bytes: number }} Package
 */

/**
 * The newest version that the lists have of one package.
 * @param {Apt} apt
 * @param {string} name
 * @returns {Promise<Package[]>}
 */
async function describe(apt, name) {
  const shown = await mustRun(`looking up the package ${name}`, "apt-cache", [
    ...apt.options,
    "show",
    "--no-all-versions",
    name,
  ]);
  const version = /^Version: (.+)$/m.exec(shown.stdout)?.[1];
  const bytes = Number(/^Size: (\d+)$/m.exec(shown.stdout)?.[1] ?? 0);
  if (!version)
    throw new SetupError(`setup: ${apt.mirror} has no package of this name, got ${name}`);
  return [{ name, version, bytes }];
}

/**
 * Downloads packages into a folder; apt checks their hashes against the signed lists.
 * @param {{ apt: Apt, packages: readonly Package[], into: string }} request
 */
export async function download({ apt, packages, into }) {
  const total = packages.reduce((sum, { bytes }) => sum + bytes, 0);
  const wanted = packages.map(({ name, version }) => `${name}=${version}`);
  const label =
    packages.length === 1
      ? `downloading ${packages[0]?.name}`
      : `downloading ${packages.length} packages`;
  await withProgress(
    `${label} (${formatBytes(total)})`,
    () =>
      mustRun("downloading packages", "apt-get", [...apt.options, "-qq", "download", ...wanted], {
        cwd: into,
        help: "check the network, then run the same command again",
      }),
    () => ({ done: folderBytes(into), total }),
  );
}

/**
 * What apt would install for `wanted` on this system as it stands: those packages, and of what they
 * need all that is missing or too old.
 * @param {Apt} apt
 * @param {readonly string[]} wanted
 * @returns {Promise<Package[]>}
 */
export async function resolvePackages(apt, wanted) {
  const plan = [
    ...apt.options,
    ...["install", "-qq", "--reinstall", "--no-install-recommends", "--print-uris"],
    ...wanted,
  ];
  const here = await run("apt-get", plan);
  if (here.code === 0) return parseUris(here.stdout);
  // Half-installed or held packages do not concern a private copy: as if nothing were installed.
  const bare = [...NOTHING_INSTALLED, ...plan];
  const planned = await mustRun(`finding what ${wanted[0]} needs`, "apt-get", bare);
  return parseUris(planned.stdout);
}

/**
 * Lines such as `'http://…/libdrm2_2.4.123_amd64.deb' libdrm2_2.4.123_amd64.deb 38648 MD5Sum:…`.
 * The file's name carries the version with its epoch and marks escaped: `%3a` is a colon.
 * @param {string} text
 * @returns {Package[]}
 */
export function parseUris(text) {
  const packages = [];
  for (const line of text.split("\n")) {
    const match = /^'[^']+' ([^_ ]+)_([^_ ]+)_[^ ]+\.deb (\d+)/.exec(line);
    const [, name, version, bytes] = match ?? [];
    if (name && version && bytes) {
      packages.push({ name, version: decodeURIComponent(version), bytes: Number(bytes) });
    }
  }
  return packages;
}

/**
 * The versions of a package that the lists have, newest first, each with its suite.
 * @param {Apt} apt
 * @param {string} name
 */
export async function versionsOf(apt, name) {
  const table = await mustRun(`looking up ${name}`, "apt-cache", [...apt.options, "madison", name]);
  return table.stdout
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .flatMap(([, version, source]) =>
      version && source ? [{ version, suite: source.split(" ")[1]?.split("/")[0] ?? "" }] : [],
    );
}
