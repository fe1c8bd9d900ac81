/** Which uid PostgreSQL runs as. It refuses root, so as root a uid of its own is found or made. */
import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { SetupError } from "../../domain/setup-error.ts";

const run = promisify(execFile);

export interface ServerUser {
  uid: number;
  gid: number;
  /** True when it is another uid than this process's own. */
  isOther: boolean;
}

/** Looked for in this order; the last one is made when none is there. */
const userNames = ["postgres", "onvera"] as const;

/**
 * @param dataFolder an existing cluster keeps its owner, whatever users have appeared since
 * @throws SetupError `user-missing`, or `folder-unusable` when the cluster belongs to a uid that cannot be used
 */
export async function serverUser(dataFolder: string): Promise<ServerUser> {
  const own = { uid: process.geteuid?.() ?? -1, gid: process.getegid?.() ?? -1 };
  const owner = await ownerOf(dataFolder);
  if (own.uid !== 0) {
    if (owner && owner.uid !== own.uid)
      throw wrongOwner(
        dataFolder,
        `it belongs to uid ${owner.uid}, and this process runs as uid ${own.uid}`,
        String(own.uid),
      );
    return { ...own, isOther: false };
  }
  if (owner?.uid === 0)
    throw wrongOwner(dataFolder, "it belongs to root, and PostgreSQL refuses to run as root", userNames[0]);
  return { ...(owner ?? (await findOrCreate())), isOther: true };
}

/** The ids of a user in the text of a password file; undefined when it is not listed. */
export function parsePasswd(text: string, name: string): { uid: number; gid: number } | undefined {
  for (const line of text.split("\n")) {
    const [user, , uid, gid] = line.split(":");
    if (user === name && uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  return undefined;
}

/**
 * Checks that `user` can reach a folder through all folders above it.
 * @throws SetupError `folder-unusable` naming the folder that is closed
 */
export async function assertReachable(folder: string, user: ServerUser): Promise<void> {
  if (!user.isOther) return;
  for (let at = folder; ; at = path.dirname(at)) {
    const { mode, uid, gid } = await stat(at);
    const needed = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    if ((mode & needed) === 0)
      throw new SetupError("folder-unusable", {
        what: `PostgreSQL cannot reach ${folder}`,
        why: `it runs as uid ${user.uid}, and ${at} is closed to that uid.`,
        nextStep: `Choose a folder outside of it with ONVERA_HOME and ONVERA_CACHE, or open it with: chmod o+x ${at}`,
      });
    if (at === path.dirname(at)) return;
  }
}

async function ownerOf(folder: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const { uid, gid } = await stat(folder);
    return { uid, gid };
  } catch {
    return undefined;
  }
}

async function findOrCreate(): Promise<{ uid: number; gid: number }> {
  const text = await readFile("/etc/passwd", "utf8").catch(() => "");
  for (const name of userNames) {
    const found = parsePasswd(text, name) ?? (await askDirectory(name));
    if (found && found.uid !== 0) return found;
  }
  return create("onvera");
}

/** Users may also come from a directory service, which only getent asks. */
async function askDirectory(name: string): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const { stdout } = await run("getent", ["passwd", name]);
    return parsePasswd(stdout, name);
  } catch {
    return undefined;
  }
}

async function create(name: string): Promise<{ uid: number; gid: number }> {
  try {
    await run("useradd", [
      "--system",
      "--user-group",
      "--no-create-home",
      "--home-dir",
      "/nonexistent",
      "--shell",
      "/usr/sbin/nologin",
      name,
    ]);
  } catch (cause) {
    throw missingUser(name, cause);
  }
  const made = parsePasswd(await readFile("/etc/passwd", "utf8"), name);
  if (!made) throw missingUser(name);
  return made;
}

function missingUser(name: string, cause?: unknown): SetupError {
  return new SetupError("user-missing", {
    what: "PostgreSQL has no user to run as",
    why: `it refuses to run as root, there is neither a user postgres nor a user ${name}, and useradd could not make one.`,
    nextStep: `Make a system user named ${name}, or run Onvera as an ordinary user.`,
    cause,
  });
}

function wrongOwner(folder: string, why: string, owner: string): SetupError {
  return new SetupError("folder-unusable", {
    what: `The database folder ${folder} cannot be used`,
    why: `${why}.`,
    nextStep: `Run Onvera as its owner, or hand it over as root with: chown -R ${owner} ${folder}`,
  });
}
