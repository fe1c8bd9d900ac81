/** What a page says when the service refuses: why, and what to do next (ON-25). */
import { describe, expect, it } from "vitest";
import { type ErrorCode, errorCatalogue } from "../../src/domain/errors.ts";
import { ApiProblem, messageOf, nextOf } from "../../web/src/api/problem.ts";

const problemOf = (code: ErrorCode, message: string = errorCatalogue[code].message) =>
  new ApiProblem(errorCatalogue[code].status, {
    type: "about:blank",
    title: "",
    status: errorCatalogue[code].status,
    detail: message,
    instance: "",
    error: { code, message, request_id: "req_1", retryable: false, fields: [], docs_url: "" },
  });

describe("a refusal on a page (ON-25)", () => {
  it("says what to do next where its own words do not", () => {
    expect(nextOf(problemOf("ACCESS_DENIED"))).toMatch(/Members/);
    expect(nextOf(problemOf("DEPLOYMENT_NOT_FOUND"))).toMatch(/another organization/);
    expect(nextOf(problemOf("RATE_LIMIT_EXCEEDED"))).toMatch(/Wait/);
    expect(nextOf(problemOf("INTERNAL_ERROR"))).toMatch(/number of the request/);
  });

  it("leaves words that say it themselves alone", () => {
    for (const code of ["LAST_OWNER", "SIGN_UP_CLOSED", "RESOURCE_CONFLICT", "VALIDATION_ERROR"] as const) {
      expect(nextOf(problemOf(code))).toBeUndefined();
    }
  });

  it("that never reached the service says how to look whether it runs", () => {
    expect(messageOf(new TypeError("Failed to fetch"))).toMatch(/onvera status/);
    expect(nextOf(new TypeError("Failed to fetch"))).toBeUndefined();
  });
});
