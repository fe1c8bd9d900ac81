import { describe, expect, it } from "vitest";
import { deploymentProgram } from "../../src/stacks/program.ts";
import { localTarget } from "../../src/stacks/targets/local/index.ts";
import { input, workload } from "./fixtures.ts";

type Changes = Parameters<typeof workload>[0];

const processes = (change: object) =>
  workload().processes.map((process, index) => (index === 0 ? { ...process, ...change } : process));

describe("a workload no target could render is refused before the first resource (ON-20)", () => {
  it.each<[string, Changes, string]>([
    ["unknown port", { env: { A: "{{port:nope}}" } }, "the environment uses the unknown reference {{port:nope}}"],
    ["unknown kind", { env: { A: "{{colour:red}}" } }, "the environment uses the unknown reference {{colour:red}}"],
    [
      "unknown folder",
      { processes: processes({ command: ["{{dir:tmp}}"] }) },
      "process web uses the unknown reference {{dir:tmp}}",
    ],
    ["unknown size", { processes: processes({ env: { A: "{{size:huge}}" } }) }, "unknown reference {{size:huge}}"],
    [
      "undeclared secret",
      { files: [{ path: "a", content: "{{secret:fernet_key}}", executable: false }] },
      "file a uses the unknown reference {{secret:fernet_key}}",
    ],
    [
      "secret nobody supplies",
      { secrets: ["secret_key", "admin_password", "vault_token"] },
      "no secret is called 'vault_token'",
    ],
    [
      "secret in the environment",
      { env: { A: "{{secret:secret_key}}" } },
      "the environment holds secret 'secret_key' in clear",
    ],
    [
      "secret on the command line",
      { processes: processes({ command: ["-p", "{{secret:admin_password}}"] }) },
      "process web holds secret 'admin_password' in clear",
    ],
    [
      "door that leads nowhere",
      { frontDoor: { process: "web", port: "admin" } },
      "the front door leads to port 'admin' of 'web'",
    ],
    [
      "port that two processes claim",
      { processes: [...workload().processes, { ...processes({})[0], name: "again" }] as never },
      "two ports are called 'web'",
    ],
    [
      "probe of nothing",
      {
        processes: processes({
          liveness: {
            kind: "heartbeat",
            path: "{{dir:home}}/beat",
            periodSeconds: 1,
            timeoutSeconds: 1,
            startupGraceSeconds: 1,
            failureThreshold: 1,
          },
        }),
      },
      "unknown reference {{dir:home}}",
    ],
  ])("%s", (_what, changes, message) => {
    expect(() => deploymentProgram(input({ workload: workload(changes) }), localTarget)).toThrow(message);
  });

  it("lists all faults at once and names the app and version", () => {
    const faulty = workload({ env: { A: "{{port:x}}", B: "{{port:y}}" } });
    expect(() => deploymentProgram(input({ workload: faulty }), localTarget)).toThrow(
      /workload of superset 6\.1\.0.*\{\{port:x\}\}.*\{\{port:y\}\}/,
    );
  });

  it("accepts a secret by value in a file and on a job's stdin", () => {
    expect(() => deploymentProgram(input(), localTarget)).not.toThrow();
  });
});
