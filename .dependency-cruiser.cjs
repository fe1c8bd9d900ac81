/** The import arrows of docs/architecture.md. Whoever breaks one hears of it in `npm run check`. */
const only = (name, comment, from, to) => ({ name, comment, severity: "error", from, to });

module.exports = {
  forbidden: [
    only("no-circular", "A cycle hides which module owns a fact.", {}, { circular: true }),
    only(
      "domain-is-pure",
      "The domain imports none of ours, so that everything may import it.",
      { path: "^src/domain" },
      { path: "^src/(?!domain)" },
    ),
    only(
      "cli-talks-http",
      "The CLI reaches the control plane over HTTP; only the verbs that run one load src/main.",
      { path: "^src/cli" },
      { path: "^src/(server|automation|store|stacks|local|providers|kubernetes)" },
    ),
    only(
      "stacks-do-not-look-up",
      "Programs and components know neither engine nor server.",
      { path: "^src/stacks" },
      { path: "^src/(automation|server|store|cli|main|local)" },
    ),
    only(
      "automation-does-not-serve",
      "The engine side knows no HTTP API.",
      { path: "^src/automation" },
      { path: "^src/(server|cli|main)" },
    ),
    only(
      "clusters-are-asked-plainly",
      "The way to a cluster's API server knows the domain only.",
      { path: "^src/kubernetes" },
      { path: "^src/(?!kubernetes|domain)" },
    ),
    only(
      "cluster-client-in-kubernetes",
      "Only src/kubernetes speaks to a cluster's API server.",
      { path: "^src/(?!kubernetes)" },
      { path: "node_modules/@kubernetes" },
    ),
    only(
      "local-knows-no-engine",
      "This machine's services run without the control plane.",
      { path: "^src/local" },
      { path: "^src/(server|automation|store|cli|main|stacks)" },
    ),
    only(
      "store-is-below",
      "The store knows only the domain.",
      { path: "^src/store" },
      { path: "^src/(?!store|domain)" },
    ),
    only("server-is-composed", "The server is handed its parts.", { path: "^src/server" }, { path: "^src/(cli|main)" }),
    only(
      "providers-are-apart",
      "Provider handlers know the protocol, the domain and the supervisor's port.",
      { path: "^src/providers" },
      { path: "^src/(server|automation|store|cli|main|stacks)" },
    ),
    only(
      "provider-packages-in-stacks",
      "Only stacks (and the resource classes of our own provider) import Pulumi provider packages.",
      { path: "^src/(?!stacks|providers)" },
      { path: "node_modules/@pulumi/(aws|kubernetes|postgresql|random)" },
    ),
    only(
      "automation-api-in-automation",
      "Only src/automation drives stacks.",
      { path: "^src/(?!automation)" },
      { path: "node_modules/@pulumi/pulumi/automation" },
    ),
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "default"] },
  },
};
