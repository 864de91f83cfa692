// Equal configurations give the same object. Models are immutable, so that what is known of one, such as its variables, is
// found again by the model itself.

export function memoise<Config extends object, Made>(
  make: (config: Config) => Made,
): (config: Config) => Made {
  const made = new Map<string, Made>();
  return (config) => {
    const key = keyOf(config);
    const known = made.get(key);
    if (known !== undefined) return known;
    const fresh = make(config);
    made.set(key, fresh);
    return fresh;
  };
}

/** Whatever the order of the fields, and whether one that says nothing is there. */
function keyOf(config: object): string {
  const entries = Object.entries(config).filter(([, value]) => value !== undefined);
  return JSON.stringify(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
