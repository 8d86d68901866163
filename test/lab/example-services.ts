import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { demoFile, ExampleFile, systemOf } from "../../local/systems/config.ts";
import { systemSpec } from "../../local/systems/index.ts";
import { buildMachine } from "../../local/systems/machine.ts";
import { openControl } from "../../local/systems/remote.ts";
import { CONTROL } from "../../local/systems/service/control.ts";
import { startService } from "../../local/systems/service/service.ts";
import type { Patch } from "../../local/systems/service/spec.ts";
import { inverse } from "../../local/systems/service/state.ts";
import { exampleFolder } from "../helpers/examples.ts";
import { workFolder } from "../helpers/host.ts";
import { freePort } from "../helpers/ports.ts";

type Keep = (undo: () => unknown) => void;

/** A sample service that runs, and those of its example's connections that lead to it. */
interface ExampleService {
  readonly connections: Readonly<Record<string, object>>;
  /** Changes what the service knows, until the situation is over. */
  patch(patch: Patch, undo: Keep): Promise<void>;
}

/** The sample services of docs/examples in this process: one for each example, whoever asks. */
export interface ExampleServices {
  of(id: string): Promise<ExampleService>;
  stop(): Promise<void>;
}

/** Starts a service when somebody asks for it first. Several systems of one diagbot.yaml may declare its commands: alike. */
export function exampleServices(): ExampleServices {
  const running = new Map<string, Promise<ExampleService>>();
  const stops: (() => unknown)[] = [];
  return {
    of: (id) => {
      const found = running.get(id) ?? start(id, (stop) => void stops.push(stop));
      running.set(id, found);
      return found;
    },
    stop: async () => {
      for (const stop of stops.splice(0).reverse()) await stop();
    },
  };
}

/** Kinds of connections that a sample service and its machine answer for. */
const ANSWERED = ["http", "tcp", "exec"];

async function start(id: string, keep: Keep): Promise<ExampleService> {
  const spec = systemSpec(id);
  const { service: described } = spec;
  const names = [...Object.keys(described.faces), CONTROL];
  const ports = Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await freePort()] as const)),
  );
  const control = `http://127.0.0.1:${ports[CONTROL]}`;
  const root = workFolder();
  keep(() => rmSync(root, { recursive: true, force: true }));
  await buildMachine(root, spec, control);
  const service = await startService(described, ports);
  keep(service.stop);
  const example = ExampleFile.parse(parse(readFileSync(join(exampleFolder(id), "diagbot.yaml"), "utf8")));
  const byConnection = Object.entries(described.faces).flatMap(([face, { connections }]) =>
    connections.map((name) => [name, ports[face] ?? 0] as const),
  );
  const text = demoFile(
    example,
    {
      ports: Object.fromEntries(byConnection),
      file: (path) => join(root, path),
      real: spec.real,
      hasCache: false,
      prometheusUrl: control,
      metricNames: undefined,
    },
    [],
    "lab",
  ).replace(/\$\{(\w+)\}/g, (_all, name: string) => spec.env[name] ?? "");
  const [, { connections }] = systemOf(ExampleFile.parse(parse(text)));
  return {
    connections: Object.fromEntries(
      Object.entries(connections).filter(([, { kind }]) => ANSWERED.includes(kind)),
    ),
    patch: async (patch, undo) => {
      const { patch: put } = openControl(control);
      undo(() => put(inverse(described.state, patch)));
      await put(patch);
    },
  };
}
