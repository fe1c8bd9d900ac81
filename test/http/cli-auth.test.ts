import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Cli, createCli } from "./cli-harness.ts";
import { KEY, page, type Service, startService } from "./cli-service.ts";

let service: Service;
let cli: Cli;
let url: string[];

const me = {
  kind: "api_key",
  user: { id: "usr_1", email: "ann@example.com", name: "Ann" },
  organization: { id: "org_1", name: "Acme", slug: "acme" },
  role: "owner",
  is_platform_operator: false,
  scopes: ["deployments:read"],
  api_key_id: "key_1",
  session_id: null,
  organizations: [],
  single_organization: false,
};

beforeEach(async () => {
  service = await startService();
  service.on("GET /whoami", () => ({ data: me }));
  service.on("GET /deployments", () => ({ data: page([]) }));
  cli = createCli(undefined);
  url = ["--api-url", service.url];
});

afterEach(async () => {
  cli.remove();
  await service.close();
});

const file = () => join(cli.home, ".config", "onvera", "config.json");
const success = "✓ Authentication successful!\nAPI key stored in ~/.config/onvera/config.json\n";

describe("onvera auth login (ON-18)", () => {
  it("works as documented: onvera auth login --token onv_sk_live_…", async () => {
    expect(await cli.run(["auth", "login", "--token", KEY, ...url])).toEqual({ code: 0, out: success, err: "" });
    expect(statSync(file()).mode & 0o777).toBe(0o600);
    expect((await cli.run(["list"])).code).toBe(0);
  });

  it("works as documented: onvera auth login --key, the key from standard input where nobody is there", async () => {
    const { code, out } = await cli.run(["auth", "login", "--key", ...url], { input: `${KEY}\n` });
    expect({ code, out }).toEqual({ code: 0, out: success });
  });

  it("asks for the key at a terminal and does not show what is typed", async () => {
    const { code, out, err } = await cli.run(["auth", "login", "--key", ...url], { typed: [KEY] });
    expect({ code, out, err }).toEqual({ code: 0, out: success, err: "API key: \n" });
  });

  it("changes nothing when the question is left with Ctrl+C", async () => {
    const { code } = await cli.run(["auth", "login", "--key", ...url], { typed: [], interruptAt: "API key: " });
    expect(code).toBe(130);
    expect(existsSync(file())).toBe(false);
  });

  it("stores nothing when the service does not take the key", async () => {
    const { code, err } = await cli.run(["auth", "login", "--token", "onv_sk_live_wrong", ...url]);
    expect(code).toBe(4);
    expect(err).toContain("API error: Invalid API key");
    expect(existsSync(file())).toBe(false);
  });

  it("buys a key with a password and ends the session again; the password is kept nowhere", async () => {
    const pair = {
      access_token: "jwt",
      token_type: "Bearer",
      expires_in: 900,
      refresh_token: "r",
      session_id: "ses_1",
    };
    service.on("POST /auth/login", () => ({ data: { ...pair, organization_id: "org_1" } }));
    service.on("POST /api-keys", () => ({ status: 201, data: { id: "key_1", key: KEY } }));
    service.on("POST /auth/logout", () => ({ data: { session_id: "ses_1", signed_out: true } }));
    const { code, out } = await cli.run(["auth", "login", "--email", "ann@example.com", ...url], {
      input: "secret word",
    });
    expect({ code, out }).toEqual({ code: 0, out: success });
    const sent = service.seen
      .filter(({ method }) => method === "POST")
      .map(({ path, headers }) => [path, headers.authorization]);
    expect(sent).toEqual([
      ["/api/v1/auth/login", undefined],
      ["/api/v1/api-keys", "Bearer jwt"],
      ["/api/v1/auth/logout", "Bearer jwt"],
    ]);
    expect(readFileSync(file(), "utf8")).not.toContain("secret word");
  });

  it("keeps a key per context", async () => {
    await cli.run(["context", "add", "prod", "--production", ...url]);
    await cli.run(["auth", "login", "--token", KEY, "--context", "prod"]);
    const { out } = await cli.run(["context", "list", "-o", "json"]);
    expect(JSON.parse(out).items).toEqual([
      { name: "prod", current: true, api_url: service.url, signed_in: true, production: true },
    ]);
  });
});

