/** The commands about what an organization has: environments, projects, clusters, keys, its audit log. */
import type { IsolationLevel } from "../../domain/deployment-spec.ts";
import type { CommandGroup } from "../command-spec.ts";
import { projectChanges } from "./people.ts";
import { keyOptions, pageOptions } from "./shared-options.ts";

const isolationLevels = Object.keys({ shared: true, dedicated: true, byoc: true } satisfies Record<
  IsolationLevel,
  true
>);
const environment = { syntax: "<environment>", description: "id; env_default is your default environment" };

/** What a dedicated environment on a Kubernetes cluster may have of its own. */
const ownPlaceOptions = [
  { flags: "--database-url-file <file>", description: "its own database server: file with an administrator's URL" },
  { flags: "--database-address <host:port>", description: "that server as pods reach it" },
  { flags: "--ingress-class <class>", description: "its own ingress class" },
  { flags: "--storage-class <class>", description: "its own storage class" },
  { flags: "--node-selector <label=value>", description: "nodes its pods run on", repeatable: true },
  { flags: "--toleration <key=value:effect>", description: "taints its pods bear", repeatable: true },
];

export const environmentCommands: CommandGroup = {
  name: "environments",
  aliases: ["env"],
  summary: "Where deployments live",
  commands: [
    {
      name: "list",
      aliases: ["ls"],
      summary: "List the environments",
      examples: [{ line: "onvera environments list" }],
      calls: ["listEnvironments"],
      load: async () => ({ run: (await import("../actions/environments.ts")).list }),
    },
    {
      name: "get",
      arguments: [environment],
      summary: "Show an environment",
      examples: [{ line: "onvera environments get env_default" }],
      calls: ["getEnvironment"],
      load: async () => ({ run: (await import("../actions/environments.ts")).get }),
    },
    {
      name: "create",
      arguments: [{ syntax: "<name>", description: "name of the environment" }],
      summary: "Create an environment (platform operator)",
      options: [
        { flags: "--isolation <level>", description: "how far it stands apart", choices: isolationLevels },
        { flags: "--cluster <id>", description: "cluster it uses (default: the default one)" },
        { flags: "--project <id>", description: "project it belongs to" },
        { flags: "--slug <slug>", description: "short name for addresses (made from the name)" },
        ...ownPlaceOptions,
      ],
      examples: [
        { line: "onvera environments create Production --isolation dedicated" },
        {
          line: "onvera environments create Acme --cluster clu_… --isolation dedicated --node-selector pool=acme --toleration pool=acme:NoSchedule",
        },
      ],
      calls: ["createEnvironment"],
      load: async () => ({ run: (await import("../actions/environments.ts")).create }),
    },
    {
      name: "update",
      arguments: [environment],
      summary: "Rename an environment",
      options: [{ flags: "--name <name>", description: "new name" }],
      examples: [{ line: "onvera environments update env_… --name Staging" }],
      calls: ["updateEnvironment"],
      load: async () => ({ run: (await import("../actions/environments.ts")).update }),
    },
    {
      name: "delete",
      arguments: [environment],
      summary: "Delete an environment that holds no deployment",
      options: [{ flags: "--force", description: "do not ask" }],
      examples: [{ line: "onvera environments delete env_… --force" }],
      calls: ["deleteEnvironment"],
      load: async () => ({ run: (await import("../actions/environments.ts")).remove }),
    },
  ],
};

export const organizationCommands: CommandGroup = {
  name: "organizations",
  aliases: ["org"],
  summary: "Organizations you are in",
  commands: [
    {
      name: "list",
      aliases: ["ls"],
      summary: "List your organizations",
      examples: [{ line: "onvera organizations list" }],
      calls: ["listOrganizations"],
      load: async () => ({ run: (await import("../actions/organizations.ts")).list }),
    },
    {
      name: "get",
      arguments: [{ syntax: "<organization>", description: "id" }],
      summary: "Show an organization",
      examples: [{ line: "onvera organizations get org_…" }],
      calls: ["getOrganization"],
      load: async () => ({ run: (await import("../actions/organizations.ts")).get }),
    },
    {
      name: "queue",
      arguments: [{ syntax: "<organization>", description: "id" }],
      summary: "Show how many operations run and wait, and how many may; set it (platform operator)",
      options: [
        { flags: "--running <n>", description: "how many may run at once; 'default' for the installation's" },
        { flags: "--queued <n>", description: "how many may wait; 'default' for the installation's" },
      ],
      examples: [
        { line: "onvera organizations queue org_…" },
        { line: "onvera organizations queue org_… --running 8 --queued default", note: "set the limits" },
      ],
      calls: ["getOrganizationQueue", "updateOrganizationQueue"],
      load: async () => ({ run: (await import("../actions/organizations.ts")).queue }),
    },
    {
      name: "create",
      arguments: [{ syntax: "<name>", description: "name of the organization" }],
      summary: "Create an organization with its project and environment (platform operator)",
      options: [
        { flags: "--slug <slug>", description: "short name (made from the name)" },
        { flags: "--cluster <id>", description: "cluster of its default environment" },
        { flags: "--owner-email <email>", description: "its first owner (default: you)" },
        { flags: "--owner-name <name>", description: "the owner's name" },
        { flags: "--owner-password", description: "ask for the owner's password (or read it from standard input)" },
      ],
      examples: [{ line: "onvera organizations create Acme --owner-email ann@acme.example --owner-password" }],
      calls: ["createOrganization"],
      load: async () => ({ run: (await import("../actions/organizations.ts")).create }),
    },
  ],
};

