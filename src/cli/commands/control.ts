/** Service control, and what can be seen of a running deployment. `start`, `stop` and `logs` also serve the control plane. */
import { logLevels } from "../../domain/log-filter.ts";
import type { CommandGroup, CommandSpec } from "../command-spec.ts";
import { deploymentArgument, followOptions, pageOptions } from "./shared-options.ts";

const optionalDeployment = {
  syntax: "[deployment]",
  description: "id, name or host label; without it, this machine's control plane",
};

export const startCommand: CommandSpec = {
  name: "start",
  arguments: [optionalDeployment],
  summary: "Start a stopped deployment; without one, this machine's control plane",
  options: [...followOptions, { flags: "--background", description: "control plane: return once it is ready" }],
  examples: [
    { line: "onvera start", note: "the control plane, in the foreground" },
    { line: "onvera start --background", note: "the control plane, returning once it is ready" },
    { line: "onvera start etl", note: "a deployment" },
  ],
  calls: ["startDeployment", "listDeployments", "getOperation"],
  load: async () => ({ run: (await import("../actions/start-stop.ts")).start }),
};

export const stopCommand: CommandSpec = {
  name: "stop",
  arguments: [optionalDeployment],
  summary: "Stop a deployment, keeping data and address; without one, this machine's control plane",
  description: "Stopping the control plane stops what it runs as well; 'onvera start' brings all of it back.",
  options: followOptions,
  examples: [
    { line: "onvera stop etl", note: "a deployment" },
    { line: "onvera stop", note: "the control plane and what it runs" },
  ],
  calls: ["stopDeployment", "listDeployments", "getOperation"],
  load: async () => ({ run: (await import("../actions/start-stop.ts")).stop }),
};

export const restartCommand: CommandSpec = {
  name: "restart",
  arguments: [deploymentArgument],
  summary: "Restart every process of a deployment: drain, then start",
  options: followOptions,
  examples: [{ line: "onvera restart etl" }],
  calls: ["restartDeployment", "listDeployments", "getOperation"],
  load: async () => (await import("../actions/power.ts")).actionOn("restartDeployment"),
};

export const rotateCredentialsCommand: CommandSpec = {
  name: "rotate-credentials",
  arguments: [deploymentArgument],
  summary: "Change the database password of a deployment without interrupting it",
  options: followOptions,
  examples: [{ line: "onvera rotate-credentials etl" }],
  calls: ["rotateCredentials", "listDeployments", "getOperation"],
  load: async () => (await import("../actions/power.ts")).actionOn("rotateCredentials"),
};

export const scaleCommand: CommandSpec = {
  name: "scale",
  arguments: [deploymentArgument, { syntax: "<process=n...>", description: "copies wanted, by process" }],
  summary: "Change how many copies of a process run",
  options: followOptions,
  examples: [{ line: "onvera scale my-superset-abc123 web=2" }],
  calls: ["scaleDeployment", "listDeployments", "getOperation"],
  load: () => import("../actions/scale.ts"),
};

export const dagCommands: CommandGroup = {
  name: "dags",
  summary: "The DAG repository of an Airflow",
  commands: [
    {
      name: "sync",
      arguments: [deploymentArgument],
      summary: "Fetch the DAG repository now",
      options: followOptions,
      examples: [{ line: "onvera dags sync etl" }],
      calls: ["syncDags", "listDeployments", "getOperation"],
      load: async () => (await import("../actions/power.ts")).actionOn("syncDags"),
    },
  ],
};

export const logsCommand: CommandSpec = {
  name: "logs",
  arguments: [optionalDeployment],
  summary: "Show or follow a deployment's log; without one, the control plane's",
  options: [
    { flags: "-f, --follow", description: "go on with what comes, until Ctrl+C" },
    { flags: "--process <name>", description: "only this process" },
    { flags: "--tail <n>", description: "how many of the last lines (default 200)" },
    { flags: "--all", description: "everything that is kept, as text, by time" },
    { flags: "--since <when>", description: "only from then on: 15m, 2h, or a moment" },
    { flags: "--until <when>", description: "only before" },
    { flags: "--grep <text>", description: "only lines with this text, in any case" },
    { flags: "--level <level>", description: "this level or a graver one", choices: logLevels },
    { flags: "--stream <stream>", description: "only this stream", choices: ["stdout", "stderr"] },
  ],
  examples: [
    { line: "onvera logs etl --follow" },
    { line: "onvera logs etl --process scheduler --level error --since 2h" },
    { line: "onvera logs etl --all > etl.log" },
  ],
  calls: ["getDeploymentLogs", "downloadDeploymentLogs", "listDeployments"],
  load: () => import("../actions/logs.ts"),
};

