import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MysqlClient } from "../../../src/connectors/mysql/client.ts";
import { checkConnection, mysqlConnector, serverState } from "../../../src/connectors/mysql/index.ts";
import { type TestAuthority, testAuthority, whyNoOpenssl } from "../../helpers/certificates.ts";
import { type MysqlServer, startMysql, whyNoMysql } from "../../helpers/mysql-server.ts";
import { type Bench, openBench } from "../../helpers/run-runbook.ts";

const missing = whyNoMysql() ?? whyNoOpenssl();
let authority: TestAuthority;
let server: MysqlServer;
let folder: string;
const benches: Bench[] = [];

const openOn = (rest: string, host = "localhost"): Bench => {
  const url = server.url("diagbot", server.password, `/?${rest}`).replace("127.0.0.1", host);
  const bench = openBench({ connections: { db: { kind: "mysql", url } }, connectors: [mysqlConnector] });
  benches.push(bench);
  return bench;
};

describe.skipIf(missing !== undefined)(`mysql over TLS${missing === undefined ? "" : `: ${missing}`}`, () => {
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "diagbot-mysql-tls-"));
    authority = testAuthority();
    const { key, cert } = authority.issue(["DNS:localhost"], -1, 30);
    for (const [name, text] of Object.entries({ key, cert, ca: authority.ca }))
      writeFileSync(join(folder, name), text);
    server = await startMysql([`ssl-cert=${folder}/cert`, `ssl-key=${folder}/key`, `ssl-ca=${folder}/ca`]);
  });
  afterAll(async () => {
    await Promise.all(benches.map((bench) => bench.close()));
    await server.stop();
    authority.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it("encrypts, and trusts the authority that is named and no other", async () => {
    const bench = openOn(`ssl-mode=VERIFY_IDENTITY&ssl-ca=${folder}/ca`);
    const { client, context } = bench.resolve(serverState());
    const [cipher] = await (client as MysqlClient).read(context, (sql) =>
      sql("SHOW STATUS LIKE 'Ssl_cipher'"),
    );
    expect(cipher?.Value).toMatch(/^TLS_|^ECDHE/);
    await expect(openOn("ssl-mode=VERIFY_CA").call(checkConnection())).rejects.toMatchObject({
      code: "target_unreachable",
      detail: expect.stringMatching(/SELF_SIGNED|UNABLE_TO/),
    });
  });

  it("bounds what is decrypted, too", async () => {
    const { client, context } = openOn("ssl-mode=REQUIRED").resolve(serverState());
    const flood = (client as MysqlClient).read(context, (sql) =>
      sql("SELECT REPEAT('x', 1048576) AS x FROM information_schema.COLUMNS LIMIT 64"),
    );
    await expect(flood).rejects.toMatchObject({ code: "output_too_large" });
  });
});
