import { DearFirst } from "./dear-first.ts";

/** `npm run test:random` says a seed: then files, and the tests of each, come in an order of its own. */
const seed = process.env.TEST_SEED;

/** In which order vitest takes files and tests. */
export const sequence =
  seed === undefined
    ? { sequencer: DearFirst }
    : { shuffle: { files: true, tests: true }, seed: Number(seed) };
