import { expect, it } from "vitest";
import { whyProtected } from "../../../../src/connectors/host/process-facts.ts";

const why = (name: string) => whyProtected({ pid: 900, parent: 1, name }, `/usr/bin/${name} --x`, new Set());

it.each([
  ...["postgres", "beam.smp", "clickhouse-serv", "influxd", "ceph-osd", "minio", "sqlservr", "keydb-server"],
  ...["qemu-system-x86", "firecracker", "cloud-hyperviso", "VBoxHeadless", "k3s-server", "lxcfs"],
])("%s keeps data or other machines: it is never ended", (name) => {
  expect(why(name)).toContain("never to be ended");
});

it.each(["node", "java", "python3", "ministack", "scyllaform"])("%s may be", (name) => {
  expect(why(name)).toBeNull();
});
