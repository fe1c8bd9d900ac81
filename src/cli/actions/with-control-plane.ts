/** A first deploy needs no configuration: where no service is configured, this machine's own is set up and started. */
import { createProgress } from "../../domain/progress.ts";
import { rememberLocal } from "../config/local-context.ts";
import type { LocalAccess } from "../control-plane/port.ts";
import type { Invocation } from "../invocation.ts";
import { createStepPrinter } from "../output/step-printer.ts";

/**
 * Gives an invocation whose API is there: unchanged where a service is configured, else bound to this machine's control plane.
 * @throws what setting it up throws, with the next step
 */
export async function withControlPlane(invocation: Invocation): Promise<Invocation> {
  const { settings, output } = invocation;
  const isConfigured = settings.apiUrlFrom !== "default" || settings.apiKey !== undefined;
  if (!settings.isLocal && isConfigured) return invocation;
  const { apiUrl, apiKey, started } = await startControlPlane(invocation);
  if (started) output.say(`The control plane runs at ${apiUrl} (onvera status, onvera stop).`);
  return {
    ...invocation,
    settings: { ...settings, apiUrl, apiKey, isLocal: true },
    api: () => invocation.apiWith({ url: apiUrl, credential: apiKey }),
  };
}

/** Starts it in the background, or joins the one that runs, and remembers where it is. */
export async function startControlPlane(invocation: Invocation): Promise<LocalAccess & { started: boolean }> {
  const { io, output, config } = invocation;
  const plane = await invocation.controlPlane();
  const printer = createStepPrinter({ write: io.err, isLive: io.errIsLive, columns: io.columns, now: io.now });
  const progress = createProgress(output.quiet ? () => undefined : printer.event);
  const access = await plane.ensureControlPlane({ progress }).finally(printer.end);
  if (!rememberLocal(config, access))
    output.warn(`${config.path} cannot be written: the next command looks for it again.`);
  return access;
}
