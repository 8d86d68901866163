/** What is broken on purpose, and the tests of the contract that must say so: no more and no fewer. */
export const DEFECTS = {
  none: [],
  "two actions of one name": ["is itself described: names, inputs and the row of the health matrix"],
  "an input that takes anything": ["is itself described: names, inputs and the row of the health matrix"],
  "a health question of no action": ["is itself described: names, inputs and the row of the health matrix"],
  "settings that take anything": ["refuses settings it does not know"],
  "an answer of 400 KiB": ["answers"],
  "another code than the one of what is wrong": ["says what is wrong in the words of the closed set"],
  "an error that is none of ours": ["says what is wrong in the words of the closed set"],
  "no end at the deadline": ["ends at the deadline", "never shows a secret of its connection"],
  "no end when it is stopped": ["ends when it is stopped"],
  "a flood that is kept": ["keeps no more of a flood than it needs"],
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

export type Defect = keyof typeof DEFECTS;
