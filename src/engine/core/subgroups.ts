// Lanes of a subgroup. Kernels that pass values between lanes are written for one size, which they take as a constant. Some
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
    const asksForLane = head.includes("@builtin(subgroup_invocation_id)");
    return asksForLane ? `${attribute}@subgroup_size(${size}) ` : attribute;
  });
  return held.replace(/^enable subgroups;$/m, "enable subgroups; enable subgroup_size_control;");
}
