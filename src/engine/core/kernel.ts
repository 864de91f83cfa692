// A kernel names an entry point of a shader and how it is specialised. This file turns kernels into pipelines, each
// made once per device, and words the errors of those that do not compile.

import { DeviceError, VitrineError } from "./errors.ts";
import {
  type Binding,
  bindingsOf,
  type Constants,
  type Flags,
  type ParamField,
  type Place,
  paramsOf,
  placesOf,
  type Shader,
  specialise,
  specialisedPlaces,
  switchesOf,
} from "./wgsl.ts";

/** An entry point of a shader, and the switches and constants that it is specialised with. */
export interface Kernel {
  /** `file/entry`: `gemm/tiled/multiply`. */
  readonly label: string;
  readonly shader: Shader;
  readonly entry: string;
  readonly flags?: Flags;
  readonly constants?: Constants;
}

export interface Specialisation {
  /** Switches that are on; those not named are off. */
  readonly flags?: Flags;
  readonly constants?: Constants;
}

/** The kernel of an entry point. */
export function kernelFrom(
  shader: Shader,
  entry: string,
  specialisation: Specialisation = {},
): Kernel {
  return { label: `${shader.file}/${entry}`, shader, entry, ...specialisation };
}

/**
 * A shader of one's own, from its text: its bindings are found by their names, and its parameters by those of `struct Params`.
 * `name` is what messages and recordings call it.
 */
export function shaderFrom(name: string, text: string): Shader {
  return { file: name, text, runs: [{ file: name, line: 1, count: text.split("\n").length }] };
}

/** A kernel's text as it is compiled, and what that says of itself. */
export interface CompiledKernel {
  readonly kernel: Kernel;
  readonly text: string;
  /** Those that the entry point uses. */
  readonly bindings: readonly Binding[];
  /** Empty where the entry point takes none. */
  readonly params: readonly ParamField[];
}

/** Pipelines of one device, keyed by the text that is compiled and by its entry point. */
export class KernelCache {
  readonly #device: GPUDevice;
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  /** Pipelines made so far; flat after warm-up. */
  pipelinesMade = 0;

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  /** The layout of a kernel's bindings. */
  layout({ bindings }: CompiledKernel): GPUBindGroupLayout {
    const signature = bindings.map((binding) => `${binding.index}:${binding.kind}`).join();
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

  pipeline(compiled: CompiledKernel): Promise<GPUComputePipeline> {
    const key = `${compiled.kernel.entry}\n${compiled.text}`;
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
      module = this.#device.createShaderModule({ label: kernel.label, code: text });
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
      throw new DeviceError(explain(compiled, info.messages, String(cause)), { cause });
    }
  }
}

/** GPUShaderStage.COMPUTE, without the global. */
const COMPUTE_STAGE = 0x4;

const described = new WeakMap<Shader, Map<string, CompiledKernel>>();

/**
 * Specialises a kernel and reads its bindings and Params; needs no device, and is done once for a shader and its
 * specialisation. Throws VitrineError for an entry point, a switch or a constant that the shader does not have.
 */
export function describeKernel(kernel: Kernel): CompiledKernel {
  const { shader, entry, flags = {}, constants = {} } = kernel;
  const known = described.get(shader) ?? new Map<string, CompiledKernel>();
  described.set(shader, known);
  const key = JSON.stringify([entry, flags, constants]);
  let compiled = known.get(key);
  if (!compiled) {
    compiled = describe(kernel);
    known.set(key, compiled);
  }
  return compiled;
}

function describe(kernel: Kernel): CompiledKernel {
  const { label, shader, entry, flags = {}, constants = {} } = kernel;
  if (!shader.runs && shader.text.includes("//#include")) {
    throw new VitrineError(
      `kernel ${label}: includes are put in when a .wgsl file is loaded, got one in a text`,
    );
  }
  const switches = switchesOf(shader.text);
  const unknown = Object.keys(flags).find((name) => !switches.includes(name));
  if (unknown !== undefined) {
    const known = switches.length > 0 ? switches.join(", ") : "none";
    throw new VitrineError(`kernel ${label}: its switches are ${known}, got ${unknown}`);
  }
  const text = specialise(shader.text, flags, constants);
  if (!text.includes(`fn ${entry}(`)) {
    throw new VitrineError(`kernel ${label}: the shader has no entry point ${entry}`);
  }
  const bindings = bindingsOf(text, entry);
  const hasParams = bindings.some(({ kind }) => kind === "uniform");
  return { kernel, text, bindings, params: hasParams ? paramsOf(text) : [] };
}

function bufferType(binding: Binding): GPUBufferBindingType {
  if (binding.kind === "uniform") return "uniform";
  return binding.kind === "read" ? "read-only-storage" : "storage";
}

/** What is wrong, where in which file, and the lines around the first error there. */
function explain(
  { kernel }: CompiledKernel,
  messages: readonly GPUCompilationMessage[],
  cause: string,
): string {
  const { label, shader, flags = {}, constants = {} } = kernel;
  const compiled = specialisedPlaces(shader, flags, constants);
  const notes = messages.map(({ lineNum, linePos, type, message }) => {
    const { file, line } = compiled[lineNum - 1] ?? { file: shader.file, line: lineNum };
    return `  ${file}:${line}:${linePos} ${type}: ${message}`;
  });
  const first = messages.find((message) => message.type === "error")?.lineNum ?? 1;
  return [
    `kernel ${label}: does not compile, got ${cause}`,
    ...notes,
    `  with ${JSON.stringify({ ...flags, ...constants })}`,
    ...linesAround(shader, compiled[first - 1]),
  ].join("\n");
}

/** Five lines on either side of a place, as they stand in its file: before the switches. */
function linesAround(shader: Shader, place: Place | undefined): readonly string[] {
  const lines = shader.text.split("\n");
  return placesOf(shader).flatMap(({ file, line }, index) => {
    if (file !== place?.file || Math.abs(line - place.line) > 5) return [];
    return [`${line === place.line ? ">" : " "}${String(line).padStart(5)} ${lines[index]}`];
  });
}
