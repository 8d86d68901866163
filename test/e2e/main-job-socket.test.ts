import { afterAll, beforeAll, describe, inject } from "vitest";
import { alertScenarios } from "./scenarios/alerts.ts";
import { commandScenarios } from "./scenarios/commands.ts";
import { decisionScenarios, freezeScenario } from "./scenarios/decisions.ts";
import { secretScenarios } from "./scenarios/secrets.ts";
import { openSetup, type Setup } from "./scenarios/setup.ts";

let setup: Setup;
const get = () => setup;

describe.skipIf(inject("whyNoRedis") !== undefined)(
  "the main job: Slack in Socket Mode, queue in Postgres",
  () => {
    beforeAll(async () => {
      setup = await openSetup("socket", "postgres");
    });
    afterAll(() => setup?.close());

    alertScenarios(get);
    commandScenarios(get);
    decisionScenarios(get);
    freezeScenario(get);
    secretScenarios(get);
  },
);
