const stays = (name, packages, rooms) => ({
  name,
  comment: `${packages.join(", ")} is known to ${rooms.join(", ")} only`,
  severity: "error",
  from: { path: "^(src|commands|runbooks)/", pathNot: rooms.map((room) => `^${room}`) },
  to: { path: packages.map((name) => `node_modules/(@types/)?${name}(/|$)`) },
});

/** A room imports core, lib and telemetry; rooms meet in app.ts only (docs/glossary.md, README "map"). */
module.exports = {
  forbidden: [
    { name: "no-circular", severity: "error", from: {}, to: { circular: true } },
    {
      name: "core-knows-nobody",
      severity: "error",
      from: { path: "^src/(core|lib)/" },
      to: { path: "^(src|commands|runbooks|test)/", pathNot: "^src/$1/" },
    },
    {
      name: "core-is-pure",
      severity: "error",
      from: { path: "^src/core/" },
      to: { dependencyTypes: ["core", "npm"], pathNot: "node_modules/zod/" },
    },
    {
      name: "words-know-no-rules",
      comment: "words say what things are, rules decide on them, ports say what rooms ask of each other",
      severity: "error",
      from: { path: "^src/core/words/" },
      to: { path: "^src/core/(rules|ports)/" },
    },
    {
      name: "rules-know-no-ports",
      severity: "error",
      from: { path: "^src/core/rules/" },
      to: { path: "^src/core/ports/" },
    },
    {
      name: "rooms-meet-only-in-app",
      severity: "error",
      from: {
        path: "^src/(cli|config|ingress|queue|engine|connectors|escalate|thread|slack|store|telemetry)/",
      },
      to: {
        path: "^(src|commands|runbooks|test)/",
        pathNot: ["^src/$1/", "^src/(core|lib|telemetry)/", "^src/slack/"],
      },
    },
    {
      name: "slack-kit-is-for-doors-and-thread",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(slack|thread|ingress/slack)/" },
      to: { path: "^src/slack/" },
    },
    {
      name: "packs-know-the-authors-side",
      comment: "packs are given this very sdk; the rest of the product they do not meet",
      severity: "error",
      from: { path: "^src/packs/" },
      to: {
        path: "^(src|commands|runbooks|test)/",
        pathNot: ["^src/(packs|sdk|testing|connectors|core|lib|telemetry)/", "^src/version\\.ts$"],
      },
    },
    {
      name: "help-loads-no-product",
      comment: "`diagbot --help` answers before the product is loaded, which takes five times as long",
      severity: "error",
      from: { path: "^src/main\\.ts$" },
      to: { path: "^src/", pathNot: ["^src/(cli|core|lib)/", "^src/version\\.ts$"], dynamic: false },
    },
    {
      name: "siblings-are-strangers",
      severity: "error",
      comment:
        "connectors/machine/ (how commands are run on a machine) and connectors/commands/ (commands that diagbot.yaml declares) are no kinds, but what several kinds stand on",
      from: { path: "^src/(connectors|ingress)/([^/]+)/" },
      to: { path: "^src/$1/[^/]+/", pathNot: ["^src/$1/$2/", "^src/connectors/(machine|commands)/"] },
    },
    {
      name: "authors-import-the-sdk-only",
      severity: "error",
      from: { path: "^(commands|runbooks)/" },
      to: { path: "^(src|commands|runbooks|test)/", pathNot: ["^src/sdk/index\\.ts$", "^$1/"] },
    },
    {
      name: "local-is-not-product",
      comment: "local/ is for trying and testing; neither image nor package holds it",
      severity: "error",
      from: { path: "^(src|commands|runbooks)/" },
      to: { path: "^(local|bench|test)/" },
    },
    {
      name: "only-main-starts-the-app",
      severity: "error",
      from: { path: "^src/", pathNot: "^src/(main\\.ts|app/|app\\.ts)" },
      to: { path: "^src/app(\\.ts$|/)" },
    },
    stays("slack-stays-in-its-rooms", ["@slack"], ["src/ingress/slack/", "src/slack/", "src/thread/"]),
    stays("bullmq-stays-in-its-room", ["bullmq"], ["src/queue/"]),
    stays("ioredis-stays-in-its-rooms", ["ioredis"], ["src/queue/", "src/connectors/redis/"]),
    stays(
      "pg-stays-in-its-rooms",
      ["pg"],
      [
        "src/lib/postgres-session.ts",
        "src/store/",
        "src/queue/",
        "src/connectors/postgres/",
        "src/connectors/pgbouncer/",
      ],
    ),
    stays("kubernetes-client-stays-in-its-room", ["@kubernetes"], ["src/connectors/kubernetes/"]),
    stays("mongodb-stays-in-its-room", ["mongodb"], ["src/connectors/mongodb/"]),
    stays("mysql2-stays-in-its-room", ["mysql2"], ["src/connectors/mysql/"]),
    stays("wasm-typescript-stays-in-its-room", ["@swc/wasm-typescript"], ["src/packs/"]),
    stays("nodemailer-stays-in-its-room", ["nodemailer"], ["src/escalate/"]),
    stays("prom-client-stays-in-its-room", ["prom-client"], ["src/telemetry/"]),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    exclude: { path: "^(dist|node_modules)/" },
  },
};
