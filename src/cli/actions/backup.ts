/** `onvera backup`, `onvera restore`: the passphrase is asked for here, the work is the control plane's. */
import { readFileSync } from "node:fs";
import path from "node:path";
import { usageError } from "../errors.ts";
import type { Invocation } from "../invocation.ts";
import { readSecret } from "../prompt.ts";
import { runVerb } from "./control-plane-verb.ts";

const SHORTEST_PASSPHRASE = 12;

export async function backup(invocation: Invocation): Promise<number> {
  const passphrase = await readPassphrase(invocation, "Passphrase for the backup (it cannot be restored without)");
  if (passphrase.length < SHORTEST_PASSPHRASE) {
    throw usageError(
      `The passphrase has fewer than ${SHORTEST_PASSPHRASE} characters.`,
      "Everything in the backup hangs on it; 'openssl rand -base64 24' makes a good one.",
    );
  }
  if (invocation.io.canAsk && invocation.options.passphraseFile === undefined) {
    const again = await readSecret(invocation.io, "The same once more");
    if (again !== passphrase) throw usageError("The two are not the same. Nothing was made.");
  }
  return run(invocation, "runBackup", passphrase);
}

export async function restore(invocation: Invocation): Promise<number> {
  return run(invocation, "runRestore", await readPassphrase(invocation, "Passphrase of the backup"));
}

const run = (invocation: Invocation, verb: "runBackup" | "runRestore", passphrase: string): Promise<number> =>
  runVerb({ ...invocation, options: { ...invocation.options, passphrase } }, verb);

async function readPassphrase({ io, options }: Invocation, question: string): Promise<string> {
  const file = options.passphraseFile;
  if (typeof file !== "string" || file === "-")
    return readSecret({ ...io, canAsk: io.canAsk && file !== "-" }, question);
  try {
    return readFileSync(path.resolve(file), "utf8").trim();
  } catch (error) {
    throw usageError(
      `The passphrase cannot be read from ${file}: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}
