/** What is broken on purpose, and the tests of the contract that must say so: no more and no fewer. */
export const DEFECTS = {
  none: [],
  // No defect: those cases are skipped.
  "no names of others": [],
  "two actions of one name": ["is itself described: names, inputs and the row of the health matrix"],
  "an input that takes anything": ["is itself described: names, inputs and the row of the health matrix"],
  "a health question of no action": ["is itself described: names, inputs and the row of the health matrix"],
  "settings that take anything": ["refuses settings it does not know"],
  "an answer of 400 KiB": ["answers"],
  "another code than the one of what is wrong": ["says what is wrong in the words of the closed set"],
  "an error that is none of ours": ["says what is wrong in the words of the closed set"],
  "no end at the deadline": ["ends at the deadline"],
  "no end when it is stopped": ["ends when it is stopped"],
  "a flood that is kept": ["keeps no more of a flood than it needs"],
  "a limit of 64 MiB": ["keeps no more of a flood than it needs"],
  "no limit of bytes": ["keeps no more of a flood than it needs"],
  "a deadline in place of a limit of bytes": ["keeps no more of a flood than it needs"],
  "names cut off": [
    "lives with names of others: quotes",
    "lives with names of others: newline",
    "lives with names of others: mention",
    "lives with names of others: right-to-left",
    "lives with names of others: NUL",
  ],
  "names it breaks at": ["lives with names of others: newline"],
  "the secret in an error": ["never shows a secret of its connection"],
  "the secret in an output": ["never shows a secret of its connection"],
  "the secret on the console": ["never shows a secret of its connection"],
  "the secret in what doctor shows": ["never shows a secret of its connection"],
  "another witness at each look": [
    "shelf.set-limit previews twice the same, and is not done by looking",
    "shelf.set-limit is done when it was done, and its undo brings the witness back",
  ],
  "a preview that does it": [
    "shelf.set-limit previews twice the same, and is not done by looking",
    "shelf.set-limit sends nothing when its time is over",
  ],
  "a preview without changes": ["shelf.set-limit previews twice the same, and is not done by looking"],
  "sent when the time is over": ["shelf.set-limit sends nothing when its time is over"],
  "no look at its condition": ["shelf.set-limit refuses once a condition it was approved on is gone"],
  "a probe that always says done": [
    "shelf.set-limit previews twice the same, and is not done by looking",
    "shelf.set-limit sends nothing when its time is over",
  ],
  "an undo that leaves something": [
    "shelf.set-limit is done when it was done, and its undo brings the witness back",
  ],
  "no undo, and no word why": [
    "shelf.set-limit is done when it was done, and its undo brings the witness back",
  ],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** What the failed test says of some of them: what is wrong, and what mends it. */
export const SAYS: Readonly<Partial<Record<Defect, RegExp>>> = {
  "another code than the one of what is wrong":
    /failure `unreachable`: target_unreachable is expected, it was target_error \(no shelf there\)/,
  "an error that is none of ours":
    /shelf\.labels threw a plain Error \(connect ECONNREFUSED 127\.0\.0\.1:1\)\. What an action throws is a DiagError: `reachError`/,
  "no end at the deadline":
    /shelf\.labels did not end within 4 s of its deadline\. Whatever waits must end with/,
  "no end when it is stopped": /shelf\.labels did not end within 4 s of its stop/,
  "names cut off": /the name is not in what was read: .*foreign: \{ none: "why" \}/,
  "a limit of 64 MiB": /it took [\d.]+ MiB of the flood .*an answer may have 48/,
  "no limit of bytes": /it took [\d.]+ MiB of the flood \(nothing has ended it yet\)/,
  "a deadline in place of a limit of bytes":
    /its deadline has ended the flood \(after .*\), not a limit of bytes/,
  "sent when the time is over":
    /shelf\.set-limit with remainingMs\(\) at 0 has to fail, and was answered: \{ was: 10 \}/,
  "no look at its condition":
    /shelf\.set-limit after `spoil` \(compare once more .*context\.witness\) has to fail/,
};

export type Defect = keyof typeof DEFECTS;
