// A software Vulkan for machines without one: Mesa's llvmpipe, fetched through apt into .cache/mesa,
// without root. Only its libraries are kept. Whether it is needed is adapter.mjs's matter.
import { existsSync, readdirSync, realpathSync, statSync } from "node:fs";
import { mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { debFiles, download, resolvePackages, versionsOf, withLists } from "./apt.mjs";
import { unpackDebianPackage } from "./deb.mjs";
import { neededLibraries } from "./elf.mjs";
import {
  CACHE,
  discard,
  readJson,
  replaceFolder,
  temporaryFolder,
  writeAtomically,
} from "./files.mjs";
import { findProgram, mustRun } from "./run.mjs";
import { SetupError, withProgress } from "./say.mjs";
import { readSystem } from "./sources.mjs";

export const MESA = join(CACHE, "mesa");
export const MESA_LIBRARIES = join(MESA, "lib");
/** Tells the Vulkan loader where the driver is. */
export const MESA_ICD = join(MESA, "lvp_icd.json");

const MANIFEST = "mesa.json";
export const DRIVERS = "mesa-vulkan-drivers";
const DRIVER = "libvulkan_lvp.so";
const LOADER = "libvulkan.so.1";
// Dawn refuses 22.3 (shaderUniform*ArrayDynamicIndexing); 24.0 and later are known to work.
const OLDEST_MAJOR = 24;

/**
 * What lies in .cache/mesa, or null where it is missing or not whole: each file must be there with
 * the size that was written down last of all.
 * @param {string} [folder]
 * @returns {{ version: string, bytes: number } | null}
 */
export function readMesa(folder = MESA) {
  const manifest = readJson(join(folder, MANIFEST));
  const files = manifest?.["files"];
  if (!manifest || typeof files !== "object" || files === null) return null;
  let bytes = 0;
  for (const [name, size] of Object.entries(files)) {
    if (statSync(join(folder, name), { throwIfNoEntry: false })?.size !== size) return null;
    bytes += size;
  }
  return { version: String(manifest["version"]), bytes };
}

/** Fetches llvmpipe into .cache/mesa. The caller holds the set-up lock. */
export async function provideMesa() {
  const work = temporaryFolder();
  try {
    const version = await fetchPackages(work);
    await withProgress("unpacking Mesa", () => assemble({ work, version }));
    replaceFolder(join(work, "mesa"), MESA);
  } finally {
    discard(work);
  }
}

/** @param {string} work */
async function fetchPackages(work) {
  const own = await withLists((apt) => fetchNewest(apt, work));
  if (own !== null) return own;
  // The release's own Mesa is too old, and Debian offers a newer one beside it.
  const later = await withLists((apt) => fetchNewest(apt, work), { backports: true });
  if (later !== null) return later;
  throw new SetupError(
    `setup: Mesa ${OLDEST_MAJOR} or later is needed, got an older one from apt`,
    {
      help: "install newer Vulkan drivers, or use a newer release of the system",
    },
  );
}

/**
 * Downloads the newest Mesa that the lists have, and what it lacks on this system; null where that
 * one is too old and backports may have a newer one.
 * @param {import("./apt.mjs").Apt} apt
 * @param {string} work
 */
async function fetchNewest(apt, work) {
  const [newest] = await versionsOf(apt, DRIVERS);
  if (!newest)
    throw new SetupError(`setup: apt knows no package ${DRIVERS}, got none from ${apt.mirror}`);
  const major = Number.parseInt(newest.version.replace(/^\d+:/, ""), 10);
  if (major < OLDEST_MAJOR && readSystem().family === "debian") return null;
  const planned = await resolvePackages(apt, [`${DRIVERS}/${newest.suite}`, "libvulkan1"]);
  await download({ apt, packages: planned.filter(({ name }) => isWanted(name)), into: work });
  return newest.version;
}

/**
 * Libraries only. Never those that Node itself runs on: the C library must match its loader, and
 * Node brought in the C++ one.
 * @param {string} name
 */
export function isWanted(name) {
  if (name === DRIVERS || name === "zlib1g") return true;
  return (
    /^lib/.test(name) &&
    !/^libc6|^libc-|^libstdc|^libgcc-s1|^libpython|-(data|common|bin|perl)$/.test(name)
  );
}

/**
 * Unpacks the packages in `work`, and keeps of them only what the driver, the loader and `others` load, side by side in the
 * `lib` of a folder `mesa` there.
 * @param {{ work: string, version: string, others?: readonly string[] }} request
 */
export async function assemble({ work, version, others = [] }) {
  const root = join(work, "root");
  const lib = join(work, "mesa", "lib");
  await mkdir(root);
  await mkdir(lib, { recursive: true });
  for (const file of debFiles(work)) await unpackDebianPackage(file, root);
  const unpacked = sharedLibraries(root);
  /** @type {Record<string, number>} */
  const files = {};
  for (const [name, path] of neededFrom([DRIVER, LOADER, ...others], unpacked)) {
    await rename(realpathSync(path), join(lib, name));
    files[`lib/${name}`] = statSync(join(lib, name)).size;
  }
  // Relative to this file, so that the project's folder may move.
  const icd = {
    file_format_version: "1.0.0",
    ICD: { library_path: `./lib/${DRIVER}`, api_version: "1.3.0" },
  };
  const text = `${JSON.stringify(icd, null, 2)}\n`;
  writeAtomically(join(work, "mesa", "lvp_icd.json"), text);
  files["lvp_icd.json"] = text.length;
  const manifest = JSON.stringify({ version, files }, null, 2);
  writeAtomically(join(work, "mesa", MANIFEST), `${manifest}\n`);
}

/**
 * All shared libraries below a folder, by file name; links count under their own names.
 * @param {string} folder
 * @returns {Map<string, string>}
 */
function sharedLibraries(folder) {
  const found = new Map();
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      for (const [name, inner] of sharedLibraries(path)) found.set(name, inner);
      // A link to a package that was not fetched leads nowhere.
    } else if (/\.so(\.|$)/.test(entry.name) && existsSync(path)) found.set(entry.name, path);
  }
  return found;
}

