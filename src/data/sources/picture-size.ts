// The one size that pictures of several sizes are brought to.

type Size = readonly [height: number, width: number];

/** The size that most have, the larger of two that are as frequent; null for none. */
export function mostFrequentSize(sizes: Iterable<Size>): Size | null {
  const counts = new Map<string, { readonly size: Size; count: number }>();
  for (const size of sizes) {
    const entry = counts.get(size.join("x")) ?? { size, count: 0 };
    entry.count += 1;
    counts.set(size.join("x"), entry);
  }
  const area = ([height, width]: Size): number => height * width;
  const [most] = [...counts.values()].sort(
    (a, b) => b.count - a.count || area(b.size) - area(a.size),
  );
  return most?.size ?? null;
}
