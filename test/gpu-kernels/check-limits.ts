// Whether kernels become pipelines within the limits of an adapter that is not here: on Dawn's null backend, which checks WGSL,
// workgroups and bindings as it would for a real one, and computes nothing. It allows WebGPU's defaults and no more, which every
// adapter has; of a kernel that needs more Dawn says how much, and that is held against the adapter's limits.

import { create, globals } from "webgpu";
import { VitrineError } from "../../src/engine/core/errors.ts";
import { describeKernel, type Kernel } from "../../src/engine/core/kernel.ts";
import { KernelCache } from "../../src/engine/core/kernel-cache.ts";
import { SUBGROUP_SIZE_CONTROL } from "../../src/engine/core/subgroups.ts";
import { convolutionsBy } from "../../src/engine/ops/conv2d/tiled.ts";
import { MATRIX_TILE, MATRIX_TILES, matrixWay } from "../../src/engine/ops/gemm/matrix-tiles.ts";
import { productsBy } from "../../src/engine/ops/gemm/tiled.ts";
import { invocationsOf } from "../../src/engine/ops/gemm/tiles.ts";
import { type Program, tensorsOf } from "../../src/engine/program/program.ts";
import type { ModelName } from "../../src/models/models.ts";
import { allKernels } from "../support/all-kernels.ts";
import { type MatrixShape, matrixKernel, PROBED_FEATURES } from "./probes.ts";
import type { Profile } from "./profiles.ts";
import { onEveryRung, recordedStep } from "./recorded-steps.ts";

Object.assign(globalThis, globals);

/** The null backend's largest subgroup; workgroups that hold matrices are multiples of it. */
const NULL_SUBGROUP = 128;

/** Collected objects of Dawn abort the process. */
const kept: unknown[] = [];

/** Dawn's null backend. */
export class NullDevice {
  readonly #handle: GPUDevice;
  /** By the size of subgroup that kernels are held to. */
  readonly #kernels = new Map<number | null, KernelCache>();

  private constructor(handle: GPUDevice) {
    this.#handle = handle;
  }

  static async open(): Promise<NullDevice> {
    const gpu = create(["backend=null", "enable-dawn-features=allow_unsafe_apis"]);
    kept.push(gpu);
    const adapter = await gpu.requestAdapter();
    if (!adapter) throw new VitrineError("gpu-kernels: Dawn has a null backend, got no adapter");
    const handle = await adapter.requestDevice({
      requiredFeatures: [
        "subgroups",
        SUBGROUP_SIZE_CONTROL,
        ...PROBED_FEATURES,
      ] as GPUFeatureName[],
    });
    kept.push(handle);
    return new NullDevice(handle);
  }

  /**
   * What there is against a kernel within these limits, in one line; null where it becomes a pipeline. Held to the size of subgroup that
   * the engine knows of, as on an adapter that has others too.
   */
  async complaintOf(kernel: Kernel, { profile, subgroupSize }: Asked): Promise<string | null> {
    const { limits } = profile;
    const first = await this.#dawnOn(kernel, subgroupSize);
    if (first === null || !allows(limits, first)) return first;
    // Dawn names one excess at a time; with the smallest workgroup it comes to the memory.
    const { shader } = kernel;
    const text = shader.text.replaceAll(/@workgroup_size\([^)]*\)/g, "@workgroup_size(1)");
    const second = await this.#dawnOn({ ...kernel, shader: { ...shader, text } }, null);
    return second === null || allows(limits, second) ? null : second;
  }

  async #dawnOn(kernel: Kernel, pinnedSubgroup: number | null): Promise<string | null> {
    const known = this.#kernels.get(pinnedSubgroup);
    const kernels = known ?? new KernelCache(this.#handle, { pinnedSubgroup });
    this.#kernels.set(pinnedSubgroup, kernels);
    try {
      await kernels.pipeline(describeKernel(kernel));
      return null;
    } catch (error) {
      const [line = ""] = String(error instanceof Error ? error.message : error).split("\n");
      return `${line} ${JSON.stringify({ ...kernel.flags, ...kernel.constants })}`;
    }
  }
}

