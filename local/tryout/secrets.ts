import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";

/** Made once per folder: other users of the machine must not get at the databases or the webhook. */
const Secrets = z.strictObject({
  superuser: z.string(),
  app: z.string(),
  bot: z.string(),
  alertmanager: z.string().min(32),
  slackSigning: z.string(),
});
export type Secrets = z.infer<typeof Secrets>;

export async function tryoutSecrets(path: string): Promise<Secrets> {
  const text = await readFile(path, "utf8").catch(() => "null");
  const known = Secrets.safeParse(parse(text));
  if (known.success) return known.data;
  const fresh: Secrets = {
    superuser: secret(),
    app: secret(),
    bot: secret(),
    alertmanager: secret(),
    slackSigning: secret(),
  };
  await writeFile(path, JSON.stringify(fresh), { mode: 0o600 });
  return fresh;
}

const secret = (): string => randomBytes(24).toString("hex");

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
