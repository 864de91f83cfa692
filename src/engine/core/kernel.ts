// A kernel names an entry point of a shader and how it is specialised. This file says what its text is then, and what that asks for;
// kernel-cache.ts compiles it.

import { VitrineError } from "./errors.ts";
import { withGuard } from "./guarded-kernel.ts";
import { withHalves } from "./half-storage.ts";
import {
  type Binding,
  bindingsOf,
  type Constants,
  type Flags,
  type ParamField,
  paramsOf,
  type Shader,
  specialise,
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
  /** Bindings, by name, whose elements are stored as f16; it computes in f32 all the same. The recorder says which. */
  readonly halves?: readonly string[];
  /** Whether it does nothing where the guard, which is bound besides, is not 0. The recorder says so. */
  readonly isGuarded?: boolean;
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

const described = new WeakMap<Shader, Map<string, CompiledKernel>>();

/**
 * Specialises a kernel and reads its bindings and Params; needs no device, and is done once for a shader and its
 * specialisation. Throws VitrineError for an entry point, a switch or a constant that the shader does not have.
 */
export function describeKernel(kernel: Kernel): CompiledKernel {
  const { shader, entry, flags = {}, constants = {}, halves = [], isGuarded = false } = kernel;
  const known = described.get(shader) ?? new Map<string, CompiledKernel>();
  described.set(shader, known);
  const key = JSON.stringify([entry, flags, constants, halves, isGuarded]);
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
  const plain = specialise(shader.text, flags, constants);
  if (!plain.includes(`fn ${entry}(`)) {
    throw new VitrineError(`kernel ${label}: the shader has no entry point ${entry}`);
  }
  const text = stored(plain, kernel);
  const bindings = bindingsOf(text, entry);
  const hasParams = bindings.some(({ kind }) => kind === "uniform");
  return { kernel, text, bindings, params: hasParams ? paramsOf(text) : [] };
}

/** The text for what is bound to it; that of a kernel of f32 alone, without a guard, is as it is. */
function stored(plain: string, { label, entry, halves = [], isGuarded = false }: Kernel): string {
  const where = `kernel ${label}`;
  const text = halves.length > 0 ? withHalves(plain, halves, where) : plain;
  return isGuarded ? withGuard(text, entry, where) : text;
}
