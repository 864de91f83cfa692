// What the layers of models within models are called here. Keras looks a layer up in its own model, so two models within a
// model may have layers of the same names; here variables are found by the names of their layers, so each has one of its own.

/** Of a layer whose name another one has already: that of its models before it. */
function longName(within: readonly string[], name: string): string {
  return [...within, name].join("_");
}

/** Whether a layer of such a name, in the models `within`, the outermost first, is called `own` here. */
export function isOwnName(own: string, name: string, within: readonly string[]): boolean {
  return own === name || (within.length > 0 && own === longName(within, name));
}

/** Gives names to layers, which are asked for in the file's order, those of a model where it stands. */
export class OwnNames {
  readonly #taken = new Set<string>();
  readonly #told = new Set<string>();

  /** Null where the model itself has two such layers, and where the longer name is taken as well. */
  of(name: string, within: readonly string[]): string | null {
    const place = JSON.stringify([within, name]);
    const own = this.#taken.has(name) && within.length > 0 ? longName(within, name) : name;
    if (this.#told.has(place) || this.#taken.has(own)) return null;
    this.#told.add(place);
    this.#taken.add(own);
    return own;
  }
}
