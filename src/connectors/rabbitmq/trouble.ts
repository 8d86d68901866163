import type { TroubleOf } from "../../core/words/trouble.ts";
import { causeOf } from "../cause.ts";

/** The management API cannot be asked: of the queues nothing is known then. The broker itself may well run. */
export const rabbitTrouble: TroubleOf = (seen) => {
  const [error] = Object.values(seen).flatMap((one) => (one.ok ? [] : [one.error]));
  if (error === undefined) return [];
  const cause = causeOf(error);
  const isRefused = error.code === "target_auth";
  return [
    {
      id: "rabbitmq-unseen",
      severity: isRefused ? "warning" : "critical",
      title: `RabbitMQ's management API cannot be asked: ${isRefused ? "it refuses the user" : cause.word}`,
      because: `${error.message}. Queues and alarms are unknown; the broker itself may serve its clients all the same.`,
      remedy: {
        key: "reach",
        title: "Get to the management API",
        risk: "low",
        advice: isRefused
          ? "Give the user of diagbot.yaml a right to look: `rabbitmqctl set_user_tags <user> monitoring`, and `rabbitmqctl set_permissions -p <vhost> <user> '^$' '^$' '.*'`."
          : `${cause.next} On the broker: \`rabbitmq-diagnostics -q ping\`, \`rabbitmq-plugins list -e\` (rabbitmq_management has to be among them).`,
      },
    },
  ];
};
