// The roofline of a profile as a picture. What draws it is loaded by who asks for it.

import type { Profile } from "../inspect/profile/profile-schema.ts";

/**
 * An SVG: each dispatch of the profile by its operations per byte and its rate, below what the adapter computes and brings from memory
 * at most. No dispatch without operations is in it.
 */
export async function rooflineSvg(profile: Profile): Promise<string> {
  const chart = await import("../report/charts/roofline-chart.ts");
  return await chart.rooflineSvg(profile);
}
