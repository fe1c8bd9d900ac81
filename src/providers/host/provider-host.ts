/**
 * Serves our provider packages to Pulumi CLIs on this machine (docs/adr/0004-providers.md). It lives beside the runners,
 * not inside them, so that a killed runner lets running creates finish.
 */

import { setTimeout as sleep } from "node:timers/promises";
import type { StackAccess } from "../../domain/stack-access.ts";
import type { ProviderHooks, Run } from "./hooks.ts";
import { type PackageServer, startPackageServer } from "./package-server.ts";
import type { ProviderPackage } from "./provider-package.ts";
import { createProviderService } from "./provider-service.ts";
import { createResourceCalls } from "./resource-calls.ts";
import { type RegisteredRun, RunRegistry } from "./run-registry.ts";
import { createSideEffects, runFor } from "./side-effects.ts";

export interface ProviderHostOptions {
  hooks: ProviderHooks;
  packages: readonly ProviderPackage[];
  /** Uids besides root and our own whose processes may connect. */
  allowedUids?: readonly number[];
  /** Told of each connection turned away because another uid made it. */
  onRefused?(uid: number): void;
}

export interface ProviderHost {
  /** Package name to TCP port on 127.0.0.1. */
  ports: Record<string, number>;
  /** Value of PULUMI_DEBUG_PROVIDERS for a CLI that is to use this host. */
  debugProviders: string;
  /** The same, after being told how a stack's cluster is reached; for whoever may have a host in a process of its own. */
  attach(stack: { stackName: string; access: StackAccess }): Promise<{ debugProviders: string }>;
  /** Before the CLI starts. `end()` after it is gone: resolves when nothing of the run is under way. */
  registerRun(run: Run): RegisteredRun;
  /**
   * Begins nothing more, lets what is under way finish and its callers leave, then closes.
   * @param limitMilliseconds for callers that do not leave
   */
  drain(limitMilliseconds: number): Promise<void>;
  /** Lets what is under way finish, then closes every connection. */
  stop(): Promise<void>;
}

/** Starts one gRPC server per package. */
export async function startProviderHost(options: ProviderHostOptions): Promise<ProviderHost> {
  const runs = new RunRegistry();
  const sideEffects = createSideEffects(runs, options.hooks);
  const allowedUids = new Set([0, process.getuid?.() ?? 0, ...(options.allowedUids ?? [])]);
  const servers = new Map<string, PackageServer>();
  const told = new Map<string, StackAccess>();
  for (const provider of options.packages) {
    const calls = createResourceCalls(provider, sideEffects, (stackName) => told.get(stackName));
    const server = await startPackageServer({
      allowedUids,
      ...(options.onRefused && { onRefused: options.onRefused }),
      service: (connectionOf) =>
        createProviderService({
          provider,
          calls,
          connectionOf,
          bind: (connection, urn) => void runFor(connection, urn, runs),
        }),
    });
    servers.set(provider.name, server);
  }
  const stopServers = () => Promise.all([...servers.values()].map((server) => server.stop()));
  const ports = Object.fromEntries([...servers].map(([name, { port }]) => [name, port]));

  const debugProviders = Object.entries(ports)
    .map(([name, port]) => `${name}:${port}`)
    .join(",");

  return {
    ports,
    debugProviders,
    attach: async ({ stackName, access }) => {
      told.set(stackName, access);
      return { debugProviders };
    },
    registerRun: (run) => runs.register(run),
    drain: async (limitMilliseconds) => {
      runs.close();
      await runs.idle();
      const limit = new AbortController();
      const late = sleep(limitMilliseconds, undefined, { signal: limit.signal }).catch(() => undefined);
      await Promise.race([Promise.all([...servers.values()].map((server) => server.left())), late]);
      limit.abort();
      await stopServers();
    },
    stop: async () => {
      await runs.idle();
      await stopServers();
    },
  };
}
