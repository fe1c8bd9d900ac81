import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configPath, displayPath, readConfig, writeConfig } from "../../src/cli/config/config-file.ts";
import { DEFAULT_API_URL, normalUrl, resolveSettings } from "../../src/cli/config/settings.ts";

const stored = {
  current_context: "prod",
  contexts: {
    prod: { api_url: "https://prod.example.com", api_key: "onv_sk_live_stored" },
    staging: { api_url: "https://staging.example.com", api_key: "onv_sk_live_staging" },
  },
};

describe("which service and key a command uses", () => {
  it("prefers the flag to the environment to the context to the default", () => {
    const env = { ONVERA_API_URL: "https://env.example.com" };
    expect(resolveSettings({ apiUrl: "https://flag.example.com" }, env, stored).apiUrl).toBe(
      "https://flag.example.com",
    );
    expect(resolveSettings({}, env, stored).apiUrl).toBe("https://env.example.com");
    expect(resolveSettings({}, {}, stored).apiUrl).toBe("https://prod.example.com");
    expect(resolveSettings({}, {}, { contexts: {} }).apiUrl).toBe(DEFAULT_API_URL);
  });

  it("lets ONVERA_API_KEY override the stored key, as documented", () => {
    const settings = resolveSettings({}, { ONVERA_API_KEY: " onv_sk_live_env\n" }, stored);
    expect(settings).toMatchObject({ apiKey: "onv_sk_live_env", apiKeyFrom: "environment" });
  });

  it("takes the context named by flag, then by environment, then the one in use", () => {
    expect(resolveSettings({ context: "staging" }, {}, stored).apiKey).toBe("onv_sk_live_staging");
    expect(resolveSettings({}, { ONVERA_CONTEXT: "staging" }, stored).apiKey).toBe("onv_sk_live_staging");
    expect(resolveSettings({}, {}, stored).apiKey).toBe("onv_sk_live_stored");
  });

  it("refuses a context that does not exist", () => {
    expect(() => resolveSettings({ context: "none" }, {}, stored)).toThrow("There is no context 'none'.");
  });

  it("never sends a stored key to another address than the one it is for", () => {
    const settings = resolveSettings({ apiUrl: "https://elsewhere.example.com" }, {}, stored);
    expect(settings).toMatchObject({ apiKey: undefined, keyWithheld: true });
  });

  it("takes the documented base address with and without its path", () => {
    expect(normalUrl("https://api.onvera.io/api/v1")).toBe("https://api.onvera.io");
    expect(normalUrl("https://api.onvera.io/")).toBe("https://api.onvera.io");
    expect(normalUrl("https://example.com/onvera/api/v1/")).toBe("https://example.com/onvera");
  });

  it.each(["", "api.onvera.io", "ftp://x", "file:///etc/passwd"])("refuses %j as an address", (text) => {
    expect(() => normalUrl(text)).toThrow();
  });
});

describe("the configuration file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "onvera-config-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("is where the documentation says", () => {
    expect(configPath({ HOME: "/home/ann" }, "linux")).toBe("/home/ann/.config/onvera/config.json");
    expect(configPath({ HOME: "/Users/ann" }, "darwin")).toBe("/Users/ann/.config/onvera/config.json");
    expect(configPath({ HOME: "/home/ann", XDG_CONFIG_HOME: "/xdg" }, "linux")).toBe("/xdg/onvera/config.json");
    expect(configPath({ APPDATA: "C:\\Users\\ann\\AppData\\Roaming" }, "win32")).toContain("onvera");
    expect(displayPath("/home/ann/.config/onvera/config.json", { HOME: "/home/ann" })).toBe(
      "~/.config/onvera/config.json",
    );
  });

  it("is made 0600 in a folder of 0700, whole or not at all", () => {
    const path = join(folder, "a", "onvera", "config.json");
    writeConfig(path, stored);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(dirname(path)).mode & 0o777).toBe(0o700);
    expect(readConfig(path)).toEqual(stored);
    expect(readdirSync(dirname(path))).toEqual(["config.json"]);
  });

  it("is closed to others when it was found open", () => {
    const path = join(folder, "config.json");
    writeFileSync(path, JSON.stringify(stored));
    chmodSync(path, 0o644);
    readConfig(path);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it("keeps what a newer CLI wrote into it", () => {
    const path = join(folder, "config.json");
    writeFileSync(path, JSON.stringify({ ...stored, newer: { x: 1 } }), { mode: 0o600 });
    writeConfig(path, { ...readConfig(path), output: "json" });
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ newer: { x: 1 }, output: "json" });
  });

  it("is empty when it is not there", () => {
    expect(readConfig(join(folder, "none.json"))).toEqual({ contexts: {} });
  });

  it.each([
    ["{"],
    ["[]"],
    ['"text"'],
    ['{"contexts": []}'],
    ['{"contexts": {"a": {"api_key": 5}}}'],
    ['{"output": "xml"}'],
  ])("says which file is wrong and what to do: %s", (content) => {
    const path = join(folder, "config.json");
    writeFileSync(path, content, { mode: 0o600 });
    expect(() => readConfig(path)).toThrow(`${path} is not a usable configuration`);
  });
});
