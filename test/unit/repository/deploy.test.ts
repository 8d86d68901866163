import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { readEnvironment } from "../../../src/config/environment.ts";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly env_file?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly secrets?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
  readonly healthcheck?: { readonly test: readonly string[] };
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
}

const compose: {
  services: Record<string, Service>;
  volumes: Record<string, null>;
  secrets: Record<string, { environment: string }>;
} = parse(read("docker-compose.yml").replace(/\$\{[^}]+\}/g, "s3cret"), { merge: true });
const services = Object.entries(compose.services);

describe("docker-compose.yml", () => {
  it("has the six services, each with a health check", () => {
    expect(Object.keys(compose.services).sort()).toEqual(
      ["alertmanager", "ingress", "postgres", "prometheus", "redis", "worker"].sort(),
    );
    for (const [name, { healthcheck }] of services) expect(healthcheck?.test.length, name).toBeGreaterThan(1);
  });

  it("waits for what is healthy, and only for services there are", () => {
    for (const [name, { depends_on = {} }] of services)
      for (const [other, { condition }] of Object.entries(depends_on)) {
        expect(compose.services[other], `${name} waits for ${other}`).toBeDefined();
        expect(condition).toBe("service_healthy");
      }
  });

  it("mounts files that are in the repository, or that the first lines say to make", () => {
    const made = ["./diagbot.yaml"];
    for (const [, { volumes = [] }] of services)
      for (const source of volumes.map((volume) => volume.split(":")[0] ?? "")) {
        if (source.startsWith("./"))
          expect(made.includes(source) || existsSync(new URL(source, root)), source).toBe(true);
        else expect(compose.volumes).toHaveProperty(source);
      }
    for (const [, { secrets = [] }] of services)
      for (const secret of secrets) expect(compose.secrets).toHaveProperty(secret);
  });

  it("keeps Redis from losing or evicting jobs", () => {
    expect(compose.services.redis?.command?.join(" ")).toMatch(/--appendonly yes .*noeviction/);
  });

  it("opens no port to the world, pins images, and locks diagbot in", () => {
    for (const [, { ports = [], image }] of services) {
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
      expect(image).toMatch(/^diagbot:local$|@sha256:[0-9a-f]{64}$/);
    }
    for (const name of ["ingress", "worker"])
      expect(compose.services[name]).toMatchObject({ read_only: true, cap_drop: ["ALL"], build: "." });
  });

  it("gives both roles an environment diagbot accepts", () => {
    const example = Object.fromEntries(
      read(".env.example")
        .split("\n")
        .filter((line) => /^[A-Z]/.test(line))
        .map((line) => line.split("=") as [string, string]),
    );
    const filled = {
      ...example,
      ALERTMANAGER_TOKEN: "3f9c1e7ab2d04586c0ffee1122aab9d4",
      SLACK_BOT_TOKEN: "xoxb-1",
      SLACK_APP_TOKEN: "xapp-1",
    };
    for (const role of ["ingress", "worker"] as const) {
      const service = compose.services[role];
      expect(service?.command).toEqual(["serve", "--role", role]);
      expect(service?.env_file).toEqual([".env"]);
      const { complaints } = readEnvironment({ ...filled, ...service?.environment }, role);
      expect(complaints).toEqual([]);
    }
    const { complaints } = readEnvironment(example, "ingress");
    expect(complaints.join()).toContain("ALERTMANAGER_TOKEN");
  });

  it("the examples meet it: Alertmanager's path, token and resolved alerts; Prometheus' jobs", () => {
    const [receiver] = parse(read("deploy/alertmanager.yml")).receivers;
    expect(receiver.webhook_configs[0]).toMatchObject({
      url: "http://ingress:3000/webhooks/alertmanager",
      send_resolved: true,
      max_alerts: 0,
      http_config: { authorization: { type: "Bearer", credentials_file: "/run/secrets/alertmanager_token" } },
    });
    const [job] = parse(read("deploy/prometheus.yml")).scrape_configs;
    for (const name of job.dns_sd_configs[0].names) expect(compose.services).toHaveProperty(name);
  });
});

describe("Dockerfile", () => {
  const stages = read("Dockerfile")
    .replaceAll("\\\n", " ")
    .split(/^(?=FROM )/m)
    .slice(1)
    .map((stage) => stage.split("\n").filter((line) => line !== "" && !line.startsWith("#")));
  const last = stages.at(-1) ?? [];

  it("copies what is there", () => {
    for (const line of stages.flat().filter((one) => /^COPY (?!--from)/.test(one))) {
      const sources = line.split(" ").slice(1, -1);
      for (const source of sources) expect(existsSync(new URL(source, root)), source).toBe(true);
    }
  });

  it("runs without development packages and install scripts, and not as root", () => {
    expect(stages).toHaveLength(3);
    expect(stages.flat().filter((line) => line.includes("npm ci"))).toEqual([
      "RUN npm ci --ignore-scripts",
      expect.stringMatching(/^RUN npm ci --omit=dev --ignore-scripts --os=linux --libc=glibc --cpu=/),
    ]);
    // The last stage is of another platform than the machine that builds.
    expect(last.filter((line) => line.startsWith("RUN"))).toEqual([]);
    const users = last.filter((line) => line.startsWith("USER"));
    expect(users).toEqual(["USER node"]);
    expect(last.slice(last.indexOf("USER node")).join("\n")).not.toMatch(/^(RUN|COPY|ADD)/m);
  });

  it("ships no try-out, and says how to ask whether it lives", () => {
    expect(read(".dockerignore").split("\n")).toContain("local");
    expect(last.join("\n")).toMatch(/HEALTHCHECK .*\/health\/live/);
    expect(last.at(-1)).toBe('CMD ["serve"]');
  });
});
