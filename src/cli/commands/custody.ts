/** The commands about what the installation must not lose: its keys. */
import type { CommandGroup } from "../command-spec.ts";

const verb = async (name: "runKeysList" | "runKeysRotate") =>
  (await import("../actions/control-plane-verb.ts")).verbCommand(name);

export const keyCommands: CommandGroup = {
  name: "keys",
  summary: "The master key of this installation (platform operator)",
  commands: [
    {
      name: "list",
      aliases: ["ls"],
      summary: "Show the master keys by name, and how much each of them guards",
      examples: [{ line: "onvera keys list" }, { line: "onvera keys list -o json" }],
      calls: [],
      load: () => verb("runKeysList"),
    },
    {
      name: "rotate",
      summary: "Make a new master key and seal every stored secret anew",
      description:
        "Operations, servers and workers go on meanwhile. Cut off, it goes on where it was when run again. With workers on other machines it first makes the key only: copy the key file to them, then run it with --copied.",
      options: [{ flags: "--copied", description: "the key file with the new key is on every other machine" }],
      examples: [
        { line: "onvera keys rotate" },
        { line: "onvera keys rotate --copied", note: "after the key file was copied to the other machines" },
      ],
      calls: [],
      load: () => verb("runKeysRotate"),
    },
  ],
};
