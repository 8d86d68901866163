/**
 * How many concurrent tests of a file go on at a time: they wait for leases, statistics and deadlines most of it. What is recorded
 * is named by the test that runs, so there is one then.
 */
export const SIDE_BY_SIDE = process.env.RECORD_TO === undefined ? 10 : 1;
