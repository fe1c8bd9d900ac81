/** The peer of P1, P3 and P9: the Pulumi CLI by itself, `--client` to a language host that is up already. */
import { spawn } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cliEnvironment } from "../src/automation/runner/environment.ts";
import { serveLanguageHost } from "../src/automation/runner/language-host.ts";
import { serveTransit } from "../src/automation/runner/transit.ts";
import { PROJECT_NAME } from "../src/domain/names.ts";
import { programFor } from "../src/stacks/program-for.ts";
import type { BenchPlane, PeerStack } from "./bench-plane.ts";

export interface BareCli {
  /** Milliseconds of `stack init` and `up`. */
  first(): Promise<number>;
  /** Milliseconds of one `up`. */
  up(onProcess?: (pid: number) => void): Promise<number>;
  close(): Promise<void>;
}

/** `passphrase` is the CLI's own way; `served` gives it our key endpoint, so that only the rest is compared. */
export type Keys = "passphrase" | "served";

/** Prepares the CLI for one stack; nothing is timed yet. */
export async function bareCli({ plane }: Pick<BenchPlane, "plane">, stack: PeerStack, keys: Keys): Promise<BareCli> {
  const scratch = join(plane.folder, `peer-${stack.name}`);
  await mkdir(scratch, { recursive: true });
  const transit = keys === "served" ? await serveTransit(stack.name, Buffer.alloc(32, 7)) : undefined;
  // Go's settings are part of what we do; the CLI by itself runs with its defaults.
  const {
    GOGC: _garbage,
    GOMEMLIMIT: _limit,
    ...inherited
  } = await cliEnvironment({
    scratch,
    backend: plane.backend,
    generation: 1,
    debugProviders: plane.providers.debugProviders,
    pluginFolder: join(plane.folder, "plugins"),
  });
  const env = {
    ...inherited,
    ...(transit === undefined
      ? { PULUMI_CONFIG_PASSPHRASE: "bench" }
      : { VAULT_SERVER_URL: transit.url, VAULT_SERVER_TOKEN: transit.token }),
  };
  await writeFile(join(scratch, "Pulumi.yaml"), `name: ${PROJECT_NAME}\nruntime: nodejs\n`);
  const host = await serveLanguageHost(await programFor(stack.program, { testApps: true }));

  const run = (args: string[], onProcess?: (pid: number) => void) =>
    new Promise<void>((resolve, reject) => {
      const child = spawn(plane.pulumiBinary, [...args, "--stack", stack.name, "--non-interactive"], {
        cwd: scratch,
        env,
        stdio: ["ignore", "pipe", "pipe"],
      });
      let output = "";
      child.stdout.on("data", (chunk) => {
        output += chunk;
      });
      child.stderr.on("data", (chunk) => {
        output += chunk;
      });
      if (child.pid !== undefined) onProcess?.(child.pid);
      child.once("error", reject);
      child.once("close", (code) => (code === 0 ? resolve() : reject(new Error(`pulumi ${args[0]}: ${output}`))));
    });
  const upArguments = ["up", "--yes", "--skip-preview", "--parallel", "8", `--client=${host.address}`];
  const timed = async (work: () => Promise<void>) => {
    const start = performance.now();
    await work();
    return performance.now() - start;
  };
  const provider = transit === undefined ? "passphrase" : `hashivault://${stack.name}`;
  return {
    first: () =>
      timed(async () => {
        await run(["stack", "init", "--secrets-provider", provider]);
        await run(upArguments);
      }),
    up: (onProcess) => timed(() => run(upArguments, onProcess)),
    async close() {
      host.close();
      await transit?.close();
      await stack.end();
    },
  };
}
