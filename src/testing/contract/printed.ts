const streams = ["stdout", "stderr"] as const;
const listeners = new Set<string[]>();
let putBack: () => void = () => {};

/**
 * What this process writes from now until `stop`; it is written all the same: a runner may report that way. Connectors are tried side by side: each listener
 * hears everything, and the streams are put back after the last one.
 */
export function printedFromNow(): { readonly printed: string[]; readonly stop: () => void } {
  const printed: string[] = [];
  if (listeners.size === 0) putBack = listen();
  listeners.add(printed);
  return {
    printed,
    stop: () => {
      listeners.delete(printed);
      if (listeners.size === 0) putBack();
    },
  };
}

function listen(): () => void {
  const before = streams.map((name) => process[name].write);
  for (const [index, name] of streams.entries()) {
    const write = before[index]?.bind(process[name]) as (...words: unknown[]) => boolean;
    process[name].write = (...words: unknown[]): boolean => {
      for (const printed of listeners) printed.push(String(words[0]));
      return write(...words);
    };
  }
  return () => {
    for (const [index, name] of streams.entries()) {
      const write = before[index];
      if (write !== undefined) process[name].write = write;
    }
  };
}
