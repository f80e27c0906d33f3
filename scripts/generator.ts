/** One generated file. Each file of `scripts/generate/` exports a list of them as `generators`. */
export interface Generator {
  /** What the file is, in a few words, such as `stack schema`. */
  readonly name: string;
  /** Where it goes, relative to the repository's root. */
  readonly path: string;
  /** The whole text of the file. The same tree gives the same text. */
  readonly text: () => string | Promise<string>;
}