export const projectCommands: CommandGroup = {
  name: "projects",
  summary: "Groups of environments",
  commands: [
    {
      name: "list",
      aliases: ["ls"],
      summary: "List the projects",
      examples: [{ line: "onvera projects list" }],
      calls: ["listProjects"],
      load: async () => ({ run: (await import("../actions/organizations.ts")).projects }),
    },
    {
      name: "get",
      arguments: [{ syntax: "<project>", description: "id" }],
      summary: "Show a project",
      examples: [{ line: "onvera projects get proj_…" }],
      calls: ["getProject"],
      load: async () => ({ run: (await import("../actions/organizations.ts")).project }),
    },
    ...projectChanges,
  ],
};

const key = { syntax: "<key>", description: "id (key_…)" };

export const apiKeyCommands: CommandGroup = {
  name: "api-keys",
  summary: "Keys that programs sign in with",
  commands: [
    {
      name: "create",
      arguments: [{ syntax: "<name>", description: "what it is for" }],
      summary: "Create a key; it is shown this once",
      options: keyOptions,
      examples: [
        { line: "onvera api-keys create ci --expires 90d" },
        { line: "onvera api-keys create reader --scope deployments:read --scope operations:read" },
      ],
      calls: ["createApiKey"],
      load: async () => ({ run: (await import("../actions/api-keys.ts")).create }),
    },
    {
      name: "list",
      aliases: ["ls"],
      summary: "List the keys",
      options: pageOptions,
      examples: [{ line: "onvera api-keys list" }],
      calls: ["listApiKeys"],
      load: async () => ({ run: (await import("../actions/api-keys.ts")).list }),
    },
    {
      name: "get",
      arguments: [key],
      summary: "Show a key, without its secret",
      examples: [{ line: "onvera api-keys get key_…" }],
      calls: ["getApiKey"],
      load: async () => ({ run: (await import("../actions/api-keys.ts")).get }),
    },
    {
      name: "rotate",
      arguments: [key],
      summary: "Make a new key in a key's place; the one before stays valid for a day",
      options: [
        { flags: "--valid-for <length>", description: "how long the one before stays valid, 0s to 30d (default: 24h)" },
        { flags: "--expires <when>", description: "90d, 12h, or a date (default: as long a life as before)" },
      ],
      examples: [{ line: "onvera api-keys rotate key_… --valid-for 2h" }],
      calls: ["rotateApiKey"],
      load: async () => ({ run: (await import("../actions/api-keys.ts")).rotate }),
    },
    {
      name: "revoke",
      arguments: [key],
      summary: "Revoke a key, for ever",
      options: [{ flags: "-y, --yes", description: "do not ask" }],
      examples: [{ line: "onvera api-keys revoke key_… --yes" }],
      calls: ["revokeApiKey"],
      load: async () => ({ run: (await import("../actions/api-keys.ts")).revoke }),
    },
  ],
};

const auditFilters = [
  { flags: "--from <moment>", description: "since (ISO 8601)" },
  { flags: "--to <moment>", description: "until (ISO 8601)" },
  { flags: "--actor <id>", description: "only by this person or key" },
  { flags: "--action <action>", description: "only this action" },
  { flags: "--target <id>", description: "only on this resource" },
];

export const auditCommands: CommandGroup = {
  name: "audit",
  summary: "Who did what, when",
  commands: [
    {
      name: "list",
      aliases: ["ls"],
      summary: "List the audit log, newest first",
      options: [...auditFilters, ...pageOptions],
      examples: [{ line: "onvera audit list" }, { line: "onvera audit list --from 2026-01-01T00:00:00Z -o json" }],
      calls: ["listAuditEvents"],
      load: async () => ({ run: (await import("../actions/audit.ts")).list }),
    },
    {
      name: "export",
      summary: "Print the audit log as one file, oldest first",
      options: [
        { flags: "--format <format>", description: "JSON lines (default) or CSV", choices: ["jsonl", "csv"] },
        ...auditFilters,
      ],
      examples: [{ line: "onvera audit export --format csv > audit.csv" }],
      calls: ["exportAuditEvents"],
      load: async () => ({ run: (await import("../actions/audit.ts")).exportLog }),
    },
    {
      name: "verify",
      summary: "Check that nobody changed, removed or added events; exit code 1 when somebody did",
      options: [
        { flags: "--noted <head>", description: "a head that an earlier check printed and you kept elsewhere" },
      ],
      examples: [
        { line: "onvera audit verify" },
        { line: "onvera audit verify --quiet", note: "the head alone, to note" },
      ],
      calls: ["verifyAuditLog"],
      load: async () => ({ run: (await import("../actions/audit.ts")).verify }),
    },
  ],
};
