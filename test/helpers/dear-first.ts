import { BaseSequencer, type TestSpecification } from "vitest/node";

/** What takes longest by itself, dearest first. */
const DEAR = [
  "integration/local/faults",
  "contract/connectors",
  "integration/local/system-demo",
  "integration/chaos/crash-walk",
  "integration/local/systems",
  "integration/runbooks/rabbitmq-backlog",
  "integration/runbooks/container-failure",
  "integration/thread/killed",
  "integration/local/demo",
  "integration/runbooks/mongo-replication",
  "integration/runbooks/container-change",
  "integration/engine/incident-life.property",
  "integration/runbooks/queue-backlog",
  "integration/runbooks/redis-signs",
  "integration/runbooks/redis-variants",
  "integration/ingress/frozen-postgres",
  "integration/runbooks/mongo-connections",
  "integration/runbooks/firewall",
  "integration/runbooks/unit-failure",
  "integration/packs/load",
  "integration/runbooks/host-swap",
  "integration/runbooks/host-cpu",
  "integration/connectors/host",
  "integration/runbooks/port-conflict",
  "integration/runbooks/redis-cases",
  "integration/runbooks/redis-connectivity",
  "unit/repository/expressions",
  "unit/runbooks/recordings",
  "e2e/bench",
  "e2e/workers",
  "e2e/cli",
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
