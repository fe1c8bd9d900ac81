/** The commands that make, change, show and remove deployments. */
import { airflowExecutors } from "../../domain/airflow-executor.ts";
import { appCatalog } from "../../domain/app-catalog.ts";
import type { DeploymentStatus } from "../../domain/deployment-status.ts";
import { sizeNames } from "../../domain/sizes.ts";
import type { CommandSpec, OptionSpec } from "../command-spec.ts";
import { confirmName, deploymentArgument, followOptions, pageOptions } from "./shared-options.ts";

const apps = Object.keys(appCatalog).sort();

const statuses = Object.keys({
  provisioning: true,
  ready: true,
  destroying: true,
  failed: true,
  destroyed: true,
} satisfies Record<DeploymentStatus, true>);

/** What `deploy`, `update` and `plan` may set. */
const specOptions: readonly OptionSpec[] = [
  { flags: "--version <version>", description: "version of the app (see 'onvera apps list')" },
  { flags: "--size <size>", description: "how much of the machine it gets", choices: sizeNames },
  { flags: "--replicas <process=n>", description: "copies of a process", repeatable: true },
  { flags: "--env <KEY=VALUE>", description: "environment variable", repeatable: true },
  { flags: "--env-file <file>", description: "file of KEY=VALUE lines, for values others must not see" },
  { flags: "--requirements <file-or-package>", description: "extra Python packages", repeatable: true },
  { flags: "--feature-flag <FLAG[=false]>", description: "Superset feature flag", repeatable: true },
  { flags: "--config <KEY=JSON>", description: "Superset configuration value", repeatable: true },
  {
    flags: "--executor <executor>",
    description: "Airflow: where tasks run (all but local need a Kubernetes cluster)",
    choices: airflowExecutors,
  },
  { flags: "--dags-git <url>", description: "Airflow: git repository of the DAGs (https or ssh)" },
  { flags: "--dags-branch <branch>", description: "Airflow: its branch (default main)" },
  { flags: "--dags-dir <folder>", description: "Airflow: folder of the DAGs inside it" },
  {
    flags: "--connections <file>",
    description: "Airflow: JSON or YAML file of connection ids and URIs (- is standard input)",
  },
  { flags: "--variable <KEY=VALUE>", description: "Airflow variable", repeatable: true },
  { flags: "--variables <file>", description: "Airflow: JSON or YAML file of variables (- is standard input)" },
];

/** What `update` and `plan` may take away again. */
const removalOptions: readonly OptionSpec[] = [
  { flags: "--no-requirements", description: "no extra Python packages any more" },
  { flags: "--no-dags-git", description: "Airflow: no DAG repository any more" },
  { flags: "--unset-env <KEY>", description: "remove an environment variable", repeatable: true },
  { flags: "--unset-feature-flag <FLAG>", description: "back to Superset's own choice", repeatable: true },
  { flags: "--unset-config <KEY>", description: "remove a Superset configuration value", repeatable: true },
  { flags: "--unset-connection <id>", description: "remove an Airflow connection", repeatable: true },
  { flags: "--unset-variable <KEY>", description: "remove an Airflow variable", repeatable: true },
];

