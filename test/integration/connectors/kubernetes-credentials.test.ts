import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { kubernetes } from "../../../src/sdk/index.ts";
import { testAuthority, whyNoOpenssl } from "../../helpers/certificates.ts";
import { type EmulatedCluster, emulatedCluster, TOKEN } from "../../helpers/kubernetes/api-server.ts";
import { benchOn } from "../../helpers/kubernetes/bench.ts";
import type { Bench } from "../../helpers/run-runbook.ts";

let cluster: EmulatedCluster | undefined;
let bench: Bench | undefined;
afterEach(async () => {
  await bench?.close();
  await cluster?.close();
});
const missing = whyNoOpenssl();

describe.skipIf(missing !== undefined)(
  `over TLS${missing === undefined ? "" : ` (skipped: ${missing})`}`,
  () => {
    const authority = missing === undefined ? testAuthority() : undefined;
    const begin = async (
      names: readonly string[],
      from: number,
      to: number,
      trusted = authority?.ca ?? "",
    ) => {
      const pair = authority?.issue(names, from, to) ?? { key: "", cert: "" };
      cluster = await emulatedCluster({ tls: { ...pair, authority: trusted } });
      bench = benchOn(cluster);
      return bench;
    };

    it("trusts the kubeconfig's authority, and sends the token", async () => {
      const on = await begin(["IP:127.0.0.1"], -1, 10);
      expect(await on.call(kubernetes.version())).toMatchObject({ version: "v1.20.2", ready: true });
    });

    it("an expired certificate, one of another authority and one for another name are each said, and the token is not sent", async () => {
      for (const [names, from, to, trusted, detail] of [
        [["IP:127.0.0.1"], -20, -10, undefined, /CERT_HAS_EXPIRED/],
        [["DNS:other.lab"], -1, 10, undefined, /ALTNAME/],
        [["IP:127.0.0.1"], -1, 10, testAuthority().ca, /UNABLE_TO|SELF_SIGNED/],
      ] as const) {
        const on = await begin(names, from, to, trusted);
        await expect(on.call(kubernetes.version())).rejects.toMatchObject({
          code: "target_unreachable",
          detail: expect.stringMatching(detail),
        });
        expect(cluster?.requests).toEqual([]);
        await on.close();
        await cluster?.close();
      }
    });
  },
);

describe("an exec plugin", () => {
  const plugin = (script: string) => ({
    exec: {
      apiVersion: "client.authentication.k8s.io/v1",
      command: process.execPath,
      args: ["-e", script],
      interactiveMode: "Never",
    },
  });
  const begin = async (script: string) => {
    cluster = await emulatedCluster();
    bench = benchOn(cluster, { kubeconfig: cluster.kubeconfig(plugin(script)) });
    return bench;
  };

  it("makes the credential", async () => {
    const credential = JSON.stringify({
      apiVersion: "client.authentication.k8s.io/v1",
      kind: "ExecCredential",
      status: { token: TOKEN },
    });
    const on = await begin(`process.stdout.write(${JSON.stringify(credential)})`);
    expect(await on.call(kubernetes.version())).toMatchObject({ version: "v1.20.2" });
  });

  it("that fails says why in its own words; nothing was asked of the cluster", async () => {
    const on = await begin(`console.error("the SSO session has expired"); process.exit(3)`);
    await expect(on.call(kubernetes.version())).rejects.toMatchObject({
      code: "target_auth",
      detail: "credential",
      message: expect.stringContaining("the SSO session has expired"),
    });
    expect(cluster?.requests).toEqual([]);
  });

  it("that hangs costs no more than the step's time", async () => {
    const on = await begin("process.stdin.resume(); setTimeout(() => {}, 20_000)");
    const { action, client, context } = on.resolve(kubernetes.version());
    if (action.effect !== "read") throw new Error("no read");
    const short = { ...context, timeoutMs: 1_500, signal: AbortSignal.timeout(1_500) };
    await expect(action.run(client, {}, short)).rejects.toMatchObject({ code: "timeout" });
  });
});

it("a kubeconfig that is no YAML is said to be none, without a word of what it holds", async () => {
  const folder = mkdtempSync(join(tmpdir(), "diagbot-kubeconfig-"));
  try {
    const path = `${folder}/config`;
    writeFileSync(path, "token: {{ very-secret-token\n  - : [");
    cluster = await emulatedCluster();
    bench = benchOn(cluster, { kubeconfig: path });
    const error = await bench.call(kubernetes.version()).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "target_auth", detail: "kubeconfig" });
    expect(String(error)).not.toContain("very-secret-token");
  } finally {
    rmSync(folder, { recursive: true });
  }
});
