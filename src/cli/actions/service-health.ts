/** `onvera ping`: whether the service answers, whether it is ready, its own figures, and the keys its tokens are signed with. */
import { exitCodes } from "../exit-codes.ts";
import { type Invocation, isSet } from "../invocation.ts";
import { fields } from "../output/table.ts";

/** Exit code 0 only when the service is ready. */
export async function run(invocation: Invocation): Promise<number> {
  const { output, settings } = invocation;
  const api = invocation.apiWith({});
  if (isSet(invocation, "keys")) {
    const keys = await api.call("getJwks");
    output.data(keys, {
      names: () => keys.keys.map(({ kid }) => String(kid)),
      table: () => `${JSON.stringify(keys, null, 2)}\n`,
    });
    return exitCodes.ok;
  }
  if (isSet(invocation, "metrics")) {
    const figures = await (await invocation.api().open("readMetrics")).text();
    invocation.io.out(figures);
    return exitCodes.ok;
  }
  const alive = await api.call("healthz");
  const ready = await api.call("readyz");
  output.data(
    { url: settings.apiUrl, alive, ready },
    {
      names: () => [ready.status],
      table: () =>
        fields([
          ["Service", settings.apiUrl],
          ["Alive", `${alive.status} (${alive.detail})`],
          ["Ready", `${ready.status} (${ready.detail})`],
        ]),
    },
  );
  return ready.status === "ok" ? exitCodes.ok : exitCodes.failed;
}