/**
 * Those of `libraries` that the roots load, directly or not. The rest comes from the system.
 * @param {readonly string[]} roots
 * @param {ReadonlyMap<string, string>} libraries
 * @returns {Map<string, string>}
 */
function neededFrom(roots, libraries) {
  const kept = new Map();
  const waiting = [...roots];
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    const path = libraries.get(name);
    if (kept.has(name)) continue;
    if (path) {
      kept.set(name, path);
      waiting.push(...neededLibraries(path));
    } else if (roots.includes(name)) {
      throw new SetupError(
        `setup: the packages lack ${name}, got ${libraries.size} other libraries`,
      );
    }
  }
  return kept;
}

/** Installs Mesa into the system: the last resort, and only as root. */
export async function installMesa() {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  await withProgress(`installing ${DRIVERS} into the system with apt-get`, async () => {
    await mustRun("apt-get update", "apt-get", ["-qq", "update"], { env });
    const args = ["-qq", "-y", "--no-install-recommends", "install", DRIVERS, "libvulkan1"];
    await mustRun("apt-get install", "apt-get", args, { env });
  });
}

/** What a person can do where set-up cannot fetch a driver. */
export function missingDriverHelp() {
  if (process.platform !== "linux") return "update the graphics driver of this machine";
  const command = [
    ["apt-get", `apt-get install ${DRIVERS} libvulkan1`],
    ["dnf", "dnf install mesa-vulkan-drivers vulkan-loader"],
    ["pacman", "pacman -S vulkan-swrast vulkan-icd-loader"],
    ["zypper", "zypper install libvulkan_lvp libvulkan1"],
    ["apk", "apk add mesa-vulkan-swrast vulkan-loader"],
  ].find(([program = ""]) => findProgram(program))?.[1];
  const what =
    "Mesa's Vulkan drivers (mesa-vulkan-drivers, mesa-vulkan-swrast or vulkan-swrast) and the Vulkan loader";
  return `install ${what}, version 24 or later${command ? `: ${command}` : ""}`;
}
