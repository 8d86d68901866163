import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes longest by itself, dearest first. */
const DEAR = [
  "contract/connectors",
  "integration/runbooks/rabbitmq-backlog",
  "integration/local/faults",
  "integration/local/system-demo",
  "integration/local/systems",
  "integration/thread/killed",
  "integration/local/demo",
  "unit/repository/expressions",
  "integration/runbooks/redis-cases",
  "integration/chaos/crash-walk",
  "integration/engine/incident-life.property",
  "integration/runbooks/container-failure",
  "integration/runbooks/redis-memory",
  "integration/runbooks/redis-connectivity",
  "integration/runbooks/unit-failure",
  "integration/connectors/host",
  "integration/engine/approvals.property",
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
