// Everything that is needed before a device can be opened: packages, and an adapter that is known. Fast where nothing is to do.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { adapterEnvironment, findAdapter, rememberedAdapter } from "./adapter.mjs";
import { ROOT, sweepTemporary } from "./files.mjs";
import { withLock } from "./lock.mjs";
import { MESA_LIBRARIES } from "./mesa.mjs";
import { hasPackages, providePackages } from "./packages.mjs";
import { preloadLibraries } from "./preload.mjs";
import { say } from "./say.mjs";

/** An installed package has no lock file: its packages are npm's business. */
const lacksPackages = () => existsSync(join(ROOT, "package-lock.json")) && !hasPackages();

/**
 * Makes everything ready that is not, and returns the adapter. Fast where nothing is to do.
 * @param {{ again?: boolean }} [wish] `again`: look for the adapter even if one is known
 */
export async function setUp({ again = false } = {}) {
  const known = again || lacksPackages() ? null : rememberedAdapter();
  if (known) return known;
  say("setting up (needed once; interrupt it at any time, the next run goes on)");
  return withLock(async () => {
    sweepTemporary();
    if (lacksPackages()) await providePackages();
    const adapter = (again ? null : rememberedAdapter()) ?? (await findAdapter());
    say(`  ready: ${adapter.name} (${adapter.kind})`);
    return adapter;
  });
}

/**
 * The same for a process that has started already, a script of one's own: what `adapterEnvironment` says before the start of
 * others is set, and the libraries are loaded. Nothing to do in a process that a command has started.
 */
export async function prepareProcess() {
  if (process.env["VITRINE_ADAPTER_KIND"]) return;
  const adapter = await setUp();
  const { LD_LIBRARY_PATH: _, ...variables } = adapterEnvironment(adapter);
  Object.assign(process.env, variables);
  if (adapter.share !== "nothing") preloadLibraries(MESA_LIBRARIES);
}
