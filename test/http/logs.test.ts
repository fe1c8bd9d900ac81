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

  it("is taken whole as a text file, narrowed likewise, by API and command line", async () => {
    const { port } = await server.listen({ host: "127.0.0.1", port: 0 });
    const file = async (query: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}/api/v1/deployments/${id}/logs/file${query}`, {
        headers: { "X-API-Key": key },
      });
      return { status: answer.status, headers: answer.headers, text: await answer.text() };
    };
    const whole = await file("");
    expect([whole.status, whole.headers.get("content-type")]).toEqual([200, "text/plain; charset=utf-8"]);
    expect(whole.headers.get("content-disposition")).toMatch(/^attachment; filename="[a-z0-9-]+\.log"$/);
    expect(whole.text.split("\n")).toHaveLength(6);
    expect(whole.text).toMatch(/^2026-01-01T00:00:00Z web\.0 {2}INFO begins\n/);
    expect((await file("?contains=broke")).text).toBe("2026-01-01T00:00:00Z web.0  ERROR it broke\n");
    const records = (await file("?format=jsonl&level=error")).text.trimEnd().split("\n");
    expect(records.map((record) => JSON.parse(record).text)).toEqual(["ERROR it broke", "  Traceback of it"]);
    expect((await file("?tail=1")).status).toBe(400);
    const cli = createCli(`http://127.0.0.1:${port}`);
    try {
      const printed = await cli.run(["logs", id, "--all"], { env: { ONVERA_API_KEY: key } });
      expect([printed.code, printed.out]).toEqual([0, whole.text]);
      expect((await cli.run(["logs", id, "--all", "--follow"], { env: { ONVERA_API_KEY: key } })).code).toBe(2);
    } finally {
      cli.remove();
    }
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
