// What `npm run setup` prints when all is in place. Reads only.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { CACHE, folderBytes, ROOT } from "./files.mjs";
import { MESA_ICD, readMesa } from "./mesa.mjs";
import { formatBytes } from "./say.mjs";

/** @param {import("./adapter.mjs").Adapter} adapter */
export function printSummary(adapter) {
  const driver = {
    nothing: "the system's",
    loader: "the system's, with the Vulkan loader of .cache/mesa",
    driver: `Mesa ${readMesa()?.version} (${MESA_ICD})`,
  }[adapter.share];
  const lines = [
    `adapter   ${adapter.name} (${adapter.kind})`,
    `details   ${adapter.driver}`,
    `driver    ${driver}`,
    `node      ${process.version}, ${process.platform} ${process.arch}`,
    ...folders().map(
      ([name, folder]) => `${formatBytes(folderBytes(folder)).padStart(8)}  ${name}`,
    ),
  ];
  for (const line of lines) console.log(line);
}

function folders() {
  const inCache = existsSync(CACHE) ? readdirSync(CACHE, { withFileTypes: true }) : [];
  const names = inCache.filter((entry) => entry.isDirectory()).map(({ name }) => `.cache/${name}`);
  return ["node_modules", ...names.sort()].map(
    (name) => /** @type {const} */ ([name, join(ROOT, name)]),
  );
}
