/**
 * The rooms of DESIGN.md: model <- {transport, ftrace, accounting, symbols, report} <- target <- capture <- server <- cli <- main.
 * `wasm`, what assembly/ is compiled to, is below ftrace and accounting. `format` (numbers for people) and `rings` (the ring chart's geometry) know no
 * machine and no browser: files and the page share them. So does `compare`, which matches two accounts.
 */
const room = (name) => `^src/${name}/`;
const only = (name, allowed) => ({
  name: `${name}-imports`,
  comment: `${name} may import ${allowed.join(", ") || "nothing but itself"}`,
  severity: "error",
  from: { path: room(name) },
  to: { path: "^src/", pathNot: [name, ...allowed].map(room) },
});

module.exports = {
  forbidden: [
    only("model", []),
    only("format", []),
    only("rings", ["model", "format"]),
    only("transport", ["model"]),
    only("wasm", []),
    only("ftrace", ["model", "wasm"]),
    only("accounting", ["model", "wasm"]),
    only("symbols", ["model"]),
    only("compare", ["model"]),
    only("report", ["model", "format", "rings", "compare"]),
    only("target", ["model", "transport", "ftrace"]),
    only("capture", ["model", "transport", "ftrace", "accounting", "symbols", "target"]),
    only("server", ["model", "format", "rings", "capture", "report"]),
    only("dashboard", ["model", "format", "rings", "compare"]),
    only("cli", [
      "model",
      "format",
      "rings",
      "compare",
      "transport",
      "symbols",
      "target",
      "capture",
      "report",
      "server",
    ]),
    {
      name: "accounting-is-pure",
      comment: "no clock, no I/O, no logger: time and input are arguments",
      severity: "error",
      from: { path: room("accounting") },
      to: { dependencyTypes: ["core", "npm"] },
    },
    {
      name: "only-server-knows-the-web",
      severity: "error",
      from: { path: "^src/", pathNot: room("server") },
      to: { path: "node_modules/(ws|fastify|@fastify)/" },
    },
    {
      name: "only-transport-knows-the-links",
      severity: "error",
      from: { path: "^src/", pathNot: room("transport") },
      to: { path: "node_modules/(serialport|@serialport|ssh2)/" },
    },
    {
      name: "dashboard-carries-no-schemas",
      comment: "the page must not carry zod: values come from what is free of it",
      severity: "error",
      from: { path: room("dashboard") },
      to: {
        path: room("model"),
        pathNot:
          "^src/model/(source-tree|call-site-text|function-name|place-of|caller-filter|task-callers|workload-rounds|window-rows|caller\\.)",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "what-the-page-shares-carries-no-schemas",
      comment:
        "the page draws with them: of the model they take values from what is free of zod: the source tree, the form of call sites",
      severity: "error",
      from: { path: "^src/(rings|compare)/" },
      to: {
        path: room("model"),
        pathNot: "^src/model/(source-tree|call-site-text|function-name)",
        dependencyTypesNot: ["type-only"],
      },
    },
    {
      name: "rings-run-anywhere",
      severity: "error",
      from: { path: "^src/(rings|format|compare)/" },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    {
      name: "dev-dependencies-stay-out",
      severity: "error",
      from: { path: "^src/", pathNot: room("dashboard") },
      to: { dependencyTypes: ["npm-dev"] },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
