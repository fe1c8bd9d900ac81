/** The commands about the organization's own identity provider. */
import { projectRoles } from "../../domain/membership.ts";
import type { CommandGroup } from "../command-spec.ts";

const action = () => import("../actions/sso.ts");

export const ssoCommands: CommandGroup = {
  name: "sso",
  summary: "Signing in by the organization's own identity provider",
  commands: [
    {
      name: "set",
      summary: "Set the identity provider; it is asked first, and the settings before are replaced",
      description:
        "The client secret is asked for; without a terminal it is what stands on standard input. An empty one keeps the secret that is stored.",
      options: [
        { flags: "--issuer <url>", description: "the provider's issuer, https" },
        { flags: "--client-id <id>", description: "as the provider knows this installation" },
        { flags: "--no-secret", description: "the client has no secret" },
        { flags: "--group-claim <claim>", description: "the claim that holds groups (default: groups)" },
        {
          flags: "--group <group=role>",
          description: "the role of a group; may be given several times",
          repeatable: true,
        },
        {
          flags: "--default-role <role>",
          description: "of who is in none of the groups (default: none)",
          choices: projectRoles,
        },
        {
          flags: "--ask-scope <scope>",
          description: "also ask the provider for this; may be given several times",
          repeatable: true,
        },
        { flags: "--members-only", description: "who comes for the first time does not become a member" },
        { flags: "--sso-only", description: "members sign in here by the provider only" },
      ],
      examples: [
        { line: "onvera sso set --issuer https://login.acme.example --client-id onvera --group data=developer" },
        {
          line: "onvera sso set --issuer https://login.acme.example --client-id onvera --default-role viewer --sso-only",
        },
      ],
      calls: ["putSso"],
      load: async () => ({ run: (await action()).set }),
    },
    {
      name: "show",
      summary: "Show the identity provider, without its secret",
      examples: [{ line: "onvera sso show" }],
      calls: ["getSso"],
      load: async () => ({ run: (await action()).get }),
    },
    {
      name: "test",
      summary: "Ask the identity provider whether all that a sign-in needs is there",
      examples: [{ line: "onvera sso test" }],
      calls: ["testSso"],
      load: async () => ({ run: (await action()).test }),
    },
    {
      name: "remove",
      summary: "Remove the identity provider; members sign in with passwords again",
      options: [{ flags: "-y, --yes", description: "do not ask" }],
      examples: [{ line: "onvera sso remove --yes" }],
      calls: ["deleteSso"],
      load: async () => ({ run: (await action()).remove }),
    },
  ],
};
