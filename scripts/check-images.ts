// Asks the registry whether every image we build from or start is there under its digest, for every platform we release.
// Needs docker with buildx and the network: the release workflow runs it before it builds anything.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const PLATFORMS = ["linux/amd64", "linux/arm64"];
const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");

/** Image references of a Dockerfile (its FROMs and ARGs) and of a compose file; our own, which we build, are left out. */
export function imagesIn(dockerfile: string, compose: string): string[] {
  const args = [...dockerfile.matchAll(/^ARG \w+=(\S+)/gm)].map(([, image = ""]) => image);
  const stages = [...dockerfile.matchAll(/^FROM .*? AS (\S+)/gm)].map(([, stage = ""]) => stage);
  const bases = [...dockerfile.matchAll(/^FROM (?:--\S+ )*(\S+)/gm)]
    .map(([, image = ""]) => image)
    .filter((image) => !image.startsWith("$") && !stages.includes(image));
  const started = [...compose.matchAll(/^ +image: (\S+)/gm)]
    .map(([, image = ""]) => image)
    .filter((image) => !image.startsWith("diagbot:"));
  return [...new Set([...args, ...bases, ...started])];
}

interface Manifest {
  readonly manifests?: readonly {
    readonly platform?: { readonly os: string; readonly architecture: string };
  }[];
}

/** What a registry's manifest lacks; undefined: nothing. */
export function lackOf(manifest: Manifest): string | undefined {
  const there = (manifest.manifests ?? []).map(({ platform }) => `${platform?.os}/${platform?.architecture}`);
  const missing = PLATFORMS.filter((platform) => !there.includes(platform));
  return missing.length === 0 ? undefined : `has no ${missing.join(", ")}`;
}

if (process.argv[1] === import.meta.filename) {
  let failed = 0;
  for (const image of imagesIn(read("Dockerfile"), read("docker-compose.yml"))) {
    let lack: string | undefined;
    try {
      const argv = ["buildx", "imagetools", "inspect", "--raw", image];
      lack = lackOf(JSON.parse(execFileSync("docker", argv, { encoding: "utf8" })) as Manifest);
    } catch {
      lack = "cannot be had (docker says why)";
    }
    process.stdout.write(`${lack ?? "ok"}  ${image}\n`);
    if (lack !== undefined) failed += 1;
  }
  process.exitCode = failed === 0 ? 0 : 1;
}
