/** The commands about the CLI itself: signing in, configuration, raw requests, completion. */
import type { CommandGroup, CommandSpec } from "../command-spec.ts";
import { pageOptions } from "./shared-options.ts";

const auth = () => import("../actions/auth.ts");
const sessions = () => import("../actions/sessions.ts");
const config = () => import("../actions/config.ts");
const context = () => import("../actions/context.ts");

export const authCommands: CommandGroup = {
  name: "auth",
  summary: "Sign in and out",
  commands: [
    {
      name: "login",
      summary: "Sign in",
      options: [
        { flags: "--browser", description: "let a person at a browser decide (the default)" },
        { flags: "--key", description: "ask for an API key, hidden (or read it from standard input)" },
        { flags: "--token <token>", description: "take this API key; others may see it in the process list" },
        { flags: "--organization <id>", description: "the key is for this one of your organizations" },
        { flags: "--email <email>", description: "sign in as this person, with a password that is asked for" },
      ],
      examples: [
        { line: "onvera auth login" },
        { line: "onvera auth login --key" },
        { line: "onvera auth login --token onv_sk_live_..." },
        { line: "onvera auth login --email you@example.com < password-file" },
      ],
      calls: ["beginCliLogin", "redeemCliLogin", "login", "createApiKey", "logout", "getCurrentUser"],
      load: async () => ({ run: (await auth()).login }),
    },
    {
      name: "logout",
      summary: "Remove the stored key here; it is not revoked",
      examples: [{ line: "onvera auth logout" }],
      calls: [],
      load: async () => ({ run: (await auth()).logout }),
    },
    {
      name: "whoami",
      summary: "Show who you are and what you may do",
      examples: [{ line: "onvera auth whoami" }],
      calls: ["getCurrentUser"],
      load: async () => ({ run: (await auth()).whoami }),
    },
    {
      name: "sign-up",
      arguments: [{ syntax: "<email>", description: "your address" }],
      summary: "Make an account with an organization of your own, where that is open",
      options: [
        { flags: "--name <name>", description: "your name (default: the address)" },
        { flags: "--organization-name <name>", description: "what the organization is called" },
      ],
      examples: [{ line: "onvera auth sign-up ann@acme.example --name Ann --organization-name Acme" }],
      calls: ["signUp", "createApiKey", "logout"],
      load: async () => ({ run: (await auth()).signUp }),
    },
    {
      name: "switch",
      arguments: [{ syntax: "<organization>", description: "id (org_…)" }],
      summary: "Exchange an access token, read from standard input, for one of another organization",
      description: "A stored key belongs to one organization: sign in again with --organization, into another context.",
      examples: [{ line: "onvera auth switch org_… < access-token" }],
      calls: ["switchOrganization"],
      load: async () => ({ run: (await auth()).switchTo }),
    },
    {
      name: "refresh",
      summary: "Exchange a refresh token, read from standard input, for an access token",
      examples: [{ line: "onvera auth refresh < refresh-token" }],
      calls: ["refreshSession"],
      load: async () => ({ run: (await auth()).refresh }),
    },
    {
      name: "approve",
      arguments: [
        { syntax: "<login>", description: "the address that 'onvera auth login' printed, or its id (cli_…)" },
      ],
      summary: "Let another command line in as you, where there is no browser",
      options: [
        { flags: "--refuse", description: "refuse it instead" },
        { flags: "-y, --yes", description: "do not ask" },
      ],
      examples: [{ line: "onvera auth approve cli_…" }, { line: "onvera auth approve cli_… --refuse" }],
      calls: ["getCliLogin", "approveCliLogin", "denyCliLogin"],
      load: async () => ({ run: (await import("../actions/browser-login.ts")).decide }),
    },
    {
      name: "sessions",
      summary: "List where you are signed in",
      options: pageOptions,
      examples: [{ line: "onvera auth sessions" }],
      calls: ["listSessions"],
      load: async () => ({ run: (await sessions()).list }),
    },
    {
      name: "end-session",
      arguments: [{ syntax: "<session>", description: "id (ses_…)" }],
      summary: "Sign yourself out somewhere, at once",
      examples: [{ line: "onvera auth end-session ses_…" }],
      calls: ["endSession"],
      load: async () => ({ run: (await sessions()).end }),
    },
  ],
};

export const whoamiCommand: CommandSpec = {
  name: "whoami",
  summary: "Show who you are and what you may do",
  examples: [{ line: "onvera whoami" }],
  calls: ["getCurrentUser"],
  load: async () => ({ run: (await auth()).whoami }),
};

