/** The way to a cluster's API server: what each failure is called, and what is never done (issue 5, R9). */
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { addressVerdict } from "../../src/domain/address-verdict.ts";
import { parseKubeconfig } from "../../src/domain/cluster-access.ts";
import { type ClusterClient, type ConnectOptions, connect } from "../../src/kubernetes/client.ts";
import { ClusterFailure } from "../../src/kubernetes/failure.ts";
import { kubeconfig, type StandInServer, standInServer } from "../support/kubernetes-access.ts";

const closing: (() => Promise<void> | void)[] = [];
// The library's loading is nobody's guarantee, and takes long on a busy machine.
beforeAll(() => import("@kubernetes/client-node"), 60_000);
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function serving(answer: Parameters<typeof standInServer>[0]): Promise<StandInServer> {
  const started = await standInServer(answer);
  closing.push(started.close);
  return started;
}

async function client(server: string, options?: ConnectOptions): Promise<ClusterClient> {
  const made = await connect(parseKubeconfig(kubeconfig({ server })), options);
  closing.push(() => made.close());
  return made;
}

const failed = async (work: Promise<unknown>): Promise<ClusterFailure> => {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof ClusterFailure)) throw new Error(`It did not fail as a cluster does: ${String(error)}`);
  return error;
};

const status = (message: string) => JSON.stringify({ kind: "Status", message });

describe("a cluster's client", () => {
  it("asks with its token, and gives typed answers, plain ones and streams", async () => {
    const seen: (string | undefined)[] = [];
    const { server } = await serving((request, response) => {
      seen.push(request.headers.authorization, request.url);
      response.setHeader("content-type", "application/json");
      response.end(request.url === "/version" ? '{"gitVersion":"v1.34.1","major":"1","minor":"34"}' : '{"items":[]}');
    });
    const made = await client(server);
    expect((await made.ask("tell its version", ({ version }) => version.getCode())).gitVersion).toBe("v1.34.1");
    expect(await made.raw("list pods", { path: "/api/v1/pods?limit=1" })).toEqual({ items: [] });
    let words = "";
    for await (const chunk of await made.stream("follow a log", { path: "/log?follow=true" })) words += String(chunk);
    expect(words).toBe('{"items":[]}');
    const token = "Bearer secret-token";
    expect(seen).toEqual([token, "/version", token, "/api/v1/pods?limit=1", token, "/log?follow=true"]);
  });

  it("asks for names and labels alone where nothing else is wanted, so that no content of a Secret is sent (R8)", async () => {
    const seen: (string | undefined)[] = [];
    const { server } = await serving((request, response) => {
      seen.push(request.headers.accept);
      response.end("{}");
    });
    const made = await client(server);
    await made.raw("list secrets", { path: "/api/v1/secrets", metadataOnly: true });
    await made.raw("list secrets", { path: "/api/v1/secrets" });
    expect(seen).toEqual(["application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1", "application/json"]);
  });

  it.each([
    [401, "the credentials are not valid, or no longer.", "unauthorized"],
    [403, 'pods is forbidden: User "x" cannot list', "forbidden"],
    [403, "exceeded quota: mem", "quota"],
    [404, "not found", "not-found"],
    [409, "already exists", "conflict"],
    [400, "bad", "invalid"],
    [422, "spec is invalid", "refused"],
    [429, "slow down", "overloaded"],
    [500, "etcd", "failed"],
  ] as const)("calls a %i that says '%s' %s, in every way of asking", async (code, message, reason) => {
    const { server } = await serving((_request, response) => {
      response.writeHead(code, { "content-type": "application/json" }).end(status(message));
    });
    const made = await client(server);
    const answers = await Promise.all([
      failed(made.ask("list pods", ({ core }) => core.listPodForAllNamespaces())),
      failed(made.raw("list pods", { path: "/x" })),
      failed(made.stream("list pods", { path: "/x" })),
    ]);
    for (const answer of answers) {
      expect([answer.reason, answer.status]).toEqual([reason, code]);
      expect(answer.message).toBe(`The cluster refused to list pods (${code}): ${message}`);
      expect(JSON.stringify(answer)).not.toContain("secret-token");
    }
  });

  it("ends a call that is not answered, and says so", async () => {
    const { server } = await serving(() => undefined);
    const made = await client(server, { timeoutSeconds: 0.2 });
    const error = await failed(made.raw("list pods", { path: "/x" }));
    expect(error.reason).toBe("unreachable");
    expect(error.message).toMatch(/did not answer when asked to list pods: it did not answer in time/);
  });

  it("follows no redirect, with its token or without (SSRF)", async () => {
    const { server } = await serving((_request, response) => {
      response.writeHead(302, { location: "https://169.254.169.254/" }).end();
    });
    const error = await failed((await client(server)).raw("list pods", { path: "/x" }));
    expect([error.reason, error.status]).toEqual(["failed", 302]);
  });

  it("connects to no address that is not allowed, by name or as it is written (SSRF)", async () => {
    const allows = (address: string) => addressVerdict(address) === "open";
    const { server } = await serving((_request, response) => response.end("{}"));
    const error = await failed((await client(server, { allows })).raw("list pods", { path: "/x" }));
    expect(error.reason).toBe("forbidden");
    const written = await failed(client("https://127.0.0.1:1", { allows }));
    expect(written.reason).toBe("forbidden");
  });

  it("trusts the authority of its access alone", async () => {
    const { server } = await serving((_request, response) => response.end("{}"));
    const other = server.replace("localhost", "127.0.0.1");
    expect((await failed((await client(other)).raw("x", { path: "/" }))).message).toMatch(/certificate is for another/);
  });
});
