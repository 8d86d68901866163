/** What has to be taken down again, last in first out. */
export interface Cleanups {
  add(name: string, down: () => Promise<void> | void): void;
  /** Runs every cleanup once, whatever the others do; resolves with the names and reasons of those that failed. */
  run(): Promise<string[]>;
}

const PATIENCE_MS = 15_000;

/** A list of cleanups. One that takes longer than 15 s counts as failed and the rest go on. */
export function createCleanups(): Cleanups {
  const stack: { name: string; down: () => Promise<void> | void }[] = [];
  let running: Promise<string[]> | undefined;
  return {
    add: (name, down) => void stack.push({ name, down }),
    run: () => {
      running ??= unwind(stack);
      return running;
    },
  };
}

async function unwind(stack: { name: string; down: () => Promise<void> | void }[]): Promise<string[]> {
  const failed: string[] = [];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const { name, down } = next;
    try {
      await withPatience(name, async () => down());
    } catch (error) {
      failed.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return failed;
}

async function withPatience(name: string, work: () => Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${name} did not stop within ${PATIENCE_MS} ms`)), PATIENCE_MS);
  });
  try {
    await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
