import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { AppDoor } from "../../src/automation/access/app-access.ts";
import { askApp, loginRefused, refusal } from "../../src/automation/access/ask-app.ts";
import { newPassword, removeProven } from "../../src/automation/access/denied-probe.ts";
import { createAuthority, issueLeaf, toPem } from "../../src/local/certificates/certificate.ts";

const servers: Server[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => new Promise((done) => server.close(done)))));

const doorTo = (answer: RequestListener, signal = new AbortController().signal): Promise<AppDoor> =>
  doorOf(createServer(answer), signal);

async function doorOf(server: Server, signal = new AbortController().signal): Promise<AppDoor> {
  servers.push(server);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  const connectTo = { host: "127.0.0.1", port };
  return { url: "http://people.example", connectTo, username: "admin", password: "pass word!", signal };
}

describe("asking an app", () => {
  it("goes to the app by its name, wherever that leads, and gives status, JSON and cookies (NH-11)", async () => {
    const door = await doorTo((request, answer) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        answer.setHeader("set-cookie", ["session=abc; Path=/; HttpOnly", "other=1"]);
        answer.statusCode = 201;
        answer.end(JSON.stringify({ host: request.headers.host, sent: Buffer.concat(chunks).toString() }));
      });
    });
    const answer = await askApp(door, { method: "POST", path: "/api?q=1", json: { name: "Ädä" } });
    expect(answer).toEqual({
      status: 201,
      body: { host: "people.example", sent: '{"name":"Ädä"}' },
      cookie: "session=abc; other=1",
    });
  });

  it("tells an app that cannot now, one that is away, and one that sends without end, from a refusal (F21)", async () => {
    const busy = await doorTo((_, answer) => answer.writeHead(503).end("later"));
    await expect(askApp(busy, { path: "/x?q=1" })).rejects.toMatchObject({
      fault: "busy",
      message: "The app cannot answer now: /x gave 503.",
    });
    const away = { ...busy, connectTo: { host: "127.0.0.1", port: 1 } };
    await expect(askApp(away, { path: "/" })).rejects.toMatchObject({ fault: "unreachable" });
    const endless = await doorTo((_, answer) => {
      const send = (): void => void (answer.destroyed || answer.write("x".repeat(1 << 20), () => setImmediate(send)));
      send();
    });
    await expect(askApp(endless, { path: "/" })).rejects.toMatchObject({ fault: "unreachable" });
  });

  it("rejects with the reason of the signal when that aborts", async () => {
    const stop = new AbortController();
    const door = await doorTo(() => stop.abort(new Error("canceled by a person")), stop.signal);
    await expect(askApp(door, { path: "/" })).rejects.toThrow("canceled by a person");
  });

  it("sends the password over https only to a certificate of the app's name, by an authority it was told of (F21)", async () => {
    const authority = createAuthority("The cluster's own", "example", new Date());
    const leaf = issueLeaf(authority, "people.example", new Date());
    const key = leaf.key.export({ type: "pkcs8", format: "pem" });
    const heard: string[] = [];
    const server = createSecureServer({ key, cert: toPem(leaf.certificate) }, (request, answer) => {
      heard.push(request.url ?? "");
      answer.end("{}");
    });
    const door = { ...(await doorOf(server)), url: "https://people.example" };
    const login = { method: "POST", path: "/login", json: { password: door.password } } as const;
    await expect(askApp(door, login)).rejects.toMatchObject({ fault: "unreachable" });
    const trusting = { ...door, authorities: [toPem(authority.certificate)] };
    const other = { ...trusting, url: "https://other.example" };
    await expect(askApp(other, login)).rejects.toMatchObject({ fault: "unreachable" });
    expect(heard).toEqual([]);
    expect((await askApp(trusting, login)).status).toBe(200);
    expect(heard).toEqual(["/login"]);
  });

  it("says nothing of the administrator's password (F21)", async () => {
    const door = await doorTo(() => undefined);
    const body = { message: `no such user: ${door.password}` };
    const error = refusal(door, "take in ada@x", { status: 422, body, cookie: "" });
    expect(error.message).toBe('The app would not take in ada@x: it answered 422 {"message":"no such user: [secret]"}');
    expect(loginRefused(door).message).not.toContain(door.password);
  });
});

describe("a removal that is proven (NH-11)", () => {
  const removal = (denials: boolean[]) => {
    const done: string[] = [];
    const step = (name: string) => async () => void done.push(name);
    const isLetIn = async () => {
      done.push("probe");
      return denials.shift() ?? false;
    };
    const signIn = async () => "token";
    const { signal } = new AbortController();
    const steps = { setPassword: step("password"), signIn, isLetIn, end: step("end"), memorySeconds: 0, signal };
    return { done, steps };
  };

  it("ends only when a session opened before is denied", async () => {
    const { done, steps } = removal([true, true, true, false]);
    await removeProven(steps);
    expect(done).toEqual(["password", "probe", "end", "probe", "probe", "probe"]);
  });

  it("waits for as long as another process of the app may remember the person", async () => {
    const { steps } = removal([true]);
    const startedAt = performance.now();
    await removeProven({ ...steps, memorySeconds: 0.6 });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(600);
  });

  it("needs no probe of somebody whom the app lets in no more", async () => {
    const { done, steps } = removal([]);
    await removeProven({ ...steps, signIn: async () => undefined });
    expect(done).toEqual(["password", "end"]);
  });

  it("gives each time another password, which every rule of an app accepts", () => {
    const made = newPassword();
    expect(made).not.toBe(newPassword());
    for (const kind of [/[a-z]/, /[A-Z]/, /[0-9].*[0-9]/, /[^A-Za-z0-9]/, /^.{20,}$/]) expect(made).toMatch(kind);
  });
});
