import { kubernetes } from "../../../src/sdk/index.ts";
import { emulatedCluster, TOKEN } from "../../helpers/kubernetes/api-server.ts";
import { writeCases } from "../../helpers/kubernetes/write-cases.ts";
import type { Harness } from "../harness.ts";
import { endless, mute, nowhere } from "../servers.ts";

const WRONG = "a-token-nobody-knows";

/** An emulated API server, held to the recordings of a real one. */
export const harness: Harness = {
  missing: undefined,
  start: async () => {
    const cluster = await emulatedCluster();
    const silent = await mute();
    const flooding = await endless("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
    const free = await nowhere();
    const at = (port: number) => cluster.settings({ kubeconfig: cluster.kubeconfig({ token: TOKEN }, port) });
    return {
      settings: cluster.settings({ variables: ["DATABASE_HOST"] }),
      read: kubernetes.pods(),
      secrets: [TOKEN, WRONG],
      failures: {
        unreachable: { settings: at(free), code: "target_unreachable" },
        denied: {
          settings: cluster.settings({ kubeconfig: cluster.kubeconfig({ token: WRONG }) }),
          code: "target_auth",
        },
        anonymous: {
          settings: cluster.settings({ kubeconfig: cluster.kubeconfig({}) }),
          code: "target_auth",
        },
        "no kubeconfig": {
          settings: cluster.settings({ kubeconfig: "/nowhere/config" }),
          code: "target_auth",
        },
        "no context": { settings: cluster.settings({ context: "other" }), code: "target_auth" },
        "no plugin": {
          settings: cluster.settings({
            kubeconfig: cluster.kubeconfig({
              exec: {
                apiVersion: "client.authentication.k8s.io/v1",
                command: "no-such-plugin-here",
                args: [],
              },
            }),
          }),
          code: "target_auth",
        },
        "no namespace": { settings: cluster.settings({ namespace: "prodution" }), code: "target_refused" },
      },
      hang: { settings: at(silent.port), begun: silent.connected },
      flood: (_open, _context, run) => run(kubernetes.pods(), at(flooding.port)),
      foreign: async (name, run) => {
        cluster.store.put({
          kind: "Event",
          apiVersion: "v1",
          metadata: { name: "foreign", namespace: "production", uid: "foreign" },
          involvedObject: { kind: "Pod", name: "api", namespace: "production" },
          type: "Warning",
          reason: "Failed",
          message: name,
          lastTimestamp: "2026-11-22T03:00:00Z",
        });
        return run(kubernetes.events());
      },
      writes: writeCases(cluster),
      stop: async () => {
        await Promise.all([cluster.close(), silent.close(), flooding.close()]);
      },
    };
  },
};
