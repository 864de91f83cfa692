// Lanes of a subgroup, and what they multiply together. Kernels that pass values between lanes are written for one size, which they take as a constant. Some
// adapters have several and choose by themselves (AMD 32 or 64, Intel 8 to 32): there such kernels are held to one,
// where the adapter lets them (WGSL's `@subgroup_size`, feature `subgroup-size-control`).

export interface Subgroups {
  /** Lanes, where they can be known; else null. */
  readonly size: number | null;
  /** Whether kernels must ask for that size, because they would else get another. */
  readonly isPinned: boolean;
}

export const SUBGROUP_SIZE_CONTROL = "subgroup-size-control";

/** Of an adapter that has several: AMD's 32, Intel's 16, whose registers are half as many at 32. */
const PREFERRED = 16;

export function subgroupsOf(
  features: ReadonlySet<string>,
  {
    subgroupMinSize: least,
    subgroupMaxSize: most,
  }: Pick<GPUAdapterInfo, "subgroupMinSize" | "subgroupMaxSize">,
): Subgroups {
  const isKnown = least !== undefined && most !== undefined;
  if (!features.has("subgroups") || !isKnown) return { size: null, isPinned: false };
  if (least === most) return { size: least, isPinned: false };
  if (!features.has(SUBGROUP_SIZE_CONTROL)) return { size: null, isPinned: false };
  return { size: Math.min(Math.max(PREFERRED, least), most), isPinned: true };
}

/** An entry point, from its attribute to its body. */
const ENTRY = /@compute (?=@workgroup_size\([^{]*\{)/g;

/** The text with every entry point that asks for its lane held to so many of them. No line moves. */
export function pinned(text: string, size: number): string {
  if (!/^enable subgroups;$/m.test(text)) return text;
  const held = text.replace(ENTRY, (attribute, at: number) => {
    const head = text.slice(at, text.indexOf("{", at));
    const asksForLane = /@builtin\(subgroup_(invocation_)?id\)/.test(head);
    return asksForLane ? `${attribute}@subgroup_size(${size}) ` : attribute;
  });
  return held.replace(/^enable subgroups;$/m, "enable subgroups; enable subgroup_size_control;");
}

/** Extents of the matrices that a subgroup multiplies at once: rows and columns of the result, and the steps of its sums. */
export interface SubgroupMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly depth: number;
}

/** By what the operands are stored as; sums are f32. Null where an adapter has none. */
export type SubgroupMatrices = Readonly<Record<MatrixComponent, SubgroupMatrix | null>>;

export type MatrixComponent = "f16" | "f32";

/** Not a standard yet, and only where unsafe interfaces are allowed. */
export const SUBGROUP_MATRIX = "chromium-experimental-subgroup-matrix";

/** A shape that an adapter lists: left (M, K), right (K, N). */
interface MatrixConfig {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly componentType: string;
  readonly resultComponentType: string;
}

/** llvmpipe lists matrices for subgroups of 16 lanes too, and crashes when it compiles them. */
const MOST_SOFTWARE_LANES = 8;

/** The largest whose sums are f32: of f16, as most makers have them, and of f32, as Apple has. */
export function matricesOf(
  features: ReadonlySet<string>,
  info: GPUAdapterInfo,
  { size, isSoftware }: Pick<Subgroups, "size"> & { readonly isSoftware: boolean },
): SubgroupMatrices {
  const isMissing = ![SUBGROUP_MATRIX, "subgroups"].every((name) => features.has(name));
  if (isMissing || size === null || (isSoftware && size > MOST_SOFTWARE_LANES)) {
    return { f16: null, f32: null };
  }
  const { subgroupMatrixConfigs = [] } = info as {
    readonly subgroupMatrixConfigs?: Iterable<MatrixConfig>;
  };
  const configs = [...subgroupMatrixConfigs];
  const largest = (component: MatrixComponent): SubgroupMatrix | null => {
    const sizes = configs
      .filter((one) => one.componentType === component && one.resultComponentType === "f32")
      .map(({ M, N, K }) => ({ rows: M, columns: N, depth: K }));
    return sizes.toSorted((a, b) => b.rows * b.columns - a.rows * a.columns)[0] ?? null;
  };
  return { f16: features.has("shader-f16") ? largest("f16") : null, f32: largest("f32") };
}
