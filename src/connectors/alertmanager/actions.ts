export { createSilence, expireSilence, silences } from "./silence.ts";
export { health, state } from "./state.ts";
