// What adapters of each maker allow, as far as kernels depend on it: the limits that the engine asks for, and the sizes of subgroup
// that it may meet or hold kernels to; null where a maker's subgroups vary and cannot be held, so that the engine knows of none.
// Figures are those of the makers' Vulkan drivers and of Metal; they bound what kernels may use, and are no description of one card.

import type { WANTED_LIMITS } from "../../src/engine/core/requested-device.ts";
import type { MatrixShape } from "./probes.ts";

type Limits = Readonly<Record<(typeof WANTED_LIMITS)[number], number>>;

export interface Profile {
  readonly name: string;
  readonly limits: Limits;
  readonly subgroupSizes: readonly (number | null)[];
  /** What the maker's newer adapters list for chromium-experimental-subgroup-matrix. */
  readonly matrices?: readonly MatrixShape[];
}

function matrix(extents: readonly [M: number, N: number, K: number], from: string, to: string) {
  const [M, N, K] = extents;
  return { M, N, K, componentType: from, resultComponentType: to };
}

const GIB = 2 ** 30;

function limits(given: {
  readonly storage: number;
  readonly invocations: number;
  readonly binding: number;
  readonly buffer: number;
}): Limits {
  return {
    maxStorageBufferBindingSize: given.binding,
    maxBufferSize: given.buffer,
    maxComputeWorkgroupStorageSize: given.storage,
    maxComputeInvocationsPerWorkgroup: given.invocations,
    maxComputeWorkgroupSizeX: given.invocations,
  };
}

export const PROFILES: readonly Profile[] = [
  {
    name: "apple",
    limits: limits({ storage: 32_768, invocations: 1024, binding: 4 * GIB - 4, buffer: 4 * GIB }),
    matrices: [matrix([8, 8, 8], "f32", "f32"), matrix([8, 8, 8], "f16", "f16")],
    subgroupSizes: [32, null],
  },
  {
    name: "nvidia",
    limits: limits({ storage: 49_152, invocations: 1024, binding: 2 * GIB - 4, buffer: 4 * GIB }),
    matrices: [matrix([16, 16, 16], "f16", "f32"), matrix([16, 16, 16], "f16", "f16")],
    subgroupSizes: [32],
  },
  {
    name: "amd",
    limits: limits({ storage: 65_536, invocations: 1024, binding: 2 * GIB - 4, buffer: 4 * GIB }),
    matrices: [matrix([16, 16, 16], "f16", "f32")],
    subgroupSizes: [null, 32, 64],
  },
  {
    name: "intel",
    limits: limits({ storage: 65_536, invocations: 1024, binding: GIB, buffer: 4 * GIB }),
    matrices: [matrix([8, 16, 16], "f16", "f32")],
    subgroupSizes: [null, 8, 16, 32],
  },
  {
    name: "adreno",
    limits: limits({ storage: 32_768, invocations: 1024, binding: GIB / 8, buffer: GIB }),
    subgroupSizes: [null, 64],
  },
  {
    name: "mali",
    limits: limits({ storage: 32_768, invocations: 512, binding: GIB / 4, buffer: GIB }),
    subgroupSizes: [null, 16],
  },
  {
    // WebGPU's own defaults, which every adapter has; SwiftShader has little more.
    name: "defaults",
    limits: limits({ storage: 16_384, invocations: 256, binding: GIB / 8, buffer: GIB / 4 }),
    subgroupSizes: [null, 4],
  },
];
