// Message slots of a thread: the one place that makes their names. What a slot shows is said by fields, never read from it.

/** The thread's root. */
export const HEAD_SLOT = "head";

export const beginSlot = (run: number): string => `run/${run}/begin`;
export const summarySlot = (run: number): string => `run/${run}/summary`;
export const evidenceSlot = (run: number): string => `run/${run}/evidence`;
/** `part` from 1 on. */
export const findingsSlot = (run: number, part: number): string => `run/${run}/findings${nth(part)}`;
export const plotSlot = (run: number, number: number): string => `run/${run}/plot/${number}`;
/** The card a remedy is decided by. */
export const cardSlot = (run: number, remedy: string): string => `run/${run}/remedy/${remedy}`;
/** The file of a whole plan; a plan made again is another file. */
export const planFileSlot = (run: number, remedy: string, planSha256: string): string =>
  `run/${run}/plan/${remedy}/${planSha256.slice(0, 8)}`;
/** Lines of a storm's groups. `page` from 1 on. */
export const stormPageSlot = (page: number): string => `storm/page/${page}`;
/** The file with all groups of a storm that is over. */
export const STORM_FILE_SLOT = "storm/groups";
/** A step that was taken because nobody answered. */
export const escalatedSlot = (turn: number, level: number): string => `escalated/${turn}/${level}`;
/** A checklist of an incident. */
export const checklistSlot = (id: string): string => `checklist/${id}`;
/** The record of an incident as a file; `n` from 1 on. */
export const postmortemSlot = (n: number): string => `postmortem/${n}`;
export const reopenedSlot = (n: number): string => `reopened/${n}`;

const nth = (part: number): string => (part === 1 ? "" : `/${part}`);
