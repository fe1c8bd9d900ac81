/**
 * The provider process: serves our packages beside the runners of one worker. It is tied to the worker by a pipe only;
 * when that closes, the calls under way go on to their end, nothing new begins, and the process ends itself.
 */
import { processIdentity } from "../../local/process-identity.ts";
import type { ProviderHooks, Run } from "../host/hooks.ts";
import { type ProviderHost, startProviderHost } from "../host/provider-host.ts";
import type { ProviderPackage } from "../host/provider-package.ts";
import { type ProviderMessage, ProviderRequest } from "./messages.ts";

export interface ProviderParts {
  packages: readonly ProviderPackage[];
  hooks: ProviderHooks;
  /** Says to whoever takes the stack over that something of this run may be under way, until released. */
  holdRun(run: Run): Promise<{ release(): Promise<void> }>;
}

/** After its worker died a CLI saves its running steps and ends; one that hangs does not keep this process. */
const LAST_CALLS_MILLISECONDS = 60_000;

/**
 * Serves until the worker says stop or is gone, then ends the process.
 * @param open puts the parts together from the worker's configuration
 */
export function serveProviderProcess(open: (config: unknown) => Promise<ProviderParts>): void {
  const runs = new Map<number, { end(): Promise<void> }>();
  let parts: ProviderParts | undefined;
  let host: ProviderHost | undefined;
  // The worker decides when this process ends: a Ctrl+C in its terminal must not end running creates.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => undefined);

  const start = async (config: unknown) => {
    parts = await open(config);
    host = await startProviderHost({
      packages: parts.packages,
      hooks: parts.hooks,
      onRefused: (uid) => send({ kind: "refused", uid }),
    });
    const startTime = (await processIdentity(process.pid)) ?? "unknown";
    send({ kind: "ready", debugProviders: host.debugProviders, startTime });
  };
  const register = async (number: number, run: Run) => {
    if (parts === undefined || host === undefined) throw new Error("The provider process was not started.");
    const hold = await parts.holdRun(run);
    const registered = host.registerRun(run);
    runs.set(number, { end: () => registered.end().then(() => hold.release()) });
    send({ kind: "registered", number });
  };
  const end = async (number: number) => {
    await runs.get(number)?.end();
    runs.delete(number);
    send({ kind: "ended", number });
  };
  const leave = async () => {
    await host?.drain(LAST_CALLS_MILLISECONDS);
    process.exit(0);
  };
  process.on("disconnect", () => void leave());
  process.on("message", (raw) => {
    const request = ProviderRequest.parse(raw);
    switch (request.kind) {
      case "start":
        start(request.config).catch(fatal);
        return;
      case "attach":
        void host?.attach(request);
        return;
      case "register":
        register(request.number, request.run).catch((error: unknown) =>
          send({ kind: "registered", number: request.number, error: messageOf(error) }),
        );
        return;
      case "end":
        void end(request.number);
        return;
      case "stop":
        void (host?.stop() ?? Promise.resolve()).finally(() => process.exit(0));
        return;
    }
  });
}

function send(message: ProviderMessage): void {
  if (process.connected) process.send?.(message, undefined, {}, () => undefined);
}

function fatal(error: unknown): void {
  process.stderr.write(`The provider process cannot start: ${messageOf(error)}\n`);
  process.exit(1);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
