/** Which command reaches which operation of the API, and which commands are this machine's own affair (ON-25). */
import { type OperationId, routes } from "./api/api-routes.ts";
import { allCommands } from "./commands/table.ts";

/** Commands without a route, and why they have none. A command that is neither here nor calls the API fails the build's test. */
export const ownAffairs: Readonly<Record<string, string>> = {
  "auth logout": "removes the key stored on this machine; `api-keys revoke` is the service's part",
  "context list": "the CLI's own configuration",
  "context use": "the CLI's own configuration",
  "context add": "the CLI's own configuration",
  "context remove": "the CLI's own configuration",
  "config list": "the CLI's own configuration",
  "config get": "the CLI's own configuration",
  "config set": "the CLI's own configuration",
  "config path": "the CLI's own configuration",
  api: "any route at all",
  status: "runs or looks at the control plane on this machine",
  setup: "runs or looks at the control plane on this machine",
  doctor: "runs or looks at the control plane on this machine",
  server: "runs or looks at the control plane on this machine",
  worker: "runs or looks at the control plane on this machine",
  migrate: "runs or looks at the control plane on this machine",
  backup: "reads this machine's home folder and database files",
  restore: "makes a home folder on this machine, where no service runs yet",
  "clusters manifest": "prints a table the command line carries",
  "keys list": "reads this machine's key file, which no request may reach",
  "keys rotate": "writes this machine's key file, which no request may reach",
};

/** Routes without a command, and why they have none. */
const pagesAffairs: Readonly<Partial<Record<OperationId, string>>> = {
  completeAppLogin: "a sign-in goes on in the browser it was begun in; `onvera open` begins one",
  beginSso: "ends in the browser that began it, which keeps a cookie for it; `auth login` goes by that browser",
  finishSso: "ends in the browser that began it, which keeps a cookie for it; `auth login` goes by that browser",
};

export interface Parity {
  /** Each operation of the API with the commands that reach it. */
  commandsOf: Readonly<Record<OperationId, readonly string[]>>;
  /** Operations no command reaches, though a terminal could. */
  unreached: readonly OperationId[];
  /** Commands that reach no operation and give no reason. */
  unexplained: readonly string[];
}

/** Compares the command table with the routes of openapi.json. */
export function parity(): Parity {
  const operations = Object.keys(routes) as OperationId[];
  const commandsOf = Object.fromEntries(
    operations.map((id) => [
      id,
      allCommands.filter(({ spec }) => spec.calls !== "any" && spec.calls.includes(id)).map(({ path }) => path),
    ]),
  ) as Record<OperationId, string[]>;
  return {
    commandsOf,
    unreached: operations.filter((id) => commandsOf[id].length === 0 && pagesAffairs[id] === undefined),
    unexplained: allCommands
      .filter(({ path, spec }) => (spec.calls === "any" || spec.calls.length === 0) && !Object.hasOwn(ownAffairs, path))
      .map(({ path }) => path),
  };
}
