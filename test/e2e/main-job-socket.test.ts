import { afterAll, beforeAll, describe, inject } from "vitest";
import { alertScenarios } from "./scenarios/alerts.ts";
import { commandScenarios } from "./scenarios/commands.ts";
import { decisionScenarios, freezeScenario } from "./scenarios/decisions.ts";
import { type House, openHouse } from "./scenarios/house.ts";
import { secretScenarios } from "./scenarios/secrets.ts";

let house: House;
const get = () => house;

describe.skipIf(inject("whyNoRedis") !== undefined)(
  "the main job: Slack in Socket Mode, queue in Postgres",
  () => {
    beforeAll(async () => {
      house = await openHouse("socket", "postgres");
    });
    afterAll(() => house?.close());

    alertScenarios(get);
    commandScenarios(get);
    decisionScenarios(get);
    freezeScenario(get);
    secretScenarios(get);
  },
);
