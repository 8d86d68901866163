import type { Made } from "./made.ts";

/** A check beside diagbot.yaml, with a recording of the healthy answer. */
export const newCheck = (id: string, title: string): Made => ({
  files: {
    [`checks/${id}.yaml`]: checkText(id, title),
    [`recordings/${id}/healthy.yaml`]: recordingText(id),
  },
  next: [
    `npx diagbot check && npx diagbot test ${id}`,
    `change what it asks and which answers are wrong (docs/checks.md), then npx diagbot run ${id} --system <system>`,
    `record what came back: npx diagbot record ${id} --system <system>`,
  ],
});

const checkText = (id: string, title: string): string => `id: ${id}
title: ${title}
# Exactly one of sql, promql, http, redis. \`systems: [shop]\` keeps it to some; left out: every system with such a connection.
sql: SELECT count(*) AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock'
findings:
  - when: { waiting: { above: 20 } }
    title: "{{waiting}} sessions wait for a lock"
    because: "One session holds what the others want."
    advice: "Run pg-locks: it names who holds the lock."
`;

const recordingText = (id: string): string => `diagbot: 1
runbook: ${id}
situation: made by \`diagbot new\`; \`diagbot record\` replaces it with the real thing
context:
  now: 2026-01-01T00:00:00.000Z
  params: {}
  system:
    id: example
    connections:
      - name: postgres
        kind: postgres
        endpoint:
          host: db.example
          port: 5432
          tls: true
uses:
  postgres: postgres
steps:
  reading:
    action: postgres.query
    on: postgres
    input:
      sql: SELECT count(*) AS waiting FROM pg_stat_activity WHERE wait_event_type = 'Lock'
      wants:
        columns:
          - waiting
        numbers:
          - waiting
        empty: true
    output:
      columns:
        - name: waiting
      rows:
        - [0]
      more: false
conclusion:
  findings: []
  gaps: []
  remedies: {}
`;
