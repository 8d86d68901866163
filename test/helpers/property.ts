// biome-ignore lint/style/noRestrictedImports: the one place where it is set up
import fc from "fast-check";

const SEED = 20_261;

/**
 * The seed of everything random in the tests: the same on every machine, so that a test that was green stays so until somebody
 * changes something. `npm run test:random` takes another one at each run, and says which (TEST_SEED).
 */
export const testSeed = Number(process.env.TEST_SEED ?? SEED);

// fast-check prints it with the counterexample and its path when a property fails.
fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: testSeed });

export { fc };