describe("onvera auth logout", () => {
  it("removes the stored key here and does not revoke it, as documented", async () => {
    await cli.run(["auth", "login", "--token", KEY, ...url]);
    const asked = service.seen.length;
    expect((await cli.run(["auth", "logout"])).code).toBe(0);
    expect(service.seen.length).toBe(asked);
    expect(readFileSync(file(), "utf8")).not.toContain(KEY);
    expect((await cli.run(["list"])).err).toContain("not authenticated. Run 'onvera auth login' first");
  });
});

describe("ONVERA_API_KEY", () => {
  it("goes before the stored key, as documented", async () => {
    await cli.run(["auth", "login", "--token", KEY, ...url]);
    const { code, err } = await cli.run(["list"], { env: { ONVERA_API_KEY: "onv_sk_live_other" } });
    expect(code).toBe(4);
    expect(err).toContain("API error: Invalid API key");
  });
});

describe("onvera config", () => {
  it("shows what is in force, the key masked", async () => {
    await cli.run(["auth", "login", "--token", KEY, ...url]);
    const { out } = await cli.run(["config", "list"]);
    expect(out).toContain(service.url);
    expect(out).not.toContain(KEY);
    expect((await cli.run(["config", "get", "api_url"])).out).toBe(`${service.url}\n`);
    expect((await cli.run(["config", "path"])).out).toBe(`${file()}\n`);
  });

  it("sets the output format for all commands", async () => {
    await cli.run(["config", "set", "output", "json"]);
    await cli.run(["auth", "login", "--token", KEY, ...url]);
    expect(JSON.parse((await cli.run(["list"])).out)).toEqual({ items: [] });
  });

  it("takes no key from the command line", async () => {
    const { code, err } = await cli.run(["config", "set", "api_key", KEY]);
    expect(code).toBe(2);
    expect(err).toContain("onvera auth login --key");
  });

  it("does not move a key to another address", async () => {
    await cli.run(["auth", "login", "--token", KEY, ...url]);
    await cli.run(["config", "set", "api_url", "https://elsewhere.example.com"]);
    expect(readFileSync(file(), "utf8")).not.toContain(KEY);
  });
});

describe("a first deploy without any configuration (design: the first run needs none)", () => {
  it("starts this machine's control plane, remembers it, and deploys there", async () => {
    const started: string[] = [];
    const controlPlane = {
      ensureControlPlane: async ({
        progress,
      }: {
        progress: { start(step: { name: string; message: string }): { done(): void } };
      }) => {
        progress.start({ name: "pulumi-cli", message: "Building the Pulumi CLI" }).done();
        started.push("yes");
        return { apiUrl: service.url, apiKey: KEY, started: true };
      },
    };
    const first = await cli.run(["deploy", "superset", "--no-wait"], { controlPlane });
    expect(first.code).toBe(0);
    expect(first.err).toContain("Building the Pulumi CLI");
    expect(JSON.parse(readFileSync(file(), "utf8"))).toEqual({
      current_context: "local",
      contexts: { local: { api_url: service.url, api_key: KEY, local: true } },
    });
    expect((await cli.run(["list"])).code).toBe(0);
    expect(started).toEqual(["yes"]);
  });

  it("does not start one where a service is configured", async () => {
    const controlPlane = {
      ensureControlPlane: async () => {
        throw new Error("must not be called");
      },
    };
    const env = { ONVERA_API_URL: service.url, ONVERA_API_KEY: KEY };
    expect((await cli.run(["deploy", "superset", "--no-wait"], { controlPlane, env })).code).toBe(0);
  });

  it("uses a control plane that runs already for every other command", async () => {
    const controlPlane = { localAccess: async () => ({ apiUrl: service.url, apiKey: KEY }) };
    expect((await cli.run(["list"], { controlPlane })).code).toBe(0);
    const forgotten = { localAccess: async () => undefined };
    expect((await cli.run(["list"], { controlPlane: forgotten })).code).toBe(0);
  });

  it("signs in to it with another key where one is given", async () => {
    const controlPlane = { localAccess: async () => ({ apiUrl: service.url, apiKey: "onv_sk_live_owner" }) };
    expect((await cli.run(["auth", "login", "--token", KEY], { controlPlane })).code).toBe(0);
    expect(readFileSync(file(), "utf8")).not.toContain("onv_sk_live_owner");
    expect((await cli.run(["list"], { controlPlane })).code).toBe(0);
  });

  it("says how to take the key of a control plane that was set up anew", async () => {
    const controlPlane = { localAccess: async () => ({ apiUrl: service.url, apiKey: "onv_sk_live_old" }) };
    const { code, err } = await cli.run(["list"], { controlPlane });
    expect(code).toBe(4);
    expect(err).toContain("onvera start --background");
  });
});
