/** The commands about what the installation must not lose: its keys, and everything else in a backup. */
import type { CommandGroup, CommandSpec } from "../command-spec.ts";

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

const passphraseOption = {
  flags: "--passphrase-file <file>",
  description: "read the passphrase from this file, '-' for standard input; without it, asked for",
};

export const backupCommand: CommandSpec = {
  name: "backup",
  summary: "Copy the whole installation into one encrypted file while it runs",
  description:
    "Database, keys, certificates, settings and the deployments' folders, as of one moment. The database goes in last. With DATABASE_URL your own server is not in it: copy all of it as of one moment with its own tools (snapshot, pg_basebackup), after this.",
  options: [
    { flags: "--to <file>", description: "the file to make (default: one named by the time, in <home>/backups)" },
    passphraseOption,
  ],
  examples: [
    { line: "onvera backup" },
    { line: "onvera backup --to /mnt/backups/onvera.backup --passphrase-file /etc/onvera/backup-passphrase" },
  ],
  calls: [],
  load: async () => ({ run: (await import("../actions/backup.ts")).backup }),
};

export const restoreCommand: CommandSpec = {
  name: "restore",
  arguments: [{ syntax: "<file>", description: "what 'onvera backup' made" }],
  summary: "Bring an installation back from a backup, here or on another machine",
  description:
    "Nothing is put in place before every byte was checked. The first 'onvera start' then ends what was under way elsewhere and brings every deployment up. Where the database was a server of your own, bring that back first, under the same name, and start with DATABASE_URL set to it.",
  options: [
    { flags: "--home <folder>", description: "where it is to be (default: ONVERA_HOME); must not hold anything yet" },
    { flags: "--port <n>", description: "port of the API (default: the one it had, or the next that is free)" },
    passphraseOption,
  ],
  examples: [
    { line: "onvera restore onvera.backup" },
    { line: "onvera restore onvera.backup --home /srv/onvera --port 8600 --passphrase-file passphrase" },
  ],
  calls: [],
  load: async () => ({ run: (await import("../actions/backup.ts")).restore }),
};
