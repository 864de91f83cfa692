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

/** The largest of f16 whose sums are f32; null where the adapter has none. */
export function matrixOf(
  features: ReadonlySet<string>,
  info: GPUAdapterInfo,
  { size, isSoftware }: Pick<Subgroups, "size"> & { readonly isSoftware: boolean },
): SubgroupMatrix | null {
  const isMissing = ![SUBGROUP_MATRIX, "subgroups", "shader-f16"].every((name) =>
    features.has(name),
  );
  if (isMissing || size === null || (isSoftware && size > MOST_SOFTWARE_LANES)) return null;
  const { subgroupMatrixConfigs = [] } = info as {
    readonly subgroupMatrixConfigs?: Iterable<MatrixConfig>;
  };
  const sizes = [...subgroupMatrixConfigs]
    .filter((one) => one.componentType === "f16" && one.resultComponentType === "f32")
    .map(({ M, N, K }) => ({ rows: M, columns: N, depth: K }));
  return sizes.toSorted((a, b) => b.rows * b.columns - a.rows * a.columns)[0] ?? null;
}
