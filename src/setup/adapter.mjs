// Finds a WebGPU adapter: hardware where there is one, else the system's software Vulkan, else our
// own (mesa.mjs). Remembers the outcome, so that the next start asks nothing.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CACHE, ROOT, readJson, writeAtomically } from "./files.mjs";
import {
  installMesa,
  MESA,
  MESA_ICD,
  MESA_LIBRARIES,
  missingDriverHelp,
  provideMesa,
  readMesa,
} from "./mesa.mjs";
import { excerpt, findProgram, run } from "./run.mjs";
import { SetupError, say, withProgress } from "./say.mjs";

const MEMORY = join(CACHE, "adapter.json");
const PROBE = fileURLToPath(new URL("probe.mjs", import.meta.url));
const PROBE_TIMEOUT_MS = 60_000;

/**
 * How much of our own Mesa an adapter needs: nothing, the loader (for a driver of the system), or
 * the loader and the driver.
 * @typedef {"nothing" | "loader" | "driver"} Share
 */

/**
 * @typedef {object} Adapter
 * @property {string} name
 * @property {string} driver
 * @property {"software" | "hardware"} kind
 * @property {Share} share
 */

/**
 * The variables that a process needs to get this adapter; they count only if set before it starts.
 * @param {{ kind: Adapter["kind"], share: Share }} adapter
 * @param {NodeJS.ProcessEnv} [env] what is set already, and mostly stays
 * @returns {Record<string, string>}
 */
export function adapterEnvironment({ kind, share }, env = process.env) {
  /** @type {Record<string, string>} */
  const added = { VITRINE_ADAPTER_KIND: kind };
  if (share !== "nothing") {
    const others = env["LD_LIBRARY_PATH"];
    added["LD_LIBRARY_PATH"] = others ? `${MESA_LIBRARIES}${delimiter}${others}` : MESA_LIBRARIES;
  }
  if (share === "driver") added["VK_DRIVER_FILES"] = MESA_ICD;
  if (kind === "software") {
    added["MESA_SHADER_CACHE_DIR"] = env["MESA_SHADER_CACHE_DIR"] || join(CACHE, "mesa-shaders");
  }
  return added;
}

/**
 * A digest of everything that decides which adapter there is. While it stays, so does the adapter.
 * @param {NodeJS.ProcessEnv} [env]
 */
export function adapterKey(env = process.env) {
  const names = Object.keys(env).filter((name) =>
    /^(VK_|DRI_|__NV|CUDA_VISIBLE|LD_LIBRARY)/.test(name),
  );
  const facts = [
    names.sort().flatMap((name) => {
      const value = foreign(env[name] ?? "");
      return value === "" ? [] : [`${name}=${value}`];
    }),
    driverFolders(env).map(listing),
    ["/dev/dri", "/dev"].map((folder) =>
      listing(folder).filter((name) => /card|render|nvidia|dxg|kfd/.test(name)),
    ),
    hasVulkanLoader(),
    [readText("/etc/os-release"), readText("/proc/driver/nvidia/version")],
    // Beside this package, where it is installed.
    [ROOT, dirname(dirname(ROOT))].map(
      (root) =>
        statSync(join(root, "node_modules", "webgpu", "package.json"), { throwIfNoEntry: false })
          ?.mtimeMs,
    ),
  ];
  return createHash("sha256").update(JSON.stringify(facts)).digest("hex");
}

/**
 * What a command of ours has set for its children is no choice of the person's.
 * @param {string} value
 */
function foreign(value) {
  const own = [MESA_LIBRARIES, MESA_ICD];
  return value
    .split(delimiter)
    .filter((part) => !own.includes(part))
    .join(delimiter);
}

