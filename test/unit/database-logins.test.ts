import { describe, expect, it } from "vitest";
import { databaseLogins } from "../../src/domain/database-logins.ts";

const turn = (database_login: "a" | "b", database_rotation: number) => ({ database_login, database_rotation });

describe("the two database logins (NH-07)", () => {
  it("are one that may log in and one that may not", () => {
    expect(databaseLogins(turn("a", 0))).toEqual({
      a: { enabled: true, generation: 0 },
      b: { enabled: false, generation: 0 },
    });
  });

  it("both work during a rotation, the old one with the password processes still have", () => {
    expect(databaseLogins(turn("b", 1), turn("a", 0))).toEqual({
      a: { enabled: true, generation: 0 },
      b: { enabled: true, generation: 1 },
    });
  });

  it("leave nothing of the old password after a rotation", () => {
    expect(databaseLogins(turn("b", 1)).a).toEqual({ enabled: false, generation: 1 });
  });
});
