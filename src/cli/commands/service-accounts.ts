/** The commands about service accounts. */
import { projectRoles } from "../../domain/membership.ts";
import type { CommandGroup } from "../command-spec.ts";
import { keyOptions, pageOptions } from "./shared-options.ts";

const account = { syntax: "<account>", description: "id (sva_…)" };
const description = { flags: "--description <text>", description: "what it is for" };
const action = () => import("../actions/service-accounts.ts");

export const serviceAccountCommands: CommandGroup = {
  name: "service-accounts",
  summary: "Programs that act as themselves, with a role and keys of their own",
  commands: [
    {
      name: "create",
      arguments: [{ syntax: "<name>", description: "what it is called" }],
      summary: "Create a service account; give it keys with create-key",
      options: [
        { flags: "--role <role>", description: "what it is (default: viewer)", choices: projectRoles },
        description,
      ],
      examples: [{ line: "onvera service-accounts create ci --role developer" }],
      calls: ["createServiceAccount"],
      load: async () => ({ run: (await action()).create }),
    },
    {
      name: "list",
      aliases: ["ls"],
      summary: "List the service accounts",
      examples: [{ line: "onvera service-accounts list" }],
      calls: ["listServiceAccounts"],
      load: async () => ({ run: (await action()).list }),
    },
    {
      name: "get",
      arguments: [account],
      summary: "Show a service account",
      examples: [{ line: "onvera service-accounts get sva_…" }],
      calls: ["getServiceAccount"],
      load: async () => ({ run: (await action()).get }),
    },
    {
      name: "update",
      arguments: [account],
      summary: "Change a service account's name, description or role",
      options: [
        { flags: "--name <name>", description: "another name" },
        description,
        { flags: "--role <role>", description: "another role", choices: projectRoles },
      ],
      examples: [{ line: "onvera service-accounts update sva_… --role viewer" }],
      calls: ["updateServiceAccount"],
      load: async () => ({ run: (await action()).update }),
    },
    {
      name: "delete",
      arguments: [account],
      summary: "Delete a service account; its keys end at once",
      options: [{ flags: "-y, --yes", description: "do not ask" }],
      examples: [{ line: "onvera service-accounts delete sva_… --yes" }],
      calls: ["deleteServiceAccount"],
      load: async () => ({ run: (await action()).remove }),
    },
    {
      name: "create-key",
      arguments: [account, { syntax: "<name>", description: "what the key is for" }],
      summary: "Create a key of a service account; it is shown this once",
      options: keyOptions,
      examples: [{ line: "onvera service-accounts create-key sva_… deploys --expires 90d" }],
      calls: ["createServiceAccountKey"],
      load: async () => ({ run: (await action()).createKey }),
    },
    {
      name: "list-keys",
      arguments: [account],
      summary: "List a service account's keys; api-keys rotates and revokes them",
      options: pageOptions,
      examples: [{ line: "onvera service-accounts list-keys sva_…" }],
      calls: ["listServiceAccountKeys"],
      load: async () => ({ run: (await action()).listKeys }),
    },
  ],
};
