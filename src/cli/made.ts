/** What `new` writes: files by their path below the folder, and what is left to do. */
export interface Made {
  readonly files: Readonly<Record<string, string>>;
  readonly next: readonly string[];
}

/** `orders-stuck` as words: `Orders stuck`. */
export const titleOf = (id: string): string => {
  const words = id.replaceAll("-", " ");
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
};

/** `orders-stuck` as a name in code: `ordersStuck`. */
export const nameOf = (id: string): string =>
  id.replace(/-([a-z0-9])/g, (_all, first: string) => first.toUpperCase());
