/** Shown in metrics, health and the sign of life of each worker; a test holds it to package.json. */
export const VERSION = "0.1.0";
