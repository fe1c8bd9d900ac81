/** An app's log by API and command line: narrowed by time, level, text and stream, past and live. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startTestServer, type TestServer } from "../support/http.ts";
import { type ScriptedRuntime, scriptedRuntime } from "../support/scripted-runtime.ts";
import { createCli } from "./cli-harness.ts";

let server: TestServer;
let runtime: ScriptedRuntime;
let key: string;
let id: string;

beforeAll(async () => {
  runtime = scriptedRuntime();
  server = await startTestServer({ runtime });
  ({ ownerKey: key } = await server.addOrganization());
  ({ id } = await server.deploy(key));
  for (const text of ["INFO begins", "WARNING full soon", "ERROR it broke", "  Traceback of it", "INFO goes on"])
    runtime.write(id, "web", text);
});
afterAll(() => server.close());

const texts = async (query: string): Promise<string[]> => {
  const { body, status } = await server.call("GET", `/api/v1/deployments/${id}/logs${query}`, { key });
  expect([query, status]).toEqual([query, 200]);
  return body.data.items.map(({ text }: { text: string }) => text);
};

describe("a deployment's log (issue 7.3)", () => {
  it("is narrowed by level, text, stream and time; the scripted lines are all of 2026-01-01T00:00:00Z", async () => {
    expect(await texts("?level=error")).toEqual(["ERROR it broke", "  Traceback of it"]);
    expect(await texts("?level=warning&tail=1")).toEqual(["  Traceback of it"]);
    expect(await texts("?contains=IT")).toEqual(["ERROR it broke", "  Traceback of it"]);
    expect(await texts("?stream=stderr")).toEqual([]);
    expect(await texts("?until=2026-01-01T00:00:00Z")).toEqual([]);
    expect(await texts("?since=2026-01-01T00:00:00Z")).toHaveLength(5);
    const wrong = await server.call("GET", `/api/v1/deployments/${id}/logs?level=loud`, { key });
    expect([wrong.status, wrong.body.error.code]).toEqual([400, "INVALID_REQUEST"]);
  });

  it("is narrowed by command line, past and live", async () => {
    const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
    const cli = createCli(`http://127.0.0.1:${port}`);
    const env = { ONVERA_API_KEY: key };
    try {
      const past = await cli.run(["logs", id, "--level", "error", "--grep", "broke", "--until", "1s"], { env });
      expect([past.code, past.out]).toEqual([0, expect.stringMatching(/^\S+ web\.0 {2}ERROR it broke\n$/)]);
      expect((await cli.run(["logs", id, "--since", "1h"], { env })).err).toContain("no log lines");
      expect((await cli.run(["logs", id, "--since", "yesterdayish"], { env })).code).toBe(2);
      const following = cli.run(["logs", id, "--follow", "--level", "error"], { env, interruptAt: "ERROR again" });
      while (runtime.followers() === 0) await new Promise((resolve) => setImmediate(resolve));
      runtime.write(id, "web", "INFO between");
      runtime.write(id, "web", "ERROR again");
      const live = await following;
      expect(live.code).toBe(0);
      expect(live.out).toContain("ERROR again");
      expect(live.out).not.toContain("INFO");
    } finally {
      cli.remove();
    }
  });
});
