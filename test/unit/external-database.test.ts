import { expect, it } from "vitest";
import { tellingDatabaseAway } from "../../src/main/external-database.ts";
import { migrate } from "../../src/store/migrate.ts";

const url = "postgres://ada:hunter2@db.example.com:5432/control";
const failing = (code: string) =>
  tellingDatabaseAway(url, () => Promise.reject(Object.assign(new Error("no"), { code })));

it.each([
  ["ECONNREFUSED", /no server answers there/, /Start that server/],
  ["ENOTFOUND", /its name is not known/, /Correct the host in DATABASE_URL/],
  ["28P01", /refuses the login/, /DATABASE_PASSWORD_FILE/],
  ["3D000", /no such database/, /Make the database/],
  ["57P03", /takes no connections now/, /server's log/],
])(
  "a database of one's own that is away (%s) is named with the next step, without its password (issue: PostgreSQL down)",
  async (code, why, nextStep) => {
    const refused = await failing(code).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "postgres-unavailable" });
    const { message } = refused as Error;
    expect(message).toContain("The database at db.example.com:5432 cannot be used");
    expect(message).toMatch(why);
    expect(message).toMatch(nextStep);
    expect(message).not.toContain("hunter2");
  },
);

it("a migration where nothing listens says so (issue: PostgreSQL down)", async () => {
  const nowhere = "postgres://onvera@127.0.0.1:9/onvera";
  await expect(tellingDatabaseAway(nowhere, () => migrate(nowhere))).rejects.toThrow(
    "The database at 127.0.0.1:9 cannot be used: no server answers there (ECONNREFUSED; user onvera, database onvera). Start that server",
  );
});

it("any other fault stays what it is", async () => {
  await expect(failing("42601")).rejects.toThrow(/^no$/);
});
