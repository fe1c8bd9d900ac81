/** A first deploy needs no configuration: where no service is configured, this machine's own is set up and started. */
import { createProgress } from "../../domain/progress.ts";
import { DEFAULT_CONTEXT } from "../config/settings.ts";
import type { Invocation } from "../invocation.ts";
import { createStepPrinter } from "../output/step-printer.ts";

/** The context a control plane of this machine is remembered as. */
export const LOCAL_CONTEXT = "local";

/**
 * Gives an invocation whose API is there: unchanged where a service is configured, else bound to this machine's control plane.
 * @throws what setting it up throws, with the next step
 */
export async function withControlPlane(invocation: Invocation): Promise<Invocation> {
  const { settings, io, output } = invocation;
  const isConfigured = settings.apiUrlFrom !== "default" || settings.apiKeyFrom === "environment";
  if (!settings.isLocal && (isConfigured || settings.apiKey !== undefined)) return invocation;
  const plane = await invocation.controlPlane();
  const printer = createStepPrinter({ write: io.err, isLive: io.errIsLive, columns: io.columns, now: io.now });
  const { apiUrl, apiKey, started } = await plane
    .ensureControlPlane({ progress: createProgress(output.quiet ? () => undefined : printer.event) })
    .finally(printer.end);
  if (started) output.say(`The control plane runs at ${apiUrl} (onvera status, onvera stop).`);
  remember(invocation, apiUrl, apiKey);
  return {
    ...invocation,
    settings: { ...settings, apiUrl, apiKey, isLocal: true },
    api: () => invocation.apiWith({ url: apiUrl, credential: apiKey }),
  };
}

function remember({ config, settings }: Invocation, apiUrl: string, apiKey: string): void {
  const file = config.read();
  const known = file.contexts[LOCAL_CONTEXT];
  const hasOther = file.current_context !== undefined && file.current_context !== LOCAL_CONTEXT;
  if (known?.api_url === apiUrl && known.api_key === apiKey && (hasOther || file.current_context !== undefined)) return;
  config.write({
    ...file,
    current_context: hasOther && settings.contextName !== DEFAULT_CONTEXT ? file.current_context : LOCAL_CONTEXT,
    contexts: { ...file.contexts, [LOCAL_CONTEXT]: { ...known, api_url: apiUrl, api_key: apiKey, local: true } },
  });
}
