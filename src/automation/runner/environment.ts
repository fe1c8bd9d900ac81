/** The environment of a CLI process: an allow-list, never a copy of the worker's (engine.md, "Secrets"). */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { preparePulumiHome, pulumiEnvironment } from "../toolchain/pulumi-environment.ts";

/** How the CLI reaches Pulumi's state: the control plane's database, as the login that owns schema `pulumi`. */
export interface StateBackend {
  host: string;
  port: number;
  database: string;
  user: string;
  password: string;
  sslMode: "disable" | "prefer" | "require" | "verify-ca" | "verify-full";
}

/** Ambient settings a corporate network may need; nothing else passes from the worker to the CLI. */
const passedOn = ["PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"] as const;

export interface CliEnvironmentOptions {
  scratch: string;
  backend: StateBackend;
  /** Undefined for reading jobs: their session has no generation, so the state refuses every write of theirs. */
  generation: number | undefined;
  /** Value of PULUMI_DEBUG_PROVIDERS; empty when the official plugins are used. */
  debugProviders: string;
  /** The plugins that setup installed, shared and read-only. */
  pluginFolder: string;
  /** Of the stack's cluster; none where it has none. */
  kubeconfig?: string | null;
}

/** Fills the operation's scratch folder and gives the environment that points into it. */
export async function cliEnvironment(options: CliEnvironmentOptions): Promise<Record<string, string>> {
  const { scratch, backend, kubeconfig = null } = options;
  const [home, temporary] = [join(scratch, "home"), join(scratch, "tmp")];
  const pulumiHome = join(home, ".pulumi");
  const passwordFile = join(scratch, "pgpass");
  const kubeconfigFile = join(scratch, "kubeconfig");
  await Promise.all([
    preparePulumiHome(pulumiHome, options.pluginFolder),
    mkdir(temporary, { recursive: true, mode: 0o700 }),
    writeFile(passwordFile, passwordLine(backend), { mode: 0o600 }),
    ...(kubeconfig === null ? [] : [writeFile(kubeconfigFile, kubeconfig, { mode: 0o600 })]),
  ]);
  return {
    ...inherited(),
    HOME: home,
    TMPDIR: temporary,
    ...pulumiEnvironment(pulumiHome),
    PULUMI_BACKEND_URL: backendUrl(backend, options.generation),
    PGPASSFILE: passwordFile,
    ...(kubeconfig === null ? {} : { KUBECONFIG: kubeconfigFile }),
    ...(options.debugProviders === "" ? {} : { PULUMI_DEBUG_PROVIDERS: options.debugProviders }),
  };
}

/** The URL carries no password: the CLI prints it in errors, and plugins inherit it. */
export function backendUrl(backend: StateBackend, generation: number | undefined): string {
  const parameters = new URLSearchParams({ sslmode: backend.sslMode, search_path: "pulumi" });
  if (generation !== undefined) parameters.set("onvera.generation", String(generation));
  const host = backend.host.includes(":") ? `[${backend.host}]` : backend.host;
  return `postgres://${encodeURIComponent(backend.user)}@${host}:${backend.port}/${encodeURIComponent(backend.database)}?${parameters}`;
}

function passwordLine({ host, port, database, user, password }: StateBackend): string {
  const field = (text: string) => text.replace(/[\\:]/g, "\\$&");
  return `${[host, String(port), database, user, password].map(field).join(":")}\n`;
}

function inherited(): Record<string, string> {
  return Object.fromEntries(passedOn.flatMap((name) => (process.env[name] ? [[name, process.env[name] ?? ""]] : [])));
}
