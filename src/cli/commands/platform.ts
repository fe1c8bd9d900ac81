/** The commands about the installation: apps, workers, and this machine's control plane. */
import type { CommandGroup, CommandSpec } from "../command-spec.ts";
import { deploymentArgument, followOptions } from "./shared-options.ts";

export const appCommands: CommandGroup = {
  name: "apps",
  summary: "What can be deployed",
  commands: [
    {
      name: "list",
      aliases: ["ls"],
      summary: "List apps, their versions, processes and sizes",
      examples: [{ line: "onvera apps list" }],
      calls: ["listApps"],
      load: async () => ({ run: (await import("../actions/platform.ts")).apps }),
    },
  ],
};

const workerArgument = { syntax: "<worker>", description: "id (wrk_…)" };

export const workerCommands: CommandGroup = {
  name: "workers",
  summary: "The processes that carry out operations (platform operator)",
  commands: [
    {
      name: "list",
      aliases: ["ls"],
      summary: "List the workers",
      examples: [{ line: "onvera workers list" }],
      calls: ["listWorkers"],
      load: async () => ({ run: (await import("../actions/platform.ts")).workers }),
    },
    {
      name: "drain",
      arguments: [workerArgument],
      summary: "Let a worker take no new operations; what it runs goes on to its end",
      description: "Its state is `draining`, then `drained`: then its process can be ended without anybody noticing.",
      examples: [{ line: "onvera workers drain wrk_…" }],
      calls: ["drainWorker"],
      load: async () => ({ run: (await import("../actions/platform.ts")).drainWorker }),
    },
    {
      name: "resume",
      arguments: [workerArgument],
      summary: "Let a drained worker take operations again",
      examples: [{ line: "onvera workers resume wrk_…" }],
      calls: ["resumeWorker"],
      load: async () => ({ run: (await import("../actions/platform.ts")).resumeWorker }),
    },
  ],
};

export const statusCommand: CommandSpec = {
  name: "status",
  summary: "Show what of this machine's control plane runs",
  examples: [{ line: "onvera status" }],
  calls: [],
  load: async () => (await import("../actions/control-plane-verb.ts")).verbCommand("runStatus"),
};

export const setupCommand: CommandSpec = {
  name: "setup",
  summary: "Get what this machine needs: the Pulumi CLI, PostgreSQL, the apps' packages",
  description: "Runs by itself before the first deploy; it can be interrupted and goes on where it was.",
  examples: [{ line: "onvera setup" }],
  calls: [],
  load: async () => (await import("../actions/control-plane-verb.ts")).verbCommand("runSetup"),
};

export const doctorCommand: CommandSpec = {
  name: "doctor",
  summary: "Check this machine, with a remedy for each finding",
  examples: [{ line: "onvera doctor" }, { line: "onvera doctor -o json" }],
  calls: [],
  load: async () => (await import("../actions/control-plane-verb.ts")).verbCommand("runDoctor"),
};

export const serverCommand: CommandSpec = {
  name: "server",
  summary: "Run the API alone, against DATABASE_URL",
  description: "ONVERA_API_PORT sets where it listens (default 7600).",
  examples: [{ line: "onvera server" }],
  calls: [],
  load: async () => (await import("../actions/control-plane-verb.ts")).verbCommand("runServer"),
};

export const workerCommand: CommandSpec = {
  name: "worker",
  summary: "Run a worker alone, against DATABASE_URL",
  description: "ONVERA_WORKER_SLOTS sets how many operations it carries out at the same time.",
  examples: [{ line: "onvera worker" }],
  calls: [],
  load: async () => (await import("../actions/control-plane-verb.ts")).verbCommand("runWorker"),
};

export const migrateCommand: CommandSpec = {
  name: "migrate",
  summary: "Bring the database's schema up to date; safe to run twice at once",
  examples: [{ line: "onvera migrate" }],
  calls: [],
  load: async () => (await import("../actions/control-plane-verb.ts")).verbCommand("runMigrate"),
};

export const stateCommands: CommandGroup = {
  name: "state",
  summary: "Earlier versions of a stack's state (platform operator)",
  commands: [
    {
      name: "versions",
      arguments: [deploymentArgument],
      summary: "List the versions that are kept, and what is wrong with those that are damaged",
      examples: [{ line: "onvera state versions my-superset" }],
      calls: ["listStateVersions", "listDeployments"],
      load: async () => ({ run: (await import("../actions/state.ts")).versions }),
    },
    {
      name: "restore",
      arguments: [deploymentArgument],
      summary: "Put an earlier state in place, look every resource up, and mend what differs",
      description:
        "Without --version the state stays as it is, and only the looking up and mending is done. A damaged state is replaced by the newest whole one in any case.",
      options: [{ flags: "--version <n>", description: "the version to go back to" }, ...followOptions],
      examples: [
        { line: "onvera state restore my-superset --version 512" },
        { line: "onvera state restore my-superset", note: "look every resource up and mend what differs" },
      ],
      calls: ["restoreState", "listDeployments", "getOperation"],
      load: async () => ({ run: (await import("../actions/state.ts")).restore }),
    },
  ],
};

export const pulumiCommand: CommandSpec = {
  name: "pulumi",
  arguments: [{ syntax: "[arguments...]", description: "as the pulumi CLI takes them; --stack names the deployment" }],
  summary: "Run the plain pulumi CLI on a deployment's stack (platform operator)",
  description: "What reads runs here. What changes (up, refresh, destroy, state, import, …) runs as an operation.",
  passthrough: true,
  examples: [
    { line: "onvera pulumi stack ls" },
    { line: "onvera pulumi preview --stack dep_…" },
    { line: "onvera pulumi refresh --stack dep_…" },
  ],
  calls: ["runPulumi", "listDeployments", "getOperation"],
  load: () => import("../actions/pulumi.ts"),
};
