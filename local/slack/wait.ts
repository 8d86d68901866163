import type { Changes } from "./state/changes.ts";

/** Looks again at each change until `look` sees something; rejects with `describe()` after `timeoutMs`. */
export function waitUntil<T>(
  changes: Changes,
  look: () => T | undefined | false,
  timeoutMs: number,
  describe: () => string,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let silence = () => {};
    const finish = (end: () => void) => {
      silence();
      clearTimeout(timeout);
      end();
    };
    const timeout = setTimeout(() => finish(() => reject(new Error(describe()))), timeoutMs);
    const glance = () => {
      try {
        const seen = look();
        if (seen !== undefined && seen !== false) finish(() => resolve(seen));
      } catch (error) {
        finish(() => reject(error));
      }
    };
    silence = changes.listen(glance);
    glance();
  });
}
