/**
 * Brings a git repository's content into a deployment's data folder. The repository is the tenant's: git runs as the
 * deployment's uid, speaks https and ssh only, runs no hooks, follows no submodules, and asks nobody for a password.
 */
import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";
import { gitSettings, LARGEST_SOURCE_KILOBYTES } from "../../domain/git-source-rules.ts";
import type { Workload } from "../../domain/workload.ts";
import type { DeploymentFolders, Owner } from "./folders.ts";
import { allowedAddress } from "./outbound-address.ts";
import { RequestError } from "./request-error.ts";

const run = promisify(execFile);

const TIMEOUT_MILLISECONDS = 120_000;
export interface SourceRequest {
  source: NonNullable<Workload["gitSource"]>;
  folders: DeploymentFolders;
  owner: Owner;
  /** Only tests read repositories from this machine's disk, or from servers on its loopback that privateHosts names. */
  allowFiles: boolean;
  /** Hosts whose addresses may be private. */
  privateHosts: string[];
  signal?: AbortSignal;
}

/**
 * Fetches the branch's newest commit and switches `<data>/<into>` to it in one step.
 * @returns the commit
 * @throws RequestError 422 with git's own last line; what was there before stays
 */
export async function fetchSource(request: SourceRequest): Promise<string> {
  const { source, folders } = request;
  const connection = await connectionFor(request);
  const store = path.join(folders.data, ".sources");
  const checkout = path.join(store, `${Date.now().toString(36)}-${process.pid}`);
  try {
    await shell(request, 'mkdir -p -- "$1"', [checkout]);
    const git = (...args: string[]): Promise<string> => runGit(request, connection, args, checkout);
    await git("init", "--quiet");
    await git("fetch", "--quiet", "--depth=1", "--no-tags", "--no-recurse-submodules", "--", source.url, source.branch);
    await checkSize(request, checkout);
    await git("checkout", "--quiet", "--force", "FETCH_HEAD");
    await checkSize(request, checkout);
    const commit = (await git("rev-parse", "FETCH_HEAD")).trim();
    await switchTo(request, checkout, store);
    return commit;
  } catch (error) {
    await shell(request, 'rm -rf -- "$1"', [checkout]).catch(() => {});
    throw error;
  }
}

/** A link is replaced by renaming another over it: readers see the old content or the new, never a mixture. */
async function switchTo(request: SourceRequest, checkout: string, store: string): Promise<void> {
  const { source, folders } = request;
  const target = path.join(folders.data, source.into);
  const script = `
    set -e
    test -d "$1/$4" || { echo "The repository has no folder $4." >&2; exit 3; }
    rm -rf -- "$1/.git"
    mkdir -p -- "$(dirname -- "$2")"
    if test -e "$2" && ! test -L "$2"; then mv -- "$2" "$3/before-$$"; fi
    ln -s -- "$1" "$2.next"
    mv -T -- "$2.next" "$2" 2>/dev/null || mv -h -- "$2.next" "$2"
    for old in "$3"/*; do
      case "$old" in "$1"|"$3"/before-*) ;; *) rm -rf -- "$old" ;; esac
    done`;
  await shell(request, script, [checkout, target, store, source.subdirectory]);
}

/** How git is told to connect: by the protocols we allow, to the address that was checked. */
interface Connection {
  settings: string[];
  environment: Record<string, string>;
}

async function connectionFor({ source, allowFiles, privateHosts }: SourceRequest): Promise<Connection> {
  const ssh = "ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o ConnectTimeout=20";
  const environment = { GIT_ALLOW_PROTOCOL: allowFiles ? "https:ssh:file" : "https:ssh", GIT_SSH_COMMAND: ssh };
  if (allowFiles && source.url.startsWith("file://")) return { settings: [], environment };
  const { protocol, host, port } = addressOf(source.url);
  const isOwn = allowFiles && host === "localhost" && privateHosts.includes(host);
  const address = isOwn ? "127.0.0.1" : await allowedAddress(host, privateHosts);
  if (protocol === "https") {
    const pinned = address.includes(":") ? `[${address}]` : address;
    return { settings: ["-c", `http.curloptResolve=${host}:${port}:${pinned}`], environment };
  }
  const command = `${ssh} -o HostName=${address} -o HostKeyAlias=${host}`;
  return { settings: [], environment: { ...environment, GIT_SSH_COMMAND: command } };
}

