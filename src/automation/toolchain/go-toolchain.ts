/** The Go compiler of this machine, and the environment it builds in: the user's network settings, our caches. */
import { access, constants, mkdir } from "node:fs/promises";
import path from "node:path";
import { SetupError } from "../../domain/setup-error.ts";
import { runProgram } from "./program-output.ts";

export interface GoToolchain {
  go: string;
  /** `go1.26.8` */
  version: string;
  environment: Readonly<Record<string, string>>;
}

/** How modules are fetched is the user's business; how the program is built is ours (its result must not vary). */
const passedOn = [
  "PATH",
  "HOME",
  "LANG",
  "LC_ALL",
  "GOENV",
  "GOPROXY",
  "GONOPROXY",
  "GOPRIVATE",
  "GOSUMDB",
  "GONOSUMDB",
  "GOINSECURE",
  "GOAUTH",
  "GOVCS",
  "GOTOOLCHAIN",
  "NETRC",
  "HTTP_PROXY",
  "HTTPS_PROXY",
  "NO_PROXY",
  "http_proxy",
  "https_proxy",
  "no_proxy",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
] as const;

/** Go's own installer puts it here and leaves PATH to the user. */
const usualFolder = "/usr/local/go/bin";

export interface GoSearch {
  /** The folder of Go's caches: an interrupted build finds there what it had finished. */
  cache: string;
  /** Where the go.mod is that says which Go is needed. */
  moduleFolder: string;
  /** True keeps Go from the network; what is in the module cache is enough then, or the build fails. */
  offline?: boolean;
  /** A folder to look into after those of PATH. */
  searchAlso?: string;
  /** What it is wanted for, at the beginning of a sentence. */
  program?: string;
}

/**
 * Finds Go and asks for its version.
 * @throws SetupError `go-missing`, `go-too-old`
 */
export async function findGo(
  { cache, moduleFolder, offline = false, searchAlso = usualFolder, program = "The Pulumi CLI" }: GoSearch,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<GoToolchain> {
  const go = await findProgram("go", `${environment.PATH ?? ""}:${searchAlso}`);
  if (!go) throw goMissing(program);
  const built = goEnvironment(cache, environment, offline);
  await mkdir(path.join(cache, "tmp"), { recursive: true });
  const { exitCode, stdout, stderr } = await runProgram(go, {
    argv: ["env", "GOVERSION"],
    environment: built,
    cwd: moduleFolder,
  });
  const version = stdout[0]?.trim() ?? "";
  if (exitCode !== 0 || !version.startsWith("go")) throw goUnusable(program, go, stderr.join(" "));
  return { go, version, environment: built };
}

/** The environment of every Go command of ours. */
export function goEnvironment(
  cache: string,
  environment: Readonly<Record<string, string | undefined>>,
  offline: boolean,
): Record<string, string> {
  const kept = passedOn.flatMap((name) => (environment[name] ? [[name, environment[name]]] : []));
  return {
    ...Object.fromEntries(kept),
    GOPATH: cache,
    GOCACHE: path.join(cache, "build"),
    GOMODCACHE: path.join(cache, "mod"),
    GOTMPDIR: path.join(cache, "tmp"),
    // An empty value would let the user's own flags in again.
    GOFLAGS: "-mod=readonly",
    GOWORK: "off",
    CGO_ENABLED: "0",
    ...(offline ? { GOPROXY: "off", GOTOOLCHAIN: "local" } : {}),
  };
}

/** The first executable file of that name in a PATH. */
export async function findProgram(name: string, searchPath: string): Promise<string | undefined> {
  for (const folder of searchPath.split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, name);
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (isThere) return file;
  }
  return undefined;
}

function goMissing(program: string): SetupError {
  return new SetupError("go-missing", {
    what: `${program} cannot be built`,
    why: "there is no Go compiler on PATH or in /usr/local/go.",
    nextStep:
      "Install Go 1.25 or newer (https://go.dev/dl), or put a Pulumi CLI of the needed version on PATH, then run the command again.",
  });
}

function goUnusable(program: string, go: string, said: string): SetupError {
  return new SetupError("go-too-old", {
    what: `${program} cannot be built`,
    why: `${go} says: ${said.trim() || "nothing"}.`,
    nextStep: "Install Go 1.25 or newer (https://go.dev/dl), then run the command again.",
  });
}