export const deployCommand: CommandSpec = {
  name: "deploy",
  arguments: [{ syntax: "<app>", description: "what to deploy", choices: apps }],
  summary: "Create a deployment and follow it until it is ready",
  description:
    "Without any configuration it sets up this machine, starts the control plane and deploys there.\n" +
    "Ctrl+C stops the following only; the deployment continues.",
  options: [
    { flags: "--name <name>", description: "name of the deployment (made up when absent)" },
    { flags: "--environment <id>", description: "environment it lives in (default: yours)" },
    { flags: "--protected", description: "refuse to destroy it until it is unprotected" },
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

export const listCommand: CommandSpec = {
  name: "list",
  aliases: ["ls"],
  summary: "List your deployments",
  options: [
    { flags: "--status <status>", description: "only those in this status", choices: statuses },
    { flags: "--app <app>", description: "only this app", choices: apps },
    { flags: "--environment <id>", description: "only this environment" },
    { flags: "--destroyed", description: "also those that were destroyed" },
    ...pageOptions,
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

export const updateCommand: CommandSpec = {
  name: "update",
  arguments: [deploymentArgument],
  summary: "Change a deployment: version, size, settings",
  description: "Shows what would change and asks. Its data always stays; a version update keeps a restore point.",
  options: [
    { flags: "--name <name>", description: "new name (the address stays)" },
    ...specOptions,
    ...removalOptions,
    { flags: "--plan", description: "only show what would change" },
    { flags: "-y, --yes", description: "do not ask" },
    ...followOptions,
  ],
  examples: [
    { line: "onvera update etl --size medium" },
    { line: "onvera update my-superset-abc123 --version 6.1.0 --plan" },
    { line: "onvera update etl --env LOG_LEVEL=debug --unset-env OLD --yes" },
  ],
  calls: ["getDeployment", "listDeployments", "planDeployment", "updateDeployment", "getOperation"],
  load: () => import("../actions/update.ts"),
};

export const planCommand: CommandSpec = {
  name: "plan",
  arguments: [deploymentArgument],
  summary: "Show what an update or a destroy would do, without doing it",
  options: [{ flags: "--destroy", description: "plan the destroy" }, ...specOptions, ...removalOptions],
  examples: [
    { line: "onvera plan etl", note: "what has drifted" },
    { line: "onvera plan etl --version 3.3.2" },
    { line: "onvera plan etl --destroy -o json" },
  ],
  calls: ["getDeployment", "listDeployments", "planDeployment", "getOperation"],
  load: () => import("../actions/plan.ts"),
};

export const destroyCommand: CommandSpec = {
  name: "destroy",
  arguments: [deploymentArgument],
  summary: "Destroy a deployment and all its data; this cannot be undone",
  options: [
    { flags: "--force", description: "do not ask" },
    { flags: "--retry", description: "go on with a destroy that left something behind; does not ask again" },
    ...followOptions,
  ],
  examples: [
    { line: "onvera destroy dep_550e8400-e29b-41d4-a716-446655440000" },
    { line: "onvera destroy dep_550e8400-e29b-41d4-a716-446655440000 --force" },
    { line: "onvera destroy dep_550e8400-e29b-41d4-a716-446655440000 --retry" },
  ],
  calls: ["getDeployment", "listDeployments", "destroyDeployment", "updateDeployment", "getOperation"],
  load: () => import("../actions/destroy.ts"),
};

export const abandonCommand: CommandSpec = {
  name: "abandon",
  arguments: [deploymentArgument],
  summary: "Give a deployment up whose Kubernetes cluster is gone (owner); asks for its name",
  description:
    "Refused while the cluster answers: destroy it then. Nothing is removed; what may still be there is listed, and kept as its receipt.",
  options: [confirmName],
  examples: [{ line: "onvera abandon etl" }],
  calls: ["getDeployment", "listDeployments", "abandonDeployment"],
  load: async () => ({ run: (await import("../actions/abandon.ts")).deployment }),
};

export const protectCommand: CommandSpec = {
  name: "protect",
  arguments: [deploymentArgument],
  summary: "Refuse to destroy a deployment",
  examples: [{ line: "onvera protect etl" }],
  calls: ["updateDeployment", "listDeployments"],
  load: async () => ({ run: (await import("../actions/protect.ts")).protect }),
};

export const unprotectCommand: CommandSpec = {
  name: "unprotect",
  arguments: [deploymentArgument],
  summary: "Allow to destroy a deployment again; asks for its name",
  options: [confirmName],
  examples: [{ line: "onvera unprotect etl" }],
  calls: ["getDeployment", "updateDeployment", "listDeployments"],
  load: async () => ({ run: (await import("../actions/protect.ts")).unprotect }),
};
