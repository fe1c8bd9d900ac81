/** `onvera keys list`, `onvera keys rotate`: the master key, for whoever may read the installation's key file. */
import os from "node:os";
import type { SealingKey } from "../domain/envelope.ts";
import { type RunningStep, runStep } from "../domain/progress.ts";
import { SetupError } from "../domain/setup-error.ts";
import { rotateProviderKey } from "../server/sign-in/signing-keys.ts";
import { writeKeyFile } from "../store/crypto/key-file.ts";
import { type KeyUse, keyUse } from "../store/crypto/key-use.ts";
import { keyLine, newMasterKey } from "../store/crypto/master-key.ts";
import { keepMasterKey } from "../store/crypto/master-key-row.ts";
import { type RotationResult, rotateTo } from "../store/crypto/rotation.ts";
import { type Installation, openRunningInstallation } from "./installation.ts";
import { hostOperator } from "./operator.ts";
import { alone } from "./rotation-turn.ts";
import type { Verb } from "./verb.ts";

export const runKeysList: Verb = async (options, io) => {
  const installation = await openRunningInstallation();
  try {
    const { keyRing, store } = installation;
    const use = await store.asPlatform((db) => keyUse(db, keyRing.all()));
    if (options.output === "json") {
      io.out(`${JSON.stringify({ key_file: keyRing.file ?? null, ...use }, null, 2)}\n`);
      return 0;
    }
    for (const { id, state, data_keys: count } of use.keys) io.out(`${id}  ${state.padEnd(9)}data keys: ${count}\n`);
    io.out(`Stored in ${keyRing.file ?? "the environment (ONVERA_MASTER_KEY)"}\n`);
    if (use.rotation_unfinished) io.out("A rotation is unfinished: run 'onvera keys rotate'.\n");
    return 0;
  } finally {
    await installation.close();
  }
};

export const runKeysRotate: Verb = async (options, io) => {
  const installation = await openRunningInstallation();
  try {
    return await alone(installation.store, async () => {
      const before = await installation.store.asPlatform((db) => keyUse(db, installation.keyRing.all()));
      const [key, file] = await keyToRotateTo(installation, before);
      const elsewhere = await otherHosts(installation);
      if (elsewhere.length > 0 && options.copied !== true && before.in_use !== key.id) {
        throw new SetupError("keys-not-rotated", {
          what: `The new master key ${key.id} is ready, and nothing uses it yet`,
          why: `workers run on ${elsewhere.join(", ")}, which need it before anything is sealed with it.`,
          nextStep: `Copy ${file} to the same place there (mode 0600), then run 'onvera keys rotate --copied'.`,
        });
      }
      const step = { name: "rotate-keys", message: "Sealing every secret anew", estimateSeconds: 2 };
      const result = await runStep(io.progress, step, (running) => rotate(installation, key, running));
      const retired = installation.keyRing.all().filter(({ id }) => id !== key.id);
      await writeKeyFile(file, keyLine(key));
      tell(options.output === "json", io.out, { key, file, retired, result });
      return 0;
    });
  } finally {
    await installation.close();
  }
};

/** The key to go over to: one that an earlier run made and did not finish with, else a new one, on the disk before it is used. */
async function keyToRotateTo({ keyRing, store }: Installation, use: KeyUse): Promise<[SealingKey, string]> {
  const { file } = keyRing;
  if (file === undefined) {
    throw new SetupError("keys-not-rotated", {
      what: "The master key cannot be rotated here",
      why: "it comes from ONVERA_MASTER_KEY, which only you can change.",
      nextStep: "Put it into a file with mode 0600, name that in ONVERA_MASTER_KEY_FILE, restart, and run this again.",
    });
  }
  const [newest, ...older] = keyRing.all();
  if (newest !== undefined && older.length > 0) return [newest, file];
  if (newest !== undefined && use.rotation_unfinished) return [newest, file];
  // Written down first: a process that starts now would wrap with the newest key of its file, which other machines may lack.
  if (newest !== undefined) await store.asPlatform((db) => keepMasterKey(db, newest.id));
  const key = newMasterKey();
  await writeKeyFile(file, [key, ...keyRing.all()].map(keyLine).join(""));
  await keyRing.byId(key.id);
  return [key, file];
}

/** Machines with a worker that lives, other than this one: each reads a key file of its own. */
async function otherHosts({ store }: Installation): Promise<string[]> {
  const rows = await store.asPlatform((db) =>
    db
      .selectFrom("workers")
      .select("host")
      .distinct()
      .where("stopped_at", "is", null)
      .where("host", "<>", os.hostname())
      .where("heartbeat_at", ">", new Date(Date.now() - 5 * 60_000))
      .execute(),
  );
  return rows.map(({ host }) => host).sort();
}

async function rotate(
  { store, dataKeys }: Installation,
  key: SealingKey,
  running: RunningStep,
): Promise<RotationResult> {
  const onStep = ({ message }: { message: string }) => running.update(message);
  const result = await rotateTo({ store, dataKeys, actor: hostOperator(), onStep }, key.id);
  await store.asPlatform((db) => rotateProviderKey(db, dataKeys));
  return result;
}

interface Told {
  key: SealingKey;
  file: string;
  retired: readonly SealingKey[];
  result: RotationResult;
}

function tell(asJson: boolean, out: (text: string) => void, { key, file, retired, result }: Told): void {
  const gone = retired.map(({ id }) => id);
  if (asJson) {
    const facts = { key: key.id, retired: gone, data_keys: result.dataKeys, values: result.values, key_file: file };
    out(`${JSON.stringify(facts, null, 2)}\n`);
    return;
  }
  out(`${key.id} is the master key now. Data keys made: ${result.dataKeys}; values sealed anew: ${result.values}.\n`);
  out(`${gone.join(", ")} opens nothing of this installation any more. Copy ${file} to where you keep its copy.\n`);
}
