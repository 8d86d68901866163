import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes longest by itself, dearest first. */
const DEAR = [
  "integration/local/faults",
  "integration/chaos/crash-walk",
  "integration/runbooks/container-failure",
  "integration/runbooks/redis-memory",
  "integration/runbooks/high-memory",
  "integration/connectors/host",
  "integration/engine/approvals.property",
  "integration/engine/incident-life.property",
  "integration/local-slack/page-browser",
  "integration/queue/postgres",
  "integration/ingress/frozen-postgres",
];

/**
 * Begins with the files that take longest. Without it a fresh checkout begins with the largest files, and one dear and short
 * one runs alone at the end, while a core has nothing to do.
 */
export class DearFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => groupOf(a) - groupOf(b) || rankOf(a) - rankOf(b));
  }
}

const groupOf = ({ project }: TestSpecification): number => project.config.sequence.groupOrder;

const rankOf = ({ moduleId }: TestSpecification): number => {
  const rank = DEAR.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return rank === -1 ? DEAR.length : rank;
};
