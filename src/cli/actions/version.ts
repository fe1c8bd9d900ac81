/** `onvera version`: of the CLI, and of the service where it answers. */
import type { Invocation } from "../invocation.ts";
import { version } from "../version.ts";

/** A service that does not answer is no error here. */
export async function run(invocation: Invocation): Promise<undefined> {
  const { settings, output } = invocation;
  const isConfigured = settings.apiKey !== undefined || settings.apiUrlFrom !== "default";
  const server = isConfigured
    ? await invocation
        .apiWith({})
        .call("getVersion", { timeoutMilliseconds: 2000 })
        .catch(() => undefined)
    : undefined;
  output.data(
    { cli: version, service: server ?? null },
    {
      names: () => [version],
      table: () =>
        `onvera ${version}\n${server === undefined ? "" : `service ${server.version} (API ${server.api}) at ${settings.apiUrl}\n`}`,
    },
  );
  return undefined;
}
