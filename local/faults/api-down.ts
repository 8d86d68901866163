import { fault } from "./fault.ts";
import { down } from "./refusal.ts";

/** Somebody stopped the service and its supervisor leaves it so: customers see nothing at all. */
export const apiDown = fault({
  id: "api-down",
  title: "Stop the API",
  description: "The shop's API is stopped and stays so; customers get no answer.",
  runbook: "service-health",
  expects: { finding: "component:api", remedy: "repairComponents", advice: true },
  rule: down(
    { alertname: "ServiceDown", labels: { instance: "shop-api" }, summary: "The shop's API is down" },
    (shop) => shop.apiUrl,
  ),
  break: (shop) => shop.services.api.stop(),
  heal: (shop) => shop.services.api.start(),
});
