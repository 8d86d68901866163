import * as docker from "../../../src/connectors/docker/actions.ts";
import { dockerConnector } from "../../../src/connectors/docker/index.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

export const PROJECT = "shop";
export const MIB = 1024 * 1024;
/** As the engine counts. */
export const SECOND = 1_000_000_000;

/** Parameters of a run that shall not wait long. */
export const quick = { stableSeconds: 1 };

export const benchAt = (socket: string): Bench =>
  openBench({
    connections: { engine: { kind: "docker", socket, project: PROJECT } },
    connectors: [dockerConnector],
  });

export const containerOf = async (bench: Bench, name: string) =>
  (await bench.call(docker.containers())).containers.find((container) => container.name === name);
