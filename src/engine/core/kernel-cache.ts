// Turns kernels into pipelines, each made once per device. A shader's file may be edited while programs run: they dispatch what a slot
// holds, and an edit changes what all slots of its file hold, or none.

import { editedKernel } from "./edited-kernel.ts";
import { KernelError } from "./errors.ts";
import type { CompiledKernel } from "./kernel.ts";
import { compileError } from "./kernel-errors.ts";
import { pinned } from "./subgroups.ts";
import type { Binding, Shader } from "./wgsl.ts";

/** Where a compiled program finds a kernel's pipeline: another one after an edit of its file. */
export interface KernelSlot {
  readonly pipeline: GPUComputePipeline;
}

interface Held {
  pipeline: GPUComputePipeline;
}

interface Entry {
  /** As it is written. */
  readonly compiled: CompiledKernel;
  readonly slot: Promise<Held>;
}

export interface KernelCacheOptions {
  /** Stand in for files from the start. */
  readonly edits?: ReadonlyMap<string, Shader>;
  /** Lanes of the subgroups that kernels are held to; null where they need not be. */
  readonly pinnedSubgroup?: number | null;
}

/** Pipelines of one device, keyed by the text that is compiled and by its entry point. */
export class KernelCache {
  readonly #device: GPUDevice;
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #entries = new Map<string, Entry>();
  readonly #edits: Map<string, Shader>;
  readonly pinnedSubgroup: number | null;
  /** Pipelines made so far; flat after warm-up. */
  pipelinesMade = 0;

  constructor(
    device: GPUDevice,
    { edits = new Map(), pinnedSubgroup = null }: KernelCacheOptions = {},
  ) {
    this.#device = device;
    this.#edits = new Map(edits);
    this.pinnedSubgroup = pinnedSubgroup;
  }

  /** Shaders that stand in for those of the same file, by file. */
  get edits(): ReadonlyMap<string, Shader> {
    return this.#edits;
  }

  /** The layout of a kernel's bindings. */
  layout({ bindings }: CompiledKernel): GPUBindGroupLayout {
    const signature = signatureOf(bindings);
    let layout = this.#layouts.get(signature);
    if (!layout) {
      layout = this.#device.createBindGroupLayout({
        label: signature,
        entries: bindings.map((binding) => ({
          binding: binding.index,
          visibility: COMPUTE_STAGE,
          buffer: { type: bufferType(binding) },
        })),
      });
      this.#layouts.set(signature, layout);
    }
    return layout;
  }

  /** Where its pipeline is, now and after every edit. Throws KernelError for a kernel that does not compile. */
  slot(compiled: CompiledKernel): Promise<KernelSlot> {
    const { shader, entry } = compiled.kernel;
    const key = `${shader.file}\n${entry}\n${compiled.text}`;
    const known = this.#entries.get(key);
    if (known) return known.slot;
    const edit = this.#edits.get(shader.file) ?? null;
    const slot = this.#compile(compiled, edit).then((pipeline) => ({ pipeline }));
    this.#entries.set(key, { compiled, slot });
    // With another edit, or none, it may compile.
    slot.catch(() => this.#entries.delete(key));
    return slot;
  }

  /** What a kernel's slot holds now. */
  async pipeline(compiled: CompiledKernel): Promise<GPUComputePipeline> {
    return (await this.slot(compiled)).pipeline;
  }

  /**
   * Puts the shader in the place of the one of the same file, in every kernel of it that was or will be compiled: programs that are
   * compiled already dispatch it from their next submit on. Throws KernelError, and changes nothing, where one does not compile or
   * asks for what the written one is not given.
   */
  edit(shader: Shader): Promise<void> {
    return this.#exchange(shader.file, shader);
  }

  /** Takes an edit away again; nothing where there is none. */
  async restore(file: string): Promise<void> {
    if (this.#edits.has(file)) await this.#exchange(file, null);
  }

  async #exchange(file: string, edit: Shader | null): Promise<void> {
    const seen = new Set<Entry>();
    const swaps: (readonly [Held, GPUComputePipeline])[] = [];
    for (;;) {
      // What was asked for while the others compiled, too.
      const lacking = this.#entriesOf(file).filter((entry) => !seen.has(entry));
      if (lacking.length === 0) break;
      for (const entry of lacking) seen.add(entry);
      const attempts = lacking.map(async ({ compiled, slot }) => {
        const held = await slot.catch(() => null);
        // Whoever asked for one that does not compile as it is was told.
        return held && ([held, await this.#compile(compiled, edit)] as const);
      });
      const done = (await allOf(attempts)).filter((swap) => swap !== null);
      swaps.push(...done);
    }
    // From here on nothing waits: no submit sees half of an edit.
    if (edit) this.#edits.set(file, edit);
    else this.#edits.delete(file);
    for (const [held, pipeline] of swaps) held.pipeline = pipeline;
  }

  #entriesOf(file: string): readonly Entry[] {
    const all = [...this.#entries.values()];
    return all.filter(({ compiled }) => compiled.kernel.shader.file === file);
  }

  /** A kernel as it is written, or as an edit of its file has it: with the bindings of the written one. */
  async #compile(written: CompiledKernel, edit: Shader | null): Promise<GPUComputePipeline> {
    const compiled = edit ? editedKernel(written, edit) : written;
    const { kernel, text, bindings } = compiled;
    const key = `${signatureOf(bindings)}\n${kernel.entry}\n${text}`;
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#make(compiled);
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  async #make(compiled: CompiledKernel): Promise<GPUComputePipeline> {
    const { kernel, text } = compiled;
    this.pipelinesMade++;
    let module = this.#modules.get(text);
    if (!module) {
      // Said by the pipeline that is made of it; left alone, it would count as the device's failure.
      this.#device.pushErrorScope("validation");
      const lanes = this.pinnedSubgroup;
      const code = lanes === null ? text : pinned(text, lanes);
      module = this.#device.createShaderModule({ label: kernel.label, code });
      this.#device.popErrorScope().catch(() => null);
      this.#modules.set(text, module);
    }
    try {
      return await this.#device.createComputePipelineAsync({
        label: kernel.label,
        layout: this.#device.createPipelineLayout({ bindGroupLayouts: [this.layout(compiled)] }),
        compute: { module, entryPoint: kernel.entry },
      });
    } catch (cause) {
      const info = await module.getCompilationInfo();
      throw compileError(compiled, info.messages, cause);
    }
  }
}

/** GPUShaderStage.COMPUTE, without the global. */
const COMPUTE_STAGE = 0x4;

function signatureOf(bindings: readonly Binding[]): string {
  return bindings.map((binding) => `${binding.index}:${binding.kind}`).join();
}

function bufferType(binding: Binding): GPUBufferBindingType {
  if (binding.kind === "uniform") return "uniform";
  return binding.kind === "read" ? "read-only-storage" : "storage";
}

/** Waits for all; of several that fail, the first is thrown, with what is wrong in the others. */
async function allOf<Result>(attempts: readonly Promise<Result>[]): Promise<Result[]> {
  const settled = await Promise.allSettled(attempts);
  const failures = settled.filter((one) => one.status === "rejected").map(({ reason }) => reason);
  const [first] = failures;
  if (first instanceof KernelError) throw first.with(failures);
  if (first !== undefined) throw first;
  return settled.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
}
