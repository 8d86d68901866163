import { z } from "zod";

/** A `url:` of a connection; its scheme is checked by the kind's `schemes`. */
export const url = z.string().min(1).max(2000);

/** `headers:` sent with every request; what looks like a credential among them is never shown. */
export const headers = z.record(z.string(), z.string()).default({});
