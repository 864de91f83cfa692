// Every kernel of the engine, found where ops, optimisers and the inspector name theirs.

import { readdirSync } from "node:fs";
import type { Kernel } from "../../src/engine/core/kernel.ts";

/** The files below a folder whose names end so. */
export function filesIn(folder: URL, ending: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return names.filter((name) => name.endsWith(ending));
}

/** Whatever a file of ops/, optim/ or inspect/ exports under a name that ends in `Kernels`: nothing to list here for a new op. */
export async function allKernels(subgroupSize: number | null): Promise<readonly Kernel[]> {
  const kernels: Kernel[] = [];
  for (const folder of ["engine/ops/", "engine/optim/", "inspect/"]) {
    const url = new URL(`../../src/${folder}`, import.meta.url);
    for (const file of filesIn(url, ".ts")) {
      const exported: Record<string, unknown> = await import(new URL(file, url).href);
      for (const [name, value] of Object.entries(exported)) {
        if (!name.endsWith("Kernels") || typeof value !== "function") continue;
        kernels.push(...(value(subgroupSize) as Iterable<Kernel>));
      }
    }
  }
  return kernels;
}
