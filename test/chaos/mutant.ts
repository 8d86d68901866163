/** A guard, the text that is it, and the test that must miss it. */
export interface Mutant {
  readonly guard: string;
  /** Each text must stand in its file exactly once. */
  readonly removals: readonly { readonly file: string; readonly find: string; readonly put: string }[];
  /** The test file, and the beginning of the test's name. */
  readonly file: string;
  readonly test: string;
}

export const remove = (file: string, find: string, put: string) => ({ file, find, put });
