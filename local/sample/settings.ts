import { z } from "zod";

/** What the sample programs are told by their environment. */
const Settings = z.object({
  SHOP_DATABASE_URL: z.string(),
  SHOP_REDIS_URL: z.string().optional(),
  SHOP_PORT: z.coerce.number().default(0),
});

export const settings = (): z.infer<typeof Settings> => Settings.parse(process.env);

/** Tells the supervisor that messages are heard now. */
export const nowListening = (): void => void process.send?.("listening");

/** Begins a sample program: its name is what the process list shows, and without its supervisor it leaves. */
export const beginProgram = (): void => {
  const name = process.argv.find((argument) => argument.startsWith("--name="))?.slice("--name=".length);
  if (name !== undefined) process.title = name;
  // Nobody would ever stop it.
  process.on("disconnect", () => process.exit(0));
};
