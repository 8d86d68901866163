import type { App } from "../app.ts";

/** Resolves once a signal has come and the app has stopped. A second signal ends the process at once. */
export async function untilStopped(app: App): Promise<void> {
  await new Promise<void>((resolve) => {
    let asked = false;
    const ask = (): void => {
      if (asked) process.exit(1);
      asked = true;
      resolve();
    };
    process.on("SIGTERM", ask);
    process.on("SIGINT", ask);
  });
  await app.stop();
}
