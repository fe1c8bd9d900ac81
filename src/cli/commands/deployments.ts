/** The commands that make, show and remove deployments. */
import { appCatalog } from "../../domain/app-catalog.ts";
import { sizeNames } from "../../domain/sizes.ts";
import type { CommandSpec, OptionSpec } from "../command-spec.ts";
import { deploymentArgument, followOptions } from "./shared-options.ts";

/** What `deploy` and `update` may both set. */
export const specOptions: readonly OptionSpec[] = [
  { flags: "--version <version>", description: "version of the app (see 'onvera apps list')" },
  { flags: "--size <size>", description: "how much of the machine it gets", choices: sizeNames },
  { flags: "--replicas <process=n>", description: "copies of a process", repeatable: true },
  { flags: "--env <KEY=VALUE>", description: "environment variable", repeatable: true },
  { flags: "--env-file <file>", description: "file of KEY=VALUE lines, for values others must not see" },
  { flags: "--requirements <file-or-package>", description: "extra Python packages", repeatable: true },
  { flags: "--feature-flag <FLAG[=false]>", description: "Superset feature flag", repeatable: true },
  { flags: "--config <KEY=JSON>", description: "Superset configuration value", repeatable: true },
  { flags: "--dags-git <url>", description: "Airflow: git repository of the DAGs (https or ssh)" },
  { flags: "--dags-branch <branch>", description: "Airflow: its branch (default main)" },
  { flags: "--dags-dir <folder>", description: "Airflow: folder of the DAGs inside it" },
  {
    flags: "--connections <file>",
    description: "Airflow: JSON or YAML file of connection ids and URIs ('-' reads standard input)",
  },
  { flags: "--variable <KEY=VALUE>", description: "Airflow variable", repeatable: true },
  { flags: "--variables <file>", description: "Airflow: JSON or YAML file of variables ('-' reads standard input)" },
];

export const deployCommand: CommandSpec = {
  name: "deploy",
  arguments: [{ syntax: "<app>", description: "what to deploy", choices: Object.keys(appCatalog) }],
  summary: "Create a deployment and follow it until it is ready",
  description:
    "Without any configuration it sets up this machine, starts the control plane and deploys there.\n" +
    "Ctrl+C stops the following only; the deployment continues.",
  options: [
    { flags: "--name <name>", description: "name of the deployment (made up when absent)" },
    { flags: "--environment <id>", description: "environment it lives in (default: yours)" },
    ...specOptions,
    ...followOptions,
  ],
  examples: [
    { line: "onvera deploy superset" },
    { line: 'onvera deploy superset --name "My Superset"' },
    { line: "onvera deploy airflow --name etl --dags-git https://github.com/acme/dags --dags-dir dags" },
    { line: "onvera deploy superset --size medium --feature-flag ALERT_REPORTS --no-wait -o json" },
  ],
  calls: ["createDeployment", "getOperation", "getDeployment"],
  load: () => import("../actions/deploy.ts"),
};

export const destroyCommand: CommandSpec = {
  name: "destroy",
  arguments: [deploymentArgument],
  summary: "Destroy a deployment and all its data; this cannot be undone",
  options: [{ flags: "--force", description: "do not ask" }, ...followOptions],
  examples: [
    { line: "onvera destroy dep_550e8400-e29b-41d4-a716-446655440000" },
    { line: "onvera destroy dep_550e8400-e29b-41d4-a716-446655440000 --force" },
  ],
  calls: ["getDeployment", "listDeployments", "destroyDeployment", "updateDeployment", "getOperation"],
  load: () => import("../actions/destroy.ts"),
};

export const listCommand: CommandSpec = {
  name: "list",
  aliases: ["ls"],
  summary: "List your deployments",
  options: [
    { flags: "--destroyed", description: "also those that were destroyed" },
    { flags: "--page <n>", description: "one page only, from 1" },
    { flags: "--per-page <n>", description: "length of a page, at most 100" },
  ],
  examples: [{ line: "onvera list" }, { line: "onvera list -o json" }, { line: "onvera list --destroyed" }],
  calls: ["listDeployments"],
  load: () => import("../actions/list.ts"),
};

export const getCommand: CommandSpec = {
  name: "get",
  arguments: [deploymentArgument],
  summary: "Show a deployment",
  examples: [{ line: 'onvera get "My Superset"' }, { line: "onvera get my-superset-abc123 -o yaml" }],
  calls: ["getDeployment", "listDeployments"],
  load: () => import("../actions/get.ts"),
};
