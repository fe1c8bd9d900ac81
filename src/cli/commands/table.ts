/** Every command there is, in the order of `onvera --help`. */
import { type CommandSection, type CommandSpec, isGroup } from "../command-spec.ts";
import * as client from "./client.ts";
import { clusterCommands } from "./clusters.ts";
import * as control from "./control.ts";
import * as custody from "./custody.ts";
import * as deployments from "./deployments.ts";
import { operationCommands } from "./operations.ts";
import * as organization from "./organization.ts";
import * as people from "./people.ts";
import * as platform from "./platform.ts";
import { serviceAccountCommands } from "./service-accounts.ts";
import { ssoCommands } from "./sso.ts";
import { webhookCommands } from "./webhooks.ts";

export const sections: readonly CommandSection[] = [
  {
    heading: "Deployments",
    commands: [
      deployments.deployCommand,
      deployments.listCommand,
      deployments.getCommand,
      deployments.updateCommand,
      deployments.planCommand,
      control.startCommand,
      control.stopCommand,
      control.restartCommand,
      control.rotateCredentialsCommand,
      control.scaleCommand,
      control.dagCommands,
      deployments.protectCommand,
      deployments.unprotectCommand,
      deployments.destroyCommand,
      deployments.abandonCommand,
    ],
  },
  {
    heading: "Looking inside",
    commands: [
      control.openCommand,
      control.urlCommand,
      control.credentialsCommand,
      control.logsCommand,
      control.healthCommand,
      control.metricsCommand,
      control.topCommand,
      control.eventsCommand,
      control.resourcesCommand,
      control.outputsCommand,
      control.receiptCommand,
      operationCommands,
    ],
  },
  {
    heading: "Organization",
    commands: [
      organization.environmentCommands,
      organization.projectCommands,
      organization.organizationCommands,
      people.memberCommands,
      people.invitationCommands,
      people.accessCommands,
      organization.apiKeyCommands,
      serviceAccountCommands,
      ssoCommands,
      organization.auditCommands,
      webhookCommands,
      platform.appCommands,
      clusterCommands,
      platform.workerCommands,
    ],
  },
  {
    heading: "This machine's control plane",
    commands: [
      platform.statusCommand,
      platform.setupCommand,
      platform.doctorCommand,
      platform.serverCommand,
      platform.workerCommand,
      platform.migrateCommand,
      platform.pulumiCommand,
      platform.stateCommands,
      custody.keyCommands,
      custody.backupCommand,
      custody.restoreCommand,
    ],
  },
  {
    heading: "The command line itself",
    commands: [
      client.authCommands,
      client.whoamiCommand,
      client.contextCommands,
      client.configCommands,
      client.apiCommand,
      client.pingCommand,
      client.completionCommand,
      client.versionCommand,
    ],
  },
];

/** Every command with the words that name it, `ops get`. */
export const allCommands: readonly { path: string; spec: CommandSpec }[] = sections.flatMap(({ commands }) =>
  commands.flatMap((entry) =>
    isGroup(entry)
      ? entry.commands.map((spec) => ({ path: `${entry.name} ${spec.name}`, spec }))
      : [{ path: entry.name, spec: entry }],
  ),
);
