import { actionsIn } from "../../core/words/action.ts";
import type { Connector } from "../../core/words/connector.ts";
import { asks } from "../../core/words/health.ts";
import { connectionKind } from "../../core/words/kind.ts";
import * as rabbitmq from "./actions/index.ts";
import { openRabbit, type RabbitClient, RabbitSettings } from "./client.ts";
import { checkRabbit, judgeState } from "./health.ts";
import { rabbitTrouble } from "./trouble.ts";

const connector: Connector<RabbitClient, RabbitSettings> = {
  actions: actionsIn(rabbitmq),
  open: ({ settings }) => openRabbit(settings),
  check: checkRabbit,
  close: async (client) => client.close(),
  trouble: rabbitTrouble,
};

/** RabbitMQ by its management API. */
export const kind = connectionKind({
  name: "rabbitmq",
  settings: RabbitSettings,
  schemes: { "http:": { port: 80 }, "https:": { port: 443, tls: true } },
  about: ({ vhost }) => (vhost === undefined ? {} : { vhost }),
  health: [asks(rabbitmq.state(), judgeState)],
  connector,
});