/**
 * The parts of a git URL that decide where it leads; also of the short form `git@host:path`.
 * @throws RequestError 422 for any other protocol
 */
export function addressOf(url: string): { protocol: "https" | "ssh"; host: string; port: number } {
  const short = /^git@([A-Za-z0-9][A-Za-z0-9.-]*):/.exec(url);
  if (short?.[1] !== undefined) return { protocol: "ssh", host: short[1], port: 22 };
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const host = parsed?.hostname ?? "";
  // A host that begins with a dash would be an option of ssh.
  if (parsed !== undefined && /^[A-Za-z0-9[]/.test(host)) {
    if (parsed.protocol === "https:") return { protocol: "https", host, port: Number(parsed.port || 443) };
    if (parsed.protocol === "ssh:") return { protocol: "ssh", host, port: Number(parsed.port || 22) };
  }
  throw new RequestError(422, "SOURCE_REFUSED", "A git URL starts with https:// or ssh://.");
}

async function checkSize(request: SourceRequest, folder: string): Promise<void> {
  const kilobytes = Number((await shell(request, 'du -sk -- "$1" | cut -f1', [folder])).trim());
  if (kilobytes <= LARGEST_SOURCE_KILOBYTES) return;
  const megabytes = Math.round(kilobytes / 1024);
  const limit = LARGEST_SOURCE_KILOBYTES / 1024;
  throw new RequestError(422, "SOURCE_TOO_LARGE", `The repository has ${megabytes} MB; at most ${limit} MB are taken.`);
}

/** No single file may grow past the limit, so that a huge repository is stopped while it comes in. */
function runGit(request: SourceRequest, connection: Connection, args: string[], folder: string): Promise<string> {
  const limited = `umask 077; ulimit -f ${LARGEST_SOURCE_KILOBYTES * 2}; exec git "$@"`;
  const all = ["-c", limited, "onvera", ...gitSettings, ...connection.settings, ...args];
  return asDeployment(request, all, folder, connection.environment);
}

function shell(request: SourceRequest, script: string, args: string[]): Promise<string> {
  return asDeployment(request, ["-c", `umask 077; ${script}`, "onvera", ...args], request.folders.data, {});
}

async function asDeployment(
  request: SourceRequest,
  args: string[],
  folder: string,
  environment: Record<string, string>,
): Promise<string> {
  const { folders, owner, signal } = request;
  try {
    const { stdout } = await run("/bin/sh", args, {
      cwd: folder,
      timeout: TIMEOUT_MILLISECONDS,
      maxBuffer: 4 * 1024 * 1024,
      ...(signal === undefined ? {} : { signal }),
      ...(process.getuid?.() === 0 ? owner : {}),
      env: {
        PATH: "/usr/local/bin:/usr/bin:/bin",
        HOME: folders.data,
        LANG: "C.UTF-8",
        GIT_CONFIG_NOSYSTEM: "1",
        GIT_CONFIG_GLOBAL: "/dev/null",
        GIT_TERMINAL_PROMPT: "0",
        GIT_ASKPASS: "/bin/false",
        SSH_ASKPASS: "/bin/false",
        ...privateAuthority(),
        ...environment,
      },
    });
    return stdout;
  } catch (error) {
    throw new RequestError(422, "SOURCE_FAILED", `The git source could not be fetched: ${lastWords(error)}`, {
      cause: error,
    });
  }
}

/** A git server inside a company often has a certificate of the company's own authority. */
function privateAuthority(): Record<string, string> {
  const { GIT_SSL_CAINFO: file } = process.env;
  return file === undefined ? {} : { GIT_SSL_CAINFO: file };
}

function lastWords(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if ("killed" in error && error.killed === true) return `no end within ${TIMEOUT_MILLISECONDS / 1000} s`;
  const stderr = "stderr" in error && typeof error.stderr === "string" ? error.stderr.trim() : "";
  const lines = stderr.split("\n");
  const telling = lines.find((line) => /^(fatal|error):/.test(line)) ?? lines.at(-1) ?? "";
  return telling === "" ? error.message : telling;
}
