/** Of an unknown outcome: it happened, it did not, abandon it. Of a remedy in force: undo it, keep it, extend its time. */
export const ANSWERS = ["happened", "did-not", "abandon", "undo", "keep", "extend"] as const;
export type Answer = (typeof ANSWERS)[number];
