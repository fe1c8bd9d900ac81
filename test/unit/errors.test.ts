import { describe, expect, it } from "vitest";
import { NotCancelable } from "../../src/automation/operations/cancel.ts";
import { OperationConflict } from "../../src/automation/operations/submit.ts";
import { errorCatalogue, OnveraError } from "../../src/domain/errors.ts";
import { publicError } from "../../src/server/problems.ts";
import type { Operation } from "../../src/store/tables/operations.ts";

describe("the error catalogue", () => {
  it("has words for every code, and only codes in the documented style", () => {
    for (const [code, facts] of Object.entries(errorCatalogue)) {
      expect(code).toMatch(/^[A-Z]+(_[A-Z]+)*$/);
      expect(facts.title).not.toBe("");
      expect(facts.message).not.toMatch(/\.$/);
    }
  });

  it("says retryable only of what passes by itself", () => {
    const retryable = Object.entries(errorCatalogue).filter(([, facts]) => facts.retryable);
    expect(retryable.map(([code]) => code)).toEqual([
      "RATE_LIMIT_EXCEEDED",
      "INTERNAL_ERROR",
      "SERVICE_UNAVAILABLE",
      "SSO_PROVIDER_UNAVAILABLE",
      "CREDENTIALS_NOT_FOUND",
      "QUEUE_FULL",
    ]);
  });
});

describe("translation into public errors", () => {
  it("a taken slot names the operation that has it", () => {
    const conflict = new OperationConflict({ id: "op_1", type: "deployment.update", status: "running" });
    const error = publicError(conflict);
    expect([error.code, error.operationId]).toEqual(["RESOURCE_CONFLICT", "op_1"]);
  });

  it("an operation past its point of no return cannot be canceled", () => {
    expect(publicError(new NotCancelable({ id: "op_1" } as Operation)).code).toBe("OPERATION_NOT_CANCELABLE");
  });

  it.each(["08006", "53300", "57P01", "ECONNREFUSED", "ECONNRESET"])("database trouble %s is 503", (code) => {
    expect(publicError(Object.assign(new Error("x"), { code })).code).toBe("SERVICE_UNAVAILABLE");
  });

  it("anything else is an internal error that tells the caller nothing, and the log everything", () => {
    const cause = new Error("password=hush");
    const error = publicError(cause);
    expect(error.code).toBe("INTERNAL_ERROR");
    expect(error.message).not.toContain("hush");
    expect(error.cause).toBe(cause);
    expect(publicError("thrown text").code).toBe("INTERNAL_ERROR");
  });

  it("our own errors pass unchanged", () => {
    const own = new OnveraError("ACCESS_DENIED", { message: "No" });
    expect(publicError(own)).toBe(own);
  });
});
