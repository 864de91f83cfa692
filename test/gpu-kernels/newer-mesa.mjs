// Mesa 26 beside the one that set-up fetches: llvmpipe with f16 and matrices of subgroups (chromium-experimental-subgroup-matrix),
// from Debian 13 and its backports, unpacked into .cache/mesa-26 without root. It wants a newer C library than older systems have,
// so that is fetched as well, and Node is started under its loader.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { download, resolvePackages, versionsOf, withLists } from "../../src/setup/apt.mjs";
import { neededLibraries } from "../../src/setup/elf.mjs";
import { CACHE, discard, replaceFolder, temporaryFolder } from "../../src/setup/files.mjs";
import { withLock } from "../../src/setup/lock.mjs";
import { assemble, DRIVERS, readMesa } from "../../src/setup/mesa.mjs";
import { SetupError, withProgress } from "../../src/setup/say.mjs";
import { readSystem } from "../../src/setup/sources.mjs";

const HOME = join(CACHE, "mesa-26");
const RELEASE = "trixie";
const OLDEST_MAJOR = 26;
const LOADERS = { x64: "ld-linux-x86-64.so.2", arm64: "ld-linux-aarch64.so.1" };

/** @returns {string} the loader of the C library that belongs to this Mesa */
function loaderName() {
  const name = LOADERS[/** @type {keyof typeof LOADERS} */ (process.arch)];
  if (process.platform === "linux" && name !== undefined) return name;
  throw new SetupError(
    `gpu-kernels: Mesa ${OLDEST_MAJOR} is fetched on Linux for x64 and arm64, got ${process.platform} ${process.arch}`,
  );
}

/**
 * Fetches Mesa 26 where it is not there yet.
 * @returns {Promise<string>} its version
 * @throws {SetupError} where there is no apt, no Debian, no network, or an older Mesa only
 */
export async function provideNewerMesa() {
  loaderName();
  const there =
    readMesa(HOME) ?? (await withLock(async () => readMesa(HOME) ?? (await fetchMesa())));
  return there.version;
}

async function fetchMesa() {
  if (readSystem().family !== "debian") {
    throw new SetupError(
      "gpu-kernels: Mesa 26 comes from Debian 13, got a system without its keys",
    );
  }
  const work = temporaryFolder();
  try {
    const wish = { release: RELEASE, backports: true };
    const version = await withLists((apt) => fetchPackages(apt, work), wish);
    // What Node itself loads must be of the same C library.
    const others = [loaderName(), "libc.so.6", ...neededLibraries(process.execPath)];
    await withProgress(`unpacking Mesa ${version}`, () => assemble({ work, version, others }));
    replaceFolder(join(work, "mesa"), HOME);
  } finally {
    discard(work);
  }
  const there = readMesa(HOME);
  if (there) return there;
  throw new SetupError(`gpu-kernels: Mesa's files must be whole, got others in ${HOME}`);
}

/**
 * @param {import("../../src/setup/apt.mjs").Apt} apt
 * @param {string} work
 */
async function fetchPackages(apt, work) {
  const [newest] = await versionsOf(apt, DRIVERS);
  const version = newest?.version ?? "none";
  if (!newest || Number.parseInt(version, 10) < OLDEST_MAJOR) {
    throw new SetupError(
      `gpu-kernels: Mesa ${OLDEST_MAJOR} is needed, got ${version} from ${apt.mirror}`,
    );
  }
  const packages = await resolvePackages(apt, [`${DRIVERS}/${newest.suite}`, "libvulkan1"]);
  await download({ apt, packages, into: work });
  return version;
}

/**
 * How to start Node on this Mesa.
 * @param {number} bits of the vectors that llvmpipe computes with; a lane takes 32 of them
 */
export function newerMesa(bits) {
  const lib = join(HOME, "lib");
  const shaders = join(CACHE, "gpu-kernels", `shaders-${bits}`);
  mkdirSync(shaders, { recursive: true });
  return {
    program: join(lib, loaderName()),
    args: ["--library-path", lib, process.execPath],
    env: {
      VK_DRIVER_FILES: join(HOME, "lvp_icd.json"),
      LP_NATIVE_VECTOR_WIDTH: String(bits),
      MESA_SHADER_CACHE_DIR: shaders,
      VITRINE_ADAPTER_KIND: "software",
      // The kernels are in question, and not LLVM: without its passes they compile in two thirds of the time.
      GALLIVM_PERF: "nopt",
      LP_NUM_THREADS: "2",
    },
  };
}