export const configCommands: CommandGroup = {
  name: "config",
  summary: "The CLI's own configuration",
  commands: [
    {
      name: "list",
      aliases: ["ls"],
      summary: "Show what is in force, and where it comes from",
      examples: [{ line: "onvera config list" }],
      calls: [],
      load: async () => ({ run: (await config()).list }),
    },
    {
      name: "get",
      arguments: [{ syntax: "<name>", description: "context, api_url, api_key or output" }],
      summary: "Print one setting",
      examples: [{ line: "onvera config get api_url" }],
      calls: [],
      load: async () => ({ run: (await config()).get }),
    },
    {
      name: "set",
      arguments: [
        { syntax: "<name>", description: "api_url or output" },
        { syntax: "<value>", description: "its value" },
      ],
      summary: "Change a setting",
      examples: [
        { line: "onvera config set api_url https://onvera.example.com" },
        { line: "onvera config set output json" },
      ],
      calls: [],
      load: async () => ({ run: (await config()).set }),
    },
    {
      name: "path",
      summary: "Print where the configuration is kept",
      examples: [{ line: "onvera config path" }],
      calls: [],
      load: async () => ({ run: (await config()).path }),
    },
  ],
};

const name = { syntax: "<name>", description: "name of the context" };

export const contextCommands: CommandGroup = {
  name: "context",
  summary: "Several services or accounts side by side",
  commands: [
    {
      name: "list",
      aliases: ["ls"],
      summary: "List the contexts",
      examples: [{ line: "onvera context list" }],
      calls: [],
      load: async () => ({ run: (await context()).list }),
    },
    {
      name: "use",
      arguments: [name],
      summary: "Use a context from now on",
      examples: [{ line: "onvera context use prod" }],
      calls: [],
      load: async () => ({ run: (await context()).use }),
    },
    {
      name: "add",
      arguments: [name],
      summary: "Add a context, or change its service",
      options: [{ flags: "--production", description: "name it in every question" }],
      examples: [{ line: "onvera context add prod --api-url https://onvera.example.com --production" }],
      calls: [],
      load: async () => ({ run: (await context()).add }),
    },
    {
      name: "remove",
      aliases: ["rm"],
      arguments: [name],
      summary: "Remove a context and its stored key",
      examples: [{ line: "onvera context remove prod" }],
      calls: [],
      load: async () => ({ run: (await context()).remove }),
    },
  ],
};

export const apiCommand: CommandSpec = {
  name: "api",
  arguments: [
    { syntax: "<method>", description: "GET, POST, PATCH, DELETE" },
    { syntax: "<path>", description: "/api/v1/deployments, /v1/deployments or deployments" },
  ],
  summary: "Send any request to the API, signed in",
  options: [
    { flags: "-d, --data <json>", description: "body; @file reads a file, @- standard input" },
    { flags: "-i, --include", description: "show status and headers as well" },
  ],
  examples: [
    { line: "onvera api GET deployments" },
    { line: `onvera api POST /api/v1/deployments -d '{"app_type": "superset", "name": "My Superset"}'` },
  ],
  calls: "any",
  load: () => import("../actions/api.ts"),
};

export const completionCommand: CommandSpec = {
  name: "completion",
  arguments: [{ syntax: "<shell>", description: "your shell", choices: ["bash", "zsh", "fish"] }],
  summary: "Print the script that completes commands, options and deployments in your shell",
  examples: [
    { line: "source <(onvera completion bash)" },
    { line: "onvera completion fish > ~/.config/fish/completions/onvera.fish" },
  ],
  calls: ["listDeployments", "listOperations"],
  load: () => import("../actions/completion.ts"),
};

export const versionCommand: CommandSpec = {
  name: "version",
  summary: "Print the version of the CLI and of the service",
  examples: [{ line: "onvera version" }],
  calls: ["getVersion"],
  load: () => import("../actions/version.ts"),
};

export const pingCommand: CommandSpec = {
  name: "ping",
  summary: "Ask the service whether it answers and is ready",
  options: [
    { flags: "--keys", description: "show the public keys its access tokens are signed with" },
    { flags: "--metrics", description: "show its own figures in Prometheus' text form (platform operator)" },
  ],
  examples: [{ line: "onvera ping" }, { line: "onvera ping --metrics | grep onvera_operations" }],
  calls: ["healthz", "readyz", "getJwks", "readMetrics"],
  load: () => import("../actions/service-health.ts"),
};