/** Whether a complaint is about more than the defaults, and not more than these limits. */
function allows(limits: Profile["limits"], complaint: string): boolean {
  const storage = /workgroup storage \((\d+) bytes\)/.exec(complaint)?.[1];
  if (storage) return Number(storage) <= limits.maxComputeWorkgroupStorageSize;
  const size = /workgroup_size\((\d+), (\d+), (\d+)\) that exceeds/.exec(complaint);
  const count = /workgroup invocations \((\d+)\)/.exec(complaint)?.[1];
  if (!size && !count) return false;
  const [, x = 1, y = 1, z = 1] = (size ?? []).map(Number);
  return (
    Number(count ?? x * y * z) <= limits.maxComputeInvocationsPerWorkgroup &&
    x <= limits.maxComputeWorkgroupSizeX
  );
}

/** An adapter that is not here: what it allows, and the size of subgroups that the engine knows of. */
export interface Absent {
  readonly device: NullDevice;
  readonly profile: Profile;
  readonly subgroupSize: number | null;
}

interface Asked extends Pick<Absent, "subgroupSize"> {
  readonly profile: Pick<Profile, "limits">;
}

export interface LimitsResult {
  /** Kernels. */
  readonly tried: number;
  readonly faults: readonly string[];
}

/**
 * Every kernel of the engine under its own name, whatever shapes models have; but for those whose workgroups take more memory than
 * the adapter has: rungs that need such ones do not fit there, which the models' steps show.
 */
export async function checkAllKernels(absent: Absent): Promise<LimitsResult> {
  const { tried, faults } = await complaints(absent, await allKernels(absent.subgroupSize));
  const own = faults.filter((text) => !text.includes("workgroup storage"));
  return { tried: tried - faults.length + own.length, faults: own };
}

/**
 * Products of matrices that a subgroup holds, of the shapes that the maker's adapters list: by themselves, and as the rungs
 * have them, whose sums are f32.
 */
export async function checkMatrices({ device, profile }: Absent): Promise<LimitsResult> {
  const { matrices = [], limits } = profile;
  const [subgroupSize = null] = profile.subgroupSizes.filter((size) => size !== null);
  const alone = matrices.map((shape) => matrixKernel(shape, NULL_SUBGROUP));
  const rungs = matrices.filter(hasWideSums).flatMap(({ M, N, K, componentType }) => {
    const of = componentType === "f16" ? "f16" : "f32";
    const listed = { f16: null, f32: null, [of]: { rows: M, columns: N, depth: K } };
    const ways = [MATRIX_TILE, ...MATRIX_TILES].flatMap((tile) =>
      invocationsOf(tile) % NULL_SUBGROUP === 0
        ? [
            matrixWay(
              tile,
              { subgroupSize, matrices: listed, isSoftware: false, ...limits },
              { of },
            ),
          ]
        : [],
    );
    const fitting = ways.filter((way) => way !== null);
    return fitting.flatMap((way) => [...productsBy(way), ...convolutionsBy(way)]);
  });
  return complaints({ device, profile, subgroupSize: null }, [...alone, ...rungs]);
}

function hasWideSums({ resultComponentType }: MatrixShape): boolean {
  return resultComponentType === "f32";
}

/** The kernels of a model's training step, and of every rung for its problems; and that every tensor can be bound. */
export async function checkModel(absent: Absent, model: ModelName): Promise<LimitsResult> {
  const { maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize } = absent.profile.limits;
  const { subgroupSize } = absent;
  const limits = { maxStorageBufferBindingSize, maxComputeWorkgroupStorageSize };
  const capabilities = { subgroupSize, isSoftware: false, ...limits };
  const program = recordedStep(model, capabilities);
  const kernels = [...program.dispatches, ...onEveryRung(program)].map(({ kernel }) => kernel);
  const { tried, faults } = await complaints(absent, kernels);
  return { tried, faults: [...faults, ...unbindable(program, maxStorageBufferBindingSize)] };
}

async function complaints({ device, ...asked }: Absent, kernels: readonly Kernel[]) {
  const distinct = new Map(
    kernels.map((kernel) => [`${kernel.entry} ${describeKernel(kernel).text}`, kernel]),
  );
  const complaining = [...distinct.values()].map((kernel) => device.complaintOf(kernel, asked));
  const found = await Promise.all(complaining);
  return { tried: distinct.size, faults: found.filter((text) => text !== null) };
}

/** Tensors that the adapter cannot bind whole: ops should have cut them. */
function unbindable({ dispatches }: Program, limit: number): readonly string[] {
  const large = dispatches.flatMap(tensorsOf).filter(({ storage }) => storage.bytes > limit);
  const labels = new Set(large.map(({ label, storage }) => `${label}: ${storage.bytes} bytes`));
  return [...labels].map((text) => `${text} in one binding, of ${limit}`);
}
