import { docker, host, kubernetes, loki, onEach, type RunContext, systemd } from "../../src/sdk/index.ts";

type Question = Omit<Parameters<typeof loki.searchLogs>[0] & object, "only">;

/** The same question to every log of the system, or to those of one connection, or to one log of a host, by its name. */
export function everyLog(
  { system }: Pick<RunContext, "system">,
  question: Question,
  from: string | undefined,
) {
  const of = (kind: string) => system.connections.filter((face) => face.kind === kind);
  const isWanted = ({ name: connection }: { name: string }) => from === undefined || from === connection;
  const hosts = of("host").filter(({ about }) => typeof about?.logs === "string");
  const named = hosts.filter(
    (face) => isWanted(face) || `${face.about?.logs}`.split(" ").includes(from ?? ""),
  );
  const only = hosts.some(isWanted) || from === undefined ? {} : { only: from };
  return {
    ...onEach(of("systemd").filter(isWanted), { journal: systemd.searchJournal(question) }),
    ...onEach(named, { files: host.searchFiles({ ...question, ...only }) }),
    ...onEach(of("docker").filter(isWanted), { containers: docker.searchLogs(question) }),
    ...onEach(of("kubernetes").filter(isWanted), { pods: kubernetes.searchLogs(question) }),
    ...onEach(of("loki").filter(isWanted), { loki: loki.searchLogs(question) }),
  };
}
