// An adapter that tells other things of itself than it is: the kinds of adapters that are not here, computed by the one that is.

/** What it is to tell in place of what it tells. */
export type Told = { readonly [K in keyof GPUAdapterInfo]?: GPUAdapterInfo[K] };

const NAMES = ["vendor", "architecture", "device", "description", "isFallbackAdapter"] as const;
const SIZES = ["subgroupMinSize", "subgroupMaxSize"] as const;

/** The same GPU with an adapter of which `told` is told. */
export function withTold(given: GPU, told: Told): GPU {
  return {
    async requestAdapter(options?: GPURequestAdapterOptions) {
      const adapter = await given.requestAdapter(options);
      if (!adapter) return null;
      const { features, limits, info } = adapter;
      // Dawn's objects have these as getters, which copies leave behind.
      const own = Object.fromEntries([...NAMES, ...SIZES].map((name) => [name, info[name]]));
      return {
        ...{ features, limits, info: { ...own, ...told } },
        requestDevice: (wish?: GPUDeviceDescriptor) => adapter.requestDevice(wish),
      };
    },
  } as unknown as GPU;
}
