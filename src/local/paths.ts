/** Where Onvera keeps its things on this machine: one home (data worth keeping) and one cache (everything that can be made again). */
import { createHash } from "node:crypto";
import os from "node:os";
import path from "node:path";
import { SetupError } from "../domain/setup-error.ts";

export interface OnveraPaths {
  /** True when this process may use other uids. */
  isRoot: boolean;
  /** Data worth keeping. 0711 as root (the deployments' uids pass through), otherwise 0700. */
  home: string;
  /** What can be made again. 0755 as root (the deployments' uids read environments), otherwise 0700. */
  cache: string;
  /** Master key, passwords: 0700, files 0600. */
  secrets: string;
  /** Unix sockets and pid files; short enough for a socket address. */
  run: string;
  /** The control plane's own output. */
  logs: string;
  /** What the worker hands to the supervisor: `<deployment_id>/<revision>.json`. */
  revisions: string;
  /** The deployments' own folders, each owned by its uid. */
  deployments: string;
  /** Scratch folders of operations, one each. */
  operations: string;
  backups: string;
  nodeIdFile: string;
  postgres: {
    /** Ours; PostgreSQL's uid only passes through. */
    root: string;
    /** Owned by PostgreSQL's uid. */
    data: string;
    /** Owned by PostgreSQL's uid. */
    logs: string;
    /** Written by us at every start, outside the data so that the server cannot change it. */
    config: string;
    hostAccess: string;
    /** What the server said before its own log began. */
    startLog: string;
    /** Port and superuser, chosen once. */
    settings: string;
    lock: string;
    passwordFile: string;
    /** Folder of the unix socket `.s.PGSQL.<port>`. */
    socketFolder: string;
  };
  /** Verified executables: `pulumi/<version>/<key>/pulumi`. */
  toolchain: string;
  /** What V8 compiled of the runner. */
  runnerCode: string;
  /** PULUMI_HOME template with the shared, read-only `plugins`. */
  pulumiPlugins: string;
  /** Copies of the PostgreSQL binaries, one folder per version. */
  postgresBinaries: string;
  /** Virtual environments per app version, shared read-only. */
  venvs: string;
  /** Go's module and build caches, so that an interrupted build goes on where it stopped. */
  goCache: string;
  /** The Python installer's cache. */
  uvCache: string;
}

export interface PathOptions {
  environment: Readonly<Record<string, string | undefined>>;
  /** Effective uid; undefined where the system has none. */
  uid: number | undefined;
  /** The user's home folder, asked only when it is needed. @throws when the uid has none */
  homeFolder: () => string;
  temporaryFolder: string;
}

/** A socket address holds 108 bytes on Linux and 104 on macOS; this leaves room for the name of the socket file. */
const longestRunFolder = 76;

/**
 * Computes every folder; touches nothing.
 * @throws SetupError `home-unknown` when no home folder can be told
 */
export function resolvePaths(options: PathOptions = currentProcess()): OnveraPaths {
  const { environment, uid } = options;
  const isRoot = uid === 0;
  const home =
    named(environment, "ONVERA_HOME") ?? (isRoot ? "/var/lib/onvera" : xdg(options, "XDG_STATE_HOME", ".local/state"));
  const cache =
    named(environment, "ONVERA_CACHE") ?? (isRoot ? "/var/cache/onvera" : xdg(options, "XDG_CACHE_HOME", ".cache"));
  const run = runFolder(home, options);
  const postgres = path.join(home, "postgres");
  const secrets = path.join(home, "secrets");
  return {
    isRoot,
    home,
    cache,
    secrets,
    run,
    logs: path.join(home, "logs"),
    revisions: path.join(home, "revisions"),
    deployments: path.join(home, "deployments"),
    operations: path.join(home, "operations"),
    backups: path.join(home, "backups"),
    nodeIdFile: path.join(home, "node-id"),
    postgres: {
      root: postgres,
      data: path.join(postgres, "data"),
      logs: path.join(postgres, "logs"),
      config: path.join(postgres, "postgresql.conf"),
      hostAccess: path.join(postgres, "pg_hba.conf"),
      startLog: path.join(postgres, "start.log"),
      settings: path.join(postgres, "settings.json"),
      lock: path.join(postgres, "lock"),
      passwordFile: path.join(secrets, "postgres-superuser"),
      socketFolder: path.join(run, "postgres"),
    },
    toolchain: path.join(cache, "toolchain"),
    runnerCode: path.join(cache, "runner"),
    pulumiPlugins: path.join(cache, "pulumi-plugins"),
    postgresBinaries: path.join(cache, "postgresql"),
    venvs: path.join(cache, "venvs"),
    goCache: path.join(cache, "go"),
    uvCache: path.join(cache, "uv"),
  };
}

/** What `resolvePaths` asks about the running process. */
export function currentProcess(): PathOptions {
  return {
    environment: process.env,
    uid: process.geteuid?.(),
    homeFolder: os.homedir,
    temporaryFolder: os.tmpdir(),
  };
}

function named(environment: PathOptions["environment"], name: string): string | undefined {
  const value = environment[name];
  return value ? path.resolve(value) : undefined;
}

function xdg({ environment, homeFolder }: PathOptions, variable: string, fallback: string): string {
  const base = environment[variable];
  // The XDG specification has relative values ignored.
  if (base && path.isAbsolute(base)) return path.join(base, "onvera");
  let user: string;
  try {
    user = homeFolder();
  } catch (cause) {
    throw unknownHome("this uid has no entry in the password database and HOME is not set.", cause);
  }
  if (!path.isAbsolute(user)) throw unknownHome("HOME is empty or relative.");
  return path.join(user, fallback, "onvera");
}

function unknownHome(why: string, cause?: unknown): SetupError {
  return new SetupError("home-unknown", {
    what: "Onvera does not know where to keep its data",
    why,
    nextStep: "Set ONVERA_HOME and ONVERA_CACHE to folders of your own.",
    cause,
  });
}

/** Sockets live in the home unless its name is too long for a socket address; then in a short folder named after it. */
function runFolder(home: string, { environment, uid, temporaryFolder }: PathOptions): string {
  const ownRun = path.join(home, "run");
  if (Buffer.byteLength(ownRun) <= longestRunFolder) return ownRun;
  const key = createHash("sha256").update(home).digest("hex").slice(0, 12);
  const runtime = environment.XDG_RUNTIME_DIR;
  if (uid !== 0 && runtime && path.isAbsolute(runtime) && Buffer.byteLength(runtime) <= longestRunFolder - 24)
    return path.join(runtime, `onvera-${key}`);
  const short = path.join(temporaryFolder, `onvera-${uid ?? "user"}-${key}`);
  return Buffer.byteLength(short) <= longestRunFolder ? short : path.join("/tmp", `onvera-${uid ?? "user"}-${key}`);
}
