// Which mirror and suites this system uses, and the lines of a private source list made from them.
// Reads the system's settings, never writes them.
import { readFileSync } from "node:fs";
import { mustRun } from "./run.mjs";
import { SetupError } from "./say.mjs";

/**
 * @typedef {object} System
 * @property {string} codename of the Debian or Ubuntu release below, also on derivatives
 * @property {"debian" | "ubuntu"} family
 * @property {string} architecture as Debian names it
 */

/**
 * @param {string} [text] contents of os-release
 * @returns {System}
 */
export function readSystem(text = readOsRelease()) {
  /** @param {string} key */
  const field = (key) => new RegExp(`^${key}="?([^"\\n]*)`, "m").exec(text)?.[1] ?? "";
  const isUbuntu = field("UBUNTU_CODENAME") !== "" || field("ID") === "ubuntu";
  const codename =
    field("UBUNTU_CODENAME") || field("DEBIAN_CODENAME") || field("VERSION_CODENAME") || "sid";
  const architecture = { x64: "amd64", arm64: "arm64" }[/** @type {string} */ (process.arch)];
  if (!architecture) {
    throw new SetupError(`setup: WebGPU runs on x64 and arm64 processors, got ${process.arch}`);
  }
  return { codename, family: isUbuntu ? "ubuntu" : "debian", architecture };
}

/** The system's description of itself; empty where it has none. */
export function readOsRelease() {
  try {
    return readFileSync("/etc/os-release", "utf8");
  } catch {
    return "";
  }
}

/**
 * @param {System} system
 * @param {boolean} backports
 * @param {string} [release] another one than the system's own
 */
export async function packageSources(system, backports, release) {
  const format = "$(REPO_URI)|$(RELEASE)|$(ORIGIN)|$(SOURCESENTRY)";
  const asked = await mustRun("asking apt for its mirrors", "apt-get", [
    "indextargets",
    // Without this, a system whose lists were deleted (as in container images) tells nothing.
    "--no-release-info",
    "--format",
    format,
    "Created-By: Packages",
  ]);
  const rows = asked.stdout.split("\n").map((line) => {
    const [uri = "", release = "", origin = "", entry = ""] = line.split("|");
    return { uri, release, origin, entry };
  });
  return sourceLines({ system, rows, backports, release });
}

/** @typedef {{ uri: string, release: string, origin: string, entry: string }} Target */

/**
 * @param {{ system: System, rows: readonly Target[], backports: boolean, release?: string | undefined }} given
 */
export function sourceLines({ system, rows, backports, release }) {
  const { codename, family, architecture } = system;
  const own = rows.filter(
    ({ uri, release }) => release === codename && /^(https?|mirror)/.test(uri),
  );
  // A derivative may serve packages of its own under the same release name.
  const chosen = own.find(({ origin }) => origin.toLowerCase() === family) ?? own[0];
  const mirror = chosen?.uri ?? defaultMirror(system);
  const suites = [release ?? codename];
  if (
    release === undefined &&
    rows.some(({ uri, release }) => uri === mirror && release === `${codename}-updates`)
  ) {
    suites.push(`${codename}-updates`);
  }
  if (backports) suites.push(`${suites[0]}-backports`);
  const key = signingKey(chosen?.entry ?? "");
  const options = `arch=${architecture} target=Packages lang=none${key ? ` signed-by=${key}` : ""}`;
  const components = family === "ubuntu" ? "main universe" : "main";
  return {
    mirror,
    lines: suites.map((suite) => `deb [${options}] ${mirror} ${suite} ${components}`),
  };
}

/** @param {System} system */
function defaultMirror({ family, architecture }) {
  if (family === "debian") return "http://deb.debian.org/debian/";
  return architecture === "amd64"
    ? "http://archive.ubuntu.com/ubuntu/"
    : "http://ports.ubuntu.com/ubuntu-ports/";
}

/**
 * The key file that the system's own source list names, if it names one: `indextargets` does not.
 * @param {string} entry `/etc/apt/sources.list.d/debian.sources:1`
 */
function signingKey(entry) {
  try {
    const text = readFileSync(entry.replace(/:\d+$/, ""), "utf8");
    return /^[^#\n]*signed-by\s*[:=]\s*(\/[^\s\],]+)/im.exec(text)?.[1] ?? null;
  } catch {
    return null;
  }
}
