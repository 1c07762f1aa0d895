/** Gives each name once: a slice of the text for each time that it is written is as large as what it is the name of. */
export class Names {
  readonly #known = new Map<string, string>();

  once(name: string): string {
    const known = this.#known.get(name);
    if (known === undefined) this.#known.set(name, name);
    return known ?? name;
  }
}
