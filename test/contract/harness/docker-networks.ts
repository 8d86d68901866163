import { docker } from "../../../src/sdk/index.ts";
import type { PrivateEngine } from "../../helpers/docker.ts";
import type { WriteCase } from "../harness.ts";

const LABEL = "com.docker.compose.project";
const COMMAND = ["sleep", "600"];

/** Writes on networks of that project; every case is made of networks of its own, and `clear` takes them away again. */
export function networkCases(engine: PrivateEngine, project: string) {
  const clear = async () => {
    // The engine removes no network with a running container on it.
    await engine.clear(project);
    const left = await engine.api.listNetworks({ filters: { label: [`${LABEL}=${project}`] } });
    await Promise.all(left.map(({ Id }) => engine.api.getNetwork(Id).remove()));
  };
  // Without a way out: nothing of the machine's network is touched but a bridge. The range is used by no other test.
  const network = async (name: string, at: number) => {
    const IPAM = { Driver: "default", Config: [{ Subnet: `10.214.${at}.0/28` }] };
    const Labels = { [LABEL]: project };
    return engine.api.createNetwork({ Name: name, Internal: true, Driver: "bridge", IPAM, Labels });
  };
  const on = (networkName: string, start = true) =>
    engine.run({ name: "member", project, command: COMMAND, host: { NetworkMode: networkName }, start });
  /** One running container that was made for the first of two networks. */
  const fresh = async () => {
    await clear();
    const [home, second] = [await network("contract_home", 0), await network("contract_second", 1)];
    const container = await on("contract_home");
    const { State } = await engine.api.getContainer(container).inspect();
    return {
      home,
      second,
      target: { container, name: "member", state: "running", startedAt: State.StartedAt },
    };
  };
  const at = (networkId: unknown) => engine.api.getNetwork(String(networkId));
  const writes: Record<string, WriteCase> = {
    "docker.connect-network": {
      prepare: async () => {
        const { home, target } = await fresh();
        await home.disconnect({ Container: target.container });
        const there = { network: home.id, networkName: "contract_home", names: ["store"] };
        return docker.connectNetwork({ ...target, ...there });
      },
      // Somebody else was faster.
      spoil: ({ input }) => {
        const { network: id, container } = input as { network: string; container: string };
        return at(id).connect({ Container: container });
      },
    },
    "docker.disconnect-network": {
      prepare: async () => {
        const { second, target } = await fresh();
        await second.connect({ Container: target.container, EndpointConfig: { Aliases: ["store"] } });
        const there = { network: second.id, networkName: "contract_second", names: ["store"] };
        return docker.disconnectNetwork({ ...target, ...there });
      },
      spoil: ({ input }) => {
        const { network: id, container } = input as { network: string; container: string };
        return at(id).disconnect({ Container: container });
      },
    },
    "docker.remove-network": {
      prepare: async () => {
        await clear();
        const { id } = await network("contract_old", 2);
        return docker.removeNetwork({ network: id, name: "contract_old" });
      },
      // The engine itself would remove it: one that never ran is not on it yet, and could never start.
      spoil: () => on("contract_old", false),
    },
  };
  return { writes, clear };
}
