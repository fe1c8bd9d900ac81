/** `onvera pulumi` as an operator uses it on the control plane's host, with the real CLI, state and providers. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type BenchApp, deployBench, succeed, withTestApps } from "../support/bench-app.ts";
import { type Installation, makeInstallation } from "../support/installation.ts";

let installation: Installation;
let app: BenchApp;

beforeAll(async () => {
  installation = makeInstallation(withTestApps);
  await succeed(installation, "start", "--background");
  app = await deployBench(installation, "plain");
});
afterAll(() => installation?.remove());

const pulumi = (...args: string[]) => installation.onvera(["pulumi", ...args]);

/** Exit code 0 of `preview --expect-no-changes` is pulumi's own word that nothing would change. */
async function expectNoChanges() {
  const { code, stdout, stderr } = await pulumi("preview", "--stack", app.deploymentId, "--expect-no-changes");
  expect({ code, text: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, text: "" });
  expect(stdout).toContain("unchanged");
}

describe("reading lines", () => {
  it("lists the stacks, one per deployment, without naming one (ON-18, ON-19)", async () => {
    const { code, stdout } = await pulumi("stack", "ls");
    expect(code).toBe(0);
    expect(stdout).toContain(app.deploymentId);
  });

  it("takes a deployment's id or name, and --stack, --stack= or -s (ON-19)", async () => {
    for (const place of [["--stack", app.deploymentId], [`--stack=${app.deploymentId}`], ["-s", "plain"]]) {
      const { code, stdout } = await pulumi("stack", "output", "--json", ...place);
      expect(code).toBe(0);
      expect(JSON.parse(stdout)).toEqual({ resources: 6, version: "database" });
    }
  });

  it("asks for the deployment where none is named, and says which there is not (ON-19)", async () => {
    const none = await pulumi("preview");
    expect(none.code).toBe(2);
    expect(none.stderr).toContain("onvera pulumi preview --stack <deployment>");
    const unknown = await pulumi("preview", "--stack", "nowhere");
    expect(unknown.code).not.toBe(0);
    expect(unknown.stderr).toContain("There is no deployment 'nowhere'");
  });

  it("opens the stack's secrets with its own key and no passphrase (NH-07)", async () => {
    const { code, stdout } = await pulumi("stack", "export", "--show-secrets", "--stack", app.deploymentId);
    expect(code).toBe(0);
    const { deployment } = JSON.parse(stdout) as { deployment: { secrets_providers: { type: string } } };
    expect(deployment.secrets_providers.type).toBe("cloud");
  });

  it("previews no change after deploy, stop, start and restart alike (ON-19, ON-24)", async () => {
    await expectNoChanges();
    for (const verb of ["stop", "start", "restart"]) {
      await succeed(installation, verb, "plain");
      await expectNoChanges();
    }
  });

  it("refuses lines that would get round the operation, and changes nothing by reading (ON-19)", async () => {
    const before = await pulumi("stack", "export", "--stack", app.deploymentId);
    const { code, stderr } = await pulumi("config", "set", "a", "b", "--stack", app.deploymentId);
    expect(code).toBe(2);
    expect(stderr).toContain("'config set' cannot be run on a deployment's stack");
    const moved = await pulumi("preview", "--cwd", "/", "--stack", app.deploymentId);
    expect(moved.code).toBe(2);
    expect(moved.stderr).toContain("Onvera decides about --cwd itself");
    const after = await pulumi("stack", "export", "--stack", app.deploymentId);
    expect(after.stdout).toBe(before.stdout);
  });

  it("leaves nothing behind: no scratch folder, no specification, no password file (NH-08)", () => {
    const operations = join(installation.folder, "home", "operations");
    expect(readdirSync(operations).filter((name) => name.startsWith("pulumi-"))).toEqual([]);
  });
});

describe("changing lines", () => {
  it("run as operations: refresh and up change nothing on a stack that is as it should be (ON-12, ON-19)", async () => {
    for (const verb of ["refresh", "up"]) {
      const { code, stdout } = await pulumi(verb, "--stack", "plain");
      expect(code).toBe(0);
      expect(stdout).toMatch(/Operation ID: op_/);
      expect(stdout).toContain("7 unchanged");
    }
    await expectNoChanges();
    const { stdout } = await succeed(installation, "ops", "list", "-o", "json");
    expect(stdout.match(/"stack\.pulumi"/g)?.length).toBe(2);
  });

  it("protect the data: destroy is refused before its first step (NH-05)", async () => {
    const { code, stdout, stderr } = await pulumi("destroy", "--stack", "plain");
    expect(code).toBe(1);
    expect(stdout + stderr).toContain("data that nothing can bring back");
    await expectNoChanges();
  });

  it("fail once, in pulumi's own words, and are not tried again (NH-09)", async () => {
    const { code, stdout, stderr } = await pulumi("state", "delete", "no-such-urn", "--stack", "plain");
    expect(code).toBe(1);
    expect(stdout + stderr).toContain("is not a valid resource URN");
    const id = /op_[0-9a-f-]+/.exec(stdout)?.[0] ?? "";
    const operation = JSON.parse((await succeed(installation, "ops", "get", id, "-o", "json")).stdout);
    expect(JSON.stringify(operation)).toMatch(/"retryable":\s?false/);
  });

  it("take away a resource that the state names, and up brings it back (ON-19)", async () => {
    const { stdout } = await pulumi("stack", "export", "--stack", "plain");
    const { deployment } = JSON.parse(stdout) as { deployment: { resources: { urn: string; type: string }[] } };
    const grant = deployment.resources.find(({ type }) => type.endsWith(":Grant"))?.urn ?? "";
    expect((await pulumi("state", "delete", grant, "--stack", "plain")).code).toBe(0);
    expect((await pulumi("preview", "--stack", "plain", "--expect-no-changes")).code).not.toBe(0);
    expect((await pulumi("up", "--stack", "plain")).code).toBe(0);
    await expectNoChanges();
  });
});

it("writes every line into the audit log: who, when, which (ON-43)", async () => {
  const { stdout } = await succeed(installation, "audit", "list", "-o", "json");
  expect(stdout).toContain("stack.pulumi.read");
  expect(stdout).toMatch(/"stack\.pulumi"/);
});

it("says how to go on where the control plane does not run (ON-26)", async () => {
  await succeed(installation, "stop");
  const { code, stderr } = await pulumi("stack", "ls");
  expect(code).toBe(1);
  expect(stderr).toContain("The control plane does not run");
  expect(stderr).toContain("onvera start");
});
