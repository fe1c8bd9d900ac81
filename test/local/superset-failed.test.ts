import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { commandLine, expectNothingOf } from "../support/command-line.ts";
import { type Installation, makeInstallation } from "../support/installation.ts";
import { accessTo } from "../support/installation-access.ts";

/** A Superset whose settings do not let it start, deployed over the API of a control plane that was started by itself. */
describe("a Superset that cannot be deployed", () => {
  let installation: Installation;
  const { onvera, data } = commandLine(() => installation);

  beforeAll(async () => {
    installation = makeInstallation();
    await onvera("start", "--background");
  });
  afterAll(() => installation?.remove());

  it("is one deployment for one Idempotency-Key; failed, it can only be destroyed, by the documented lines (ON-39, ON-46, TN-11)", async () => {
    const access = accessTo(installation);
    const body = {
      app_type: "superset",
      name: "Twice",
      version: "6.0.0",
      superset: { config: { CACHE_CONFIG: { CACHE_TYPE: "NoSuchCache" } } },
    };
    const headers = { "idempotency-key": "twice-1" };
    const [one, two] = [
      await access.call("POST", "deployments", { body, headers }),
      await access.call("POST", "deployments", { body, headers }),
    ];
    expect(one.status).toBe(202);
    expect(two.body.data).toEqual(one.body.data);
    expect((await data("list")).items).toHaveLength(1);
    const { deployment_id: failing, operation_id: operation } = one.body.data;
    expect((await installation.onvera(["ops", "wait", operation])).code).toBe(1);
    expect((await access.call("GET", `operations/${operation}`)).body.data.error.last_log_lines.join("\n")).toContain(
      "NoSuchCache",
    );
    expect(await data("get", failing)).toMatchObject({ status: "failed", url: null });
    expect((await installation.onvera(["restart", failing])).code).not.toBe(0);

    const { stdout } = await onvera("destroy", failing, "--force");
    const lines = stdout
      .trim()
      .split("\n")
      .map((line) => line.replace(/\(.+ elapsed\)/, "(…)"))
      .filter((line) => !line.startsWith("Status: queued"));
    const documented = [
      "Status: revoking_access - Revoking user access (…)",
      "Status: removing_db_tenant - Removing database tenant (…)",
      "Status: tearing_down_infra - Tearing down infrastructure (…)",
    ];
    const destroy = /^Operation ID: (op_\S+)$/m.exec(stdout)?.[1] ?? "";
    const { items } = await data("ops", "events", destroy);
    const phases = items.filter(({ type }: { type: string }) => type === "phase");
    const recorded = phases.map((event: { data: { phase: string } }) => event.data.phase);
    expect(recorded).toEqual(["revoking_access", "removing_db_tenant", "tearing_down_infra"]);
    expect(lines).toEqual([
      `Destroying deployment ${failing}...`,
      `Operation ID: ${destroy}`,
      "Polling for completion...",
      "Press Ctrl+C to stop polling (destruction will continue)",
      // The command line polls: a phase that is over before the next look is in the record and not on the screen.
      ...documented.filter((line) => lines.includes(line)),
      "Status: succeeded - Destruction complete (…)",
      "",
      "Destruction succeeded!",
    ]);
    await expectNothingOf(failing, installation, access);
  });

  it("whose web process ends again and again fails with its name and last words, not at a deadline (NH-09, issue: PROCESS_CRASHES)", async () => {
    const access = accessTo(installation);
    const body = { app_type: "superset", environment_variables: { GUNICORN_PID: "no-number" } };
    const accepted = await access.call("POST", "deployments", { body });
    const { deployment_id: crashing, operation_id: operation } = accepted.body.data;
    expect((await installation.onvera(["ops", "wait", operation])).code).toBe(1);
    const { error } = (await access.call("GET", `operations/${operation}`)).body.data;
    expect(error).toMatchObject({ code: "PROCESS_CRASHES", owner: "customer", retryable: false });
    expect(error.message).toContain("'web'");
    expect(error.last_log_lines.join("\n")).toContain("no-number");
    await onvera("destroy", crashing, "--force");
    await expectNothingOf(crashing, installation, access);
  });
});
