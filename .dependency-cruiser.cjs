/** The rooms of DESIGN.md, with what assembly/ is compiled to below ftrace and accounting: model <- {transport, ftrace, accounting, symbols, report} <- target <- capture <- server <- cli <- main. */
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
    only("transport", ["model"]),
    only("wasm", []),
    only("ftrace", ["model", "wasm"]),
    only("accounting", ["model", "wasm"]),
    only("symbols", ["model"]),
    only("report", ["model"]),
    only("target", ["model", "transport", "ftrace"]),
    only("capture", ["model", "transport", "ftrace", "accounting", "symbols", "target"]),
    only("server", ["model", "capture", "report"]),
    only("dashboard", ["model"]),
    only("cli", ["model", "transport", "symbols", "target", "capture", "report", "server"]),
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
      name: "dashboard-takes-types-only",
      comment: "the page must not carry zod",
      severity: "error",
      from: { path: room("dashboard") },
      to: { path: room("model"), dependencyTypesNot: ["type-only"] },
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
