import { z } from "zod";

/** What the sample programs are told by their environment. */
const Settings = z.object({
  SHOP_DATABASE_URL: z.string(),
  SHOP_REDIS_URL: z.string().optional(),
  SHOP_PORT: z.coerce.number().default(0),
});

export const settings = (): z.infer<typeof Settings> => Settings.parse(process.env);

/** The supervisor is gone, so nobody would ever stop us: leave. */
export const leaveWithSupervisor = (): void => {
  process.on("disconnect", () => process.exit(0));
};
