/** The table of failures: closed causes, somebody who must act, a next step, and documented codes (NH-09). */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { engineError, workerError } from "../../src/automation/errors.ts";
import { canceledResult } from "../../src/domain/canceled-result.ts";
import { type FailureCode, failure, failures, lastWord } from "../../src/domain/failures.ts";
import { failureCauses, type OperationType, operationTypes } from "../../src/domain/operation.ts";
import { SetupError, type SetupErrorCode } from "../../src/domain/setup-error.ts";

const codes = Object.keys(failures) as FailureCode[];

/** What the engine hands over when the CLI ended badly with these words. */
const cliSaid = (stderr: string, exitCode: number | null = 1) =>
  engineError(
    {
      outcome: "failed",
      outputs: {},
      secretOutputs: {},
      changes: {},
      dataLoss: [],
      cli: { stdout: "", stderr, exitCode, signal: null },
    },
    [],
  );

const lacks = (code: SetupErrorCode) => new SetupError(code, { what: code, why: "/srv/mirror", nextStep: "" });

describe("the failures an operation can end with (NH-09)", () => {
  it.each(codes)("%s has a cause of the closed set, an owner and a next step", (code) => {
    const error = failure(code);
    expect(failureCauses).toContain(error.cause);
    expect(["customer", "operator", "platform"]).toContain(error.owner);
    expect(error.next_step).toMatch(/\S.+/);
    expect(error.message).toMatch(/\.$/);
  });

  it("are all documented, with their cause", () => {
    const docs = readFileSync("docs/operations.md", "utf8");
    const missing = codes.filter((code) => !docs.includes(`| \`${code}\` | ${failures[code].cause} |`));
    expect(missing).toEqual([]);
  });

  it("name no next attempt once there is none", () => {
    const ended = lastWord(failure("DATABASE_BUSY"), 3);
    expect(ended.next_step).toContain("tried 3 times");
    expect(lastWord(failure("BOOTSTRAP_FAILED"), 3)).toEqual(failure("BOOTSTRAP_FAILED"));
  });
});

describe("what the engine and the providers say, as one of them (NH-09)", () => {
  it.each([
    ["error: permission denied to create role", "PERMISSION_DENIED", "permission"],
    ["error: LimitExceeded: too many", "QUOTA_EXCEEDED", "quota"],
    ['error: database "x" already exists', "NAME_TAKEN", "conflict"],
    ["error: rpc error: code = Unavailable desc = error reading from server: EOF", "PROVIDER_LOST", "platform"],
    ["error: context deadline exceeded", "TIMED_OUT", "timeout"],
    ["error: No space left on device", "DISK_FULL", "capacity"],
    ["error: remaining connection slots are reserved", "DATABASE_BUSY", "capacity"],
    ["error: dial tcp: connection refused", "DATABASE_UNREACHABLE", "platform"],
    ["error: failed to save state: driver: bad connection", "DATABASE_UNREACHABLE", "platform"],
    ["error: read tcp 127.0.0.1: connection reset by peer", "DATABASE_UNREACHABLE", "platform"],
    ["error: pq: terminating connection due to administrator command", "DATABASE_UNREACHABLE", "platform"],
    ["error: getting latest state: unexpected EOF", "DATABASE_UNREACHABLE", "platform"],
    ["error: EOF\n", "DATABASE_UNREACHABLE", "platform"],
    ["error: unable to open bucket: failed to ping PostgreSQL: EOF", "DATABASE_UNREACHABLE", "platform"],
    ["error: Client has encountered a connection error and is not queryable", "DATABASE_UNREACHABLE", "platform"],
    ["error: configured Kubernetes cluster is unreachable: i/o timeout", "CLUSTER_UNREACHABLE", "platform"],
    ["error: no plugin 'pulumi-resource-random' found in the workspace", "PLUGIN_MISSING", "platform"],
    ["error: something nobody has seen", "ENGINE_FAILED", "provider"],
  ])("%s is %s", (said, code, cause) => {
    const error = cliSaid(said);
    expect({ code: error.code, cause: error.cause }).toEqual({ code, cause });
    expect(error.message).not.toContain(said.slice("error: ".length));
  });

  it.each([
    [Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" }), "DISK_FULL"],
    [Object.assign(new Error("EDQUOT: disk quota exceeded, write"), { code: "EDQUOT" }), "DISK_FULL"],
    [Object.assign(new Error('could not extend file "base/1/2_fsm"'), { code: "53100" }), "DISK_FULL"],
    [new Error("connect ECONNREFUSED 127.0.0.1:5432"), "DATABASE_UNREACHABLE"],
    [Object.assign(new Error("terminating connection"), { code: "57P01" }), "DATABASE_UNREACHABLE"],
    [new Error("the database system is not yet accepting connections"), "DATABASE_UNREACHABLE"],
    [lacks("network"), "PACKAGES_UNREACHABLE"],
    [lacks("python-missing"), "PYTHON_MISSING"],
    [lacks("python-unfit"), "PYTHON_MISSING"],
    [lacks("disk-full"), "DISK_FULL"],
    [lacks("package-tampered"), "PLATFORM_FAULT"],
    [new Error("x is not a function"), "PLATFORM_FAULT"],
    ["thrown by somebody else", "PLATFORM_FAULT"],
  ])(
    "a worker that meets %s calls it %s (issue: disk full, no network, Python missing, PostgreSQL down)",
    (thrown, code) => {
      expect(workerError(thrown)).toEqual(failure(code as FailureCode));
    },
  );

  it.each([
    ["kubernetes:batch/v1:Job", "connect ECONNREFUSED 10.0.0.1:6443", "CLUSTER_UNREACHABLE"],
    ["kubernetes:core/v1:Secret", "Patch: dial tcp 10.0.0.1:6443: connect: connection refused", "CLUSTER_UNREACHABLE"],
    ["postgresql:index/role:Role", "connect ECONNREFUSED 10.0.0.1:5432", "DATABASE_UNREACHABLE"],
  ])("a connection that failed at a %s (%s) is %s", (type, message, code) => {
    const outcome = { outcome: "failed" as const, outputs: {}, secretOutputs: {}, changes: {}, dataLoss: [] };
    expect(engineError(outcome, [{ urn: "urn:x", type, message }])).toMatchObject({ code, retryable: true });
  });

  it("a killed engine is tried again, a failed one is not", () => {
    expect(cliSaid("", null)).toMatchObject({ code: "ENGINE_KILLED", retryable: true });
    expect(cliSaid("")).toMatchObject({ code: "ENGINE_FAILED", retryable: false });
  });
});

describe("what a canceled operation leaves (TN-11)", () => {
  const types = Object.keys(operationTypes) as OperationType[];
  it.each(types)("%s says what there is and what to do next, whatever was done", (type) => {
    for (const resources of ["untouched", "kept", "rolled_back", "unclear"] as const) {
      const result = canceledResult({ type, resourceId: "dep_1" }, resources, 3);
      expect(result.resources).toBe(resources);
      expect(result.message).toMatch(/\.$/);
      expect(result.next_step).not.toBe("");
    }
  });
});
