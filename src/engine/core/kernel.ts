// A kernel names an entry point of a .wgsl file and how it is specialised. This file turns kernels into pipelines, each
// made once per device, and words the errors of those that do not compile.

import { DeviceError, VitrineError } from "./errors.ts";
import {
  type Binding,
  bindingsOf,
  type Constants,
  type Flags,
  type ParamField,
  paramsOf,
  specialise,
} from "./wgsl.ts";

export interface Kernel {
  /** `file/entry`, e.g. `gemm/subgroup`. */
  readonly label: string;
  /** The whole .wgsl file. */
  readonly source: string;
  readonly entry: string;
  readonly flags?: Flags;
  readonly constants?: Constants;
}

export interface CompiledKernel {
  readonly kernel: Kernel;
  readonly text: string;
  readonly bindings: readonly Binding[];
  readonly params: readonly ParamField[];
}

/** Pipelines of one device, keyed by kernel and by the bindings that the dispatch uses. */
export class KernelCache {
  readonly #device: GPUDevice;
  readonly #texts = new Map<string, CompiledKernel>();
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  /** Pipelines made so far; flat after warm-up. */
  pipelinesMade = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** The specialised text of a kernel with what it says of itself. */
  describe(kernel: Kernel): CompiledKernel {
    return describeKernel(kernel, this.#texts);
  }

  /** The layout of the bindings called `names`; others of the file belong to other entry points. */
  layout(compiled: CompiledKernel, names: ReadonlySet<string>): GPUBindGroupLayout {
    const used = compiled.bindings.filter((binding) => names.has(binding.name));
    const signature = used.map((binding) => `${binding.index}:${binding.access}`).join();
    let layout = this.#layouts.get(signature);
    if (!layout) {
      layout = this.#device.createBindGroupLayout({
        label: signature,
        entries: used.map((binding) => ({
          binding: binding.index,
          visibility: GPUShaderStage.COMPUTE,
          buffer: { type: bufferType(binding) },
        })),
      });
      this.#layouts.set(signature, layout);
    }
    return layout;
  }

  pipeline(compiled: CompiledKernel, layout: GPUBindGroupLayout): Promise<GPUComputePipeline> {
    const key = `${layout.label}|${keyOf(compiled.kernel)}`;
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#make(compiled, layout);
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  async #make(compiled: CompiledKernel, layout: GPUBindGroupLayout): Promise<GPUComputePipeline> {
    const { kernel, text } = compiled;
    this.pipelinesMade++;
    let module = this.#modules.get(text);
    if (!module) {
      module = this.#device.createShaderModule({ label: kernel.label, code: text });
      this.#modules.set(text, module);
    }
    try {
      return await this.#device.createComputePipelineAsync({
        label: kernel.label,
        layout: this.#device.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: kernel.entry },
      });
    } catch (cause) {
      const info = await module.getCompilationInfo();
      throw new DeviceError(explain(compiled, info.messages, String(cause)), { cause });
    }
  }
}

/** Specialises a kernel and reads its bindings and Params; needs no device. */
export function describeKernel(
  kernel: Kernel,
  known = new Map<string, CompiledKernel>(),
): CompiledKernel {
  const key = keyOf(kernel);
  let compiled = known.get(key);
  if (!compiled) {
    const text = specialise(kernel.source, kernel.flags ?? {}, kernel.constants ?? {});
    if (!text.includes(`fn ${kernel.entry}(`)) {
      throw new VitrineError(`kernel ${kernel.label}: the file has no entry point ${kernel.entry}`);
    }
    compiled = { kernel, text, bindings: bindingsOf(text), params: paramsOf(text) };
    known.set(key, compiled);
  }
  return compiled;
}

function keyOf(kernel: Kernel): string {
  return JSON.stringify([kernel.label, kernel.entry, kernel.flags ?? {}, kernel.constants ?? {}]);
}

function bufferType(binding: Binding): GPUBufferBindingType {
  if (binding.access === "uniform") return "uniform";
  return binding.access === "read" ? "read-only-storage" : "storage";
}

function explain(
  compiled: CompiledKernel,
  messages: readonly GPUCompilationMessage[],
  cause: string,
): string {
  const { kernel, text } = compiled;
  const notes = messages.map((m) => `  ${m.lineNum}:${m.linePos} ${m.type}: ${m.message}`);
  const first = messages.find((message) => message.type === "error")?.lineNum ?? 1;
  const lines = text.split("\n").map((line, index) => `${String(index + 1).padStart(5)} ${line}`);
  const around = lines.slice(Math.max(0, first - 6), first + 5);
  return [`kernel ${kernel.label}: does not compile, got ${cause}`, ...notes, ...around].join("\n");
}
