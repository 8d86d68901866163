// Every kind of connection diagbot knows, one line each: the list. All else is derived from it.
export * as alertmanager from "./alertmanager/index.ts";
export * as docker from "./docker/index.ts";
export * as exec from "./exec/index.ts";
export * as host from "./host/index.ts";
export * as http from "./http/index.ts";
export * as jaeger from "./jaeger/index.ts";
export * as kubernetes from "./kubernetes/index.ts";
export * as loki from "./loki/index.ts";
export * as mongodb from "./mongodb/index.ts";
export * as network from "./network/index.ts";
export * as nginx from "./nginx/index.ts";
export * as pgbouncer from "./pgbouncer/index.ts";
export * as postgres from "./postgres/index.ts";
export * as prometheus from "./prometheus/index.ts";
export * as rabbitmq from "./rabbitmq/index.ts";
export * as redis from "./redis/index.ts";
export * as systemd from "./systemd/index.ts";