/** @param {string} path */
function readText(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/**
 * Names, and for files their times, in a folder; empty where there is none.
 * @param {string} folder
 */
function listing(folder) {
  try {
    return readdirSync(folder).map((name) =>
      folder.startsWith("/dev") ? name : `${name} ${statSync(join(folder, name)).mtimeMs}`,
    );
  } catch {
    return [];
  }
}

/**
 * The folders in which the Vulkan loader looks for drivers.
 * @param {NodeJS.ProcessEnv} env
 */
function driverFolders(env) {
  const shares = (env["XDG_DATA_DIRS"] ?? "/usr/local/share:/usr/share").split(":");
  const homes = [env["XDG_DATA_HOME"] ?? join(env["HOME"] ?? homedir(), ".local", "share")];
  return ["/etc", "/usr/local/etc", ...shares, ...homes].map((base) =>
    join(base, "vulkan", "icd.d"),
  );
}

function hasVulkanLoader() {
  const triplet = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  const folders = ["/usr/lib", "/usr/lib64", "/usr/local/lib", "/lib", "/lib64"];
  const places = [...folders, ...folders.map((folder) => join(folder, triplet))];
  return places.some((folder) => existsSync(join(folder, "libvulkan.so.1")));
}

/**
 * The adapter that is known from an earlier start, or null where set-up has to look for one.
 * @returns {Adapter | null}
 */
export function rememberedAdapter() {
  const memory = readJson(MEMORY);
  if (memory?.["key"] !== adapterKey()) return null;
  const adapter = adapterIn(memory);
  return adapter === null || adapter.share === "nothing" || readMesa() ? adapter : null;
}

/**
 * What the memory says, or null where something else has written into it: set-up then looks again.
 * @param {Record<string, unknown>} memory
 * @returns {Adapter | null}
 */
export function adapterIn(memory) {
  const found = memory["adapter"];
  if (typeof found !== "object" || found === null) return null;
  const { name, driver, kind, share } = /** @type {Record<string, unknown>} */ (found);
  if (typeof name !== "string" || typeof driver !== "string") return null;
  if (kind !== "software" && kind !== "hardware") return null;
  if (share !== "nothing" && share !== "loader" && share !== "driver") return null;
  return { name, driver, kind, share };
}

/**
 * Looks for an adapter, fetching a software one where there is none. The caller holds the set-up
 * lock, and node_modules is complete.
 * @returns {Promise<Adapter>}
 */
export async function findAdapter() {
  const attempts = /** @type {string[]} */ ([]);
  const adapter = await search(attempts);
  if (!adapter) {
    throw new SetupError(`setup: no WebGPU adapter on this machine, got: ${attempts.join("; ")}`, {
      help: missingDriverHelp(),
    });
  }
  mkdirSync(join(CACHE, "mesa-shaders"), { recursive: true });
  writeAtomically(MEMORY, `${JSON.stringify({ key: adapterKey(), adapter }, null, 2)}\n`);
  return adapter;
}

/**
 * @param {string[]} attempts what was tried, for the message
 * @returns {Promise<Adapter | null>}
 */
async function search(attempts) {
  const asItIs = await probe("nothing", attempts);
  if (asItIs) return asItIs;
  if (process.platform !== "linux") return null;
  if (chosenDriver() && hasVulkanLoader()) {
    throw new SetupError(
      `setup: the Vulkan driver that was asked for gives no adapter, got ${chosenDriver()}`,
      {
        help: "unset VK_DRIVER_FILES and VK_ICD_FILENAMES to let set-up find one",
      },
    );
  }
  const own = readMesa() ? await probeOwn(attempts) : null;
  return own ?? (await provide(attempts));
}

/**
 * Fetches our own Mesa and tries it; as root, and only then, the system's apt is the way out.
 * @param {string[]} attempts
 * @returns {Promise<Adapter | null>}
 */
async function provide(attempts) {
  if (!findProgram("apt-get")) {
    throw new SetupError(
      "setup: WebGPU finds no Vulkan driver, got a system without apt to fetch one",
      {
        help: missingDriverHelp(),
      },
    );
  }
  say(
    "  no usable GPU or Vulkan driver here: fetching Mesa's software one (llvmpipe) into .cache/mesa",
  );
  try {
    await provideMesa();
    const own = await probeOwn(attempts);
    if (own) return own;
  } catch (error) {
    if (process.getuid?.() !== 0) throw error;
    say(`  that did not work: ${error instanceof Error ? error.message : error}`);
  }
  if (process.getuid?.() !== 0) return null;
  await installMesa();
  return probe("nothing", attempts);
}

/** @param {string[]} attempts */
async function probeOwn(attempts) {
  // A GPU's driver may be there without the Vulkan loader to find it.
  const hasDriver =
    chosenDriver() || driverFolders(process.env).some((path) => listing(path).length > 0);
  const system = hasDriver && !hasVulkanLoader() ? await probe("loader", attempts) : null;
  // The user's choice of a driver is not ours to replace.
  return system ?? (chosenDriver() ? null : probe("driver", attempts));
}

function chosenDriver() {
  return process.env["VK_DRIVER_FILES"] || process.env["VK_ICD_FILENAMES"];
}

/**
 * @param {Share} share
 * @param {string[]} attempts
 * @returns {Promise<Adapter | null>}
 */
async function probe(share, attempts) {
  const env = { ...process.env, ...adapterEnvironment({ kind: "software", share }) };
  const label =
    share === "driver" ? "trying Mesa's software adapter" : "looking for a WebGPU adapter";
  const outcome = await withProgress(
    label,
    () => run(process.execPath, [PROBE], { env, cwd: ROOT, timeoutMs: PROBE_TIMEOUT_MS }),
    undefined,
    ({ stdout }) => (parseProbe(stdout) ? null : "none"),
  );
  const found = parseProbe(outcome.stdout);
  if (outcome.code === 0 && found) {
    const { name, driver, isSoftware } = found;
    return { name, driver, kind: isSoftware ? "software" : "hardware", share };
  }
  attempts.push(describeFailure(share, outcome));
  return null;
}

/**
 * @param {string} stdout
 * @returns {{ name: string, driver: string, isSoftware: boolean } | null}
 */
export function parseProbe(stdout) {
  const line = stdout.split("\n").findLast((text) => text.startsWith('{"found":'));
  try {
    return line ? JSON.parse(line).found : null;
  } catch {
    return null;
  }
}

/**
 * @param {Share} share
 * @param {import("./run.mjs").Outcome} outcome
 */
function describeFailure(share, { code, stderr }) {
  const where = share === "driver" ? `the driver in ${MESA}` : "the system's drivers";
  if (code === 0) return `none from ${where}`;
  if (code === 124) return `no answer in ${PROBE_TIMEOUT_MS / 1e3} s from ${where}`;
  return `a failure (code ${code}) from ${where}:\n${excerpt(stderr)}\n`;
}
