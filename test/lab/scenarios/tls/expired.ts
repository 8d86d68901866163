import { createServer } from "node:https";
import type { KeyPair } from "../../../helpers/certificates.ts";
import { freePort } from "../../../helpers/ports.ts";
import { listening } from "../../../helpers/web-server.ts";
import type { Keep } from "../../words.ts";
import { scenario } from "../../words.ts";

export const certificateExpired = scenario({
  id: "tls/expired",
  items: ["resync.data-exposure"],
  needs: ["certificates", "servers"],
  quick: true,
  situation: "the certificate of the service has expired",
  twin: "a certificate that was renewed and is valid for three months",
  alert: { name: "CertificateExpired", severity: "critical", summary: "A certificate has expired" },
  expect: { first: "expired:shop", remedy: "renew" },
  place: async ({ certificates }) => {
    const port = await freePort();
    const names = ["DNS:localhost", "IP:127.0.0.1"];
    const serve = async (pair: KeyPair, keep: Keep): Promise<void> => {
      const server = createServer(pair, (_request, response) => response.end('{"status":"ok"}'));
      keep((await listening(server, port)).close);
    };
    return {
      connections: { shop: { kind: "http", url: `https://127.0.0.1:${port}` } },
      break: (keep) => serve(certificates.issue(names, -90, -3), keep),
      twin: (keep) => serve(certificates.issue(names, -1, 90), keep),
    };
  },
});
