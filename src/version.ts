/** Shown in metrics, health and the sign of life of each worker; a test holds it to package.json. */
export const VERSION = "0.1.0";

/** The version of `diagbot/sdk`: raised where a pack that was written against it would have to be changed. */
export const API = 1;