export const healthCommand: CommandSpec = {
  name: "health",
  arguments: [deploymentArgument],
  summary: "Show whether a deployment is well; exit code 1 when it is not",
  examples: [{ line: "onvera health etl" }],
  calls: ["getDeploymentHealth", "listDeployments"],
  load: () => import("../actions/health.ts"),
};

export const metricsCommand: CommandSpec = {
  name: "metrics",
  arguments: [deploymentArgument],
  summary: "Show CPU, memory and requests, now or over time",
  options: [
    { flags: "--history", description: "over the last hour in place of now" },
    { flags: "--since <length>", description: "how far to look back: 30m, 6h, 168h at most" },
  ],
  examples: [{ line: "onvera metrics etl" }, { line: "onvera metrics etl --since 6h" }],
  calls: ["getDeploymentMetrics", "getDeploymentMetricsHistory", "listDeployments"],
  load: () => import("../actions/metrics.ts"),
};

export const topCommand: CommandSpec = {
  name: "top",
  arguments: [{ ...deploymentArgument, syntax: "[deployment]" }],
  summary: "Watch what your deployments use, or the processes of one",
  description:
    "Refreshes until Ctrl+C on a terminal; into a pipe, or with another output than a table, it prints once.",
  options: [{ flags: "--interval <length>", description: "how often to refresh (default 5s)" }],
  examples: [{ line: "onvera top" }, { line: "onvera top etl --interval 2s" }, { line: "onvera top -o json" }],
  calls: ["listDeployments", "getDeploymentMetrics"],
  load: () => import("../actions/top.ts"),
};

export const resourcesCommand: CommandSpec = {
  name: "resources",
  arguments: [deploymentArgument],
  summary: "Show the resources of a deployment's stack as a tree",
  options: [{ flags: "--deleted", description: "also those that are gone" }],
  examples: [{ line: "onvera resources etl" }],
  calls: ["listDeploymentResources", "listDeployments"],
  load: () => import("../actions/resources.ts"),
};

export const outputsCommand: CommandSpec = {
  name: "outputs",
  arguments: [deploymentArgument, { syntax: "[name]", description: "only this one, plain" }],
  summary: "Show the outputs of a deployment's stack, without secrets",
  examples: [{ line: "onvera outputs etl" }, { line: "onvera outputs etl url" }],
  calls: ["getDeploymentOutputs", "listDeployments"],
  load: () => import("../actions/outputs.ts"),
};

export const eventsCommand: CommandSpec = {
  name: "events",
  arguments: [deploymentArgument],
  summary: "Show what the operations of a deployment did, newest first",
  options: pageOptions,
  examples: [{ line: "onvera events etl" }],
  calls: ["listDeploymentEvents", "listDeployments"],
  load: async () => ({ run: (await import("../actions/events.ts")).ofDeployment }),
};

export const credentialsCommand: CommandSpec = {
  name: "credentials",
  arguments: [deploymentArgument],
  summary: "Show the app administrator's name and password; each reading is audited",
  examples: [
    { line: "onvera credentials etl" },
    { line: "onvera credentials etl --quiet", note: "the password alone" },
  ],
  calls: ["getDeploymentCredentials", "listDeployments"],
  load: () => import("../actions/credentials.ts"),
};

export const openCommand: CommandSpec = {
  name: "open",
  arguments: [deploymentArgument],
  summary: "Open a deployment in the browser",
  examples: [{ line: "onvera open etl" }],
  calls: ["getDeployment", "listDeployments"],
  load: async () => ({ run: (await import("../actions/url.ts")).open }),
};

export const urlCommand: CommandSpec = {
  name: "url",
  arguments: [deploymentArgument],
  summary: "Print a deployment's address",
  examples: [{ line: "curl $(onvera url etl)" }],
  calls: ["getDeployment", "listDeployments"],
  load: async () => ({ run: (await import("../actions/url.ts")).show }),
};

export const receiptCommand: CommandSpec = {
  name: "receipt",
  arguments: [deploymentArgument],
  summary: "Show the proof that a destroyed deployment left nothing behind",
  examples: [{ line: "onvera receipt dep_550e8400-e29b-41d4-a716-446655440000" }],
  calls: ["getDestroyReceipt", "listDeployments"],
  load: () => import("../actions/receipt.ts"),
};
