export { services, slowTraces } from "./slow-traces.ts";
