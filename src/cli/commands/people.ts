/** The commands about people: members, invitations, roles in projects, and who may do what. */
import { projectRoles } from "../../domain/membership.ts";
import { permissions, roles } from "../../domain/permissions.ts";
import type { CommandGroup } from "../command-spec.ts";
import { deploymentArgument, followOptions } from "./shared-options.ts";

const members = () => import("../actions/members.ts");
const invitations = () => import("../actions/invitations.ts");
const member = { syntax: "<member>", description: "id (usr_…) or email address" };
const yes = { flags: "-y, --yes", description: "do not ask" };

export const memberCommands: CommandGroup = {
  name: "members",
  summary: "Who is in the organization, as what",
  commands: [
    {
      name: "list",
      aliases: ["ls"],
      summary: "List the members",
      examples: [{ line: "onvera members list" }],
      calls: ["listMembers"],
      load: async () => ({ run: (await members()).list }),
    },
    {
      name: "get",
      arguments: [member],
      summary: "Show a member",
      examples: [{ line: "onvera members get ann@acme.example" }],
      calls: ["getMember", "listMembers"],
      load: async () => ({ run: (await members()).get }),
    },
    {
      name: "set-role",
      arguments: [member, { syntax: "<role>", description: "their new role", choices: roles }],
      summary: "Give a member another role",
      examples: [{ line: "onvera members set-role ann@acme.example developer" }],
      calls: ["updateMember", "listMembers"],
      load: async () => ({ run: (await members()).setRole }),
    },
    {
      name: "remove",
      aliases: ["rm"],
      arguments: [member],
      summary: "Remove a member; their keys in this organization end",
      options: [yes],
      examples: [{ line: "onvera members remove ann@acme.example --yes" }],
      calls: ["removeMember", "listMembers"],
      load: async () => ({ run: (await members()).remove }),
    },
    {
      name: "leave",
      summary: "Leave the organization",
      options: [yes],
      examples: [{ line: "onvera members leave --yes" }],
      calls: ["leaveOrganization"],
      load: async () => ({ run: (await members()).leave }),
    },
    {
      name: "transfer-ownership",
      arguments: [member],
      summary: "Make another member the owner and become an admin",
      options: [yes],
      examples: [{ line: "onvera members transfer-ownership ann@acme.example" }],
      calls: ["transferOwnership", "listMembers"],
      load: async () => ({ run: (await members()).transfer }),
    },
  ],
};

export const invitationCommands: CommandGroup = {
  name: "invitations",
  summary: "Ask people in",
  commands: [
    {
      name: "create",
      arguments: [{ syntax: "<email>", description: "whom to invite" }],
      summary: "Invite a person: by mail, or by a token that is shown this once",
      options: [
        { flags: "--role <role>", description: "what they will be (default: viewer)", choices: roles },
        { flags: "--days <days>", description: "how long it is good, 1 to 30 (default: 7)" },
      ],
      examples: [{ line: "onvera invitations create ann@acme.example --role developer" }],
      calls: ["createInvitation"],
      load: async () => ({ run: (await invitations()).create }),
    },
    {
      name: "list",
      aliases: ["ls"],
      summary: "List the invitations",
      examples: [{ line: "onvera invitations list" }],
      calls: ["listInvitations"],
      load: async () => ({ run: (await invitations()).list }),
    },
    {
      name: "revoke",
      arguments: [{ syntax: "<invitation>", description: "id (inv_…)" }],
      summary: "Withdraw an invitation",
      examples: [{ line: "onvera invitations revoke inv_…" }],
      calls: ["revokeInvitation"],
      load: async () => ({ run: (await invitations()).revoke }),
    },
    {
      name: "accept",
      summary: "Use an invitation and sign in here",
      description: "Asks for the token and the password; without a terminal, two lines of standard input.",
      options: [{ flags: "--name <name>", description: "your name, when you are new here" }],
      examples: [{ line: "onvera invitations accept --name Ann" }],
      calls: ["acceptInvitation", "createApiKey", "logout"],
      load: async () => ({ run: (await invitations()).accept }),
    },
  ],
};

export const accessCommands: CommandGroup = {
  name: "access",
  summary: "Who may do what, and who is in which app",
  commands: [
    {
      name: "explain",
      arguments: [
        { syntax: "<user>", description: "id or email address of a member; me" },
        { syntax: "<action>", description: "an entry of the permission table", choices: Object.keys(permissions) },
        { syntax: "[resource]", description: "id of a deployment, operation, environment or project" },
      ],
      summary: "Say whether a person may do something, and why; exit code 4 when not",
      examples: [
        { line: "onvera access explain ann@acme.example deployments.destroy dep_…" },
        { line: "onvera access explain me members.write" },
      ],
      calls: ["explainAccess"],
      load: async () => ({ run: (await members()).explain }),
    },
    {
      name: "status",
      arguments: [deploymentArgument],
      summary: "Show who is to be in a deployment's app, and who is",
      examples: [{ line: "onvera access status my-superset-abc123" }],
      calls: ["getDeploymentAccess", "listDeployments"],
      load: () => import("../actions/access-status.ts"),
    },
    {
      name: "sync",
      arguments: [deploymentArgument],
      summary: "Compare the app's people with the members now; it happens by itself otherwise",
      options: followOptions,
      examples: [{ line: "onvera access sync my-superset-abc123" }],
      calls: ["syncDeploymentAccess", "listDeployments", "getOperation"],
      load: async () => (await import("../actions/power.ts")).actionOn("syncDeploymentAccess"),
    },
  ],
};

const project = { syntax: "<project>", description: "id" };
const projects = () => import("../actions/projects.ts");

/** What `onvera projects` has beyond looking. */
export const projectChanges: CommandGroup["commands"] = [
  {
    name: "create",
    arguments: [{ syntax: "<name>", description: "name of the project" }],
    summary: "Create a project",
    options: [{ flags: "--slug <slug>", description: "short name (made from the name)" }],
    examples: [{ line: "onvera projects create Analytics" }],
    calls: ["createProject"],
    load: async () => ({ run: (await projects()).create }),
  },
  {
    name: "update",
    arguments: [project],
    summary: "Rename a project",
    options: [{ flags: "--name <name>", description: "new name" }],
    examples: [{ line: "onvera projects update proj_… --name Analytics" }],
    calls: ["updateProject"],
    load: async () => ({ run: (await projects()).update }),
  },
  {
    name: "delete",
    arguments: [project],
    summary: "Delete a project without environments",
    options: [yes],
    examples: [{ line: "onvera projects delete proj_… --yes" }],
    calls: ["deleteProject"],
    load: async () => ({ run: (await projects()).remove }),
  },
  {
    name: "roles",
    arguments: [project],
    summary: "List the roles given in a project",
    examples: [{ line: "onvera projects roles proj_…" }],
    calls: ["listProjectRoles"],
    load: async () => ({ run: (await projects()).listRoles }),
  },
  {
    name: "grant",
    arguments: [project, member, { syntax: "<role>", description: "their role in it", choices: projectRoles }],
    summary: "Give a member a role in a project, on top of the organization's",
    examples: [{ line: "onvera projects grant proj_… ann@acme.example developer" }],
    calls: ["grantProjectRole", "listMembers"],
    load: async () => ({ run: (await projects()).grant }),
  },
  {
    name: "revoke",
    arguments: [project, member],
    summary: "Take a member's role in a project back",
    examples: [{ line: "onvera projects revoke proj_… ann@acme.example" }],
    calls: ["revokeProjectRole", "listMembers"],
    load: async () => ({ run: (await projects()).revoke }),
  },
];
