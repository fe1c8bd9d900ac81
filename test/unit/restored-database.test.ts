/** Which database a restored home may start with, told before any server is asked. */
import { expect, it } from "vitest";
import { unfitOf } from "../../src/main/restored-database.ts";

const mark = { createdAt: "2026-11-22T06:00:00Z", restoredAt: "2026-11-22T07:00:00Z", from: "/srv/before" };
const url = (name: string) => `postgres://onvera:hunter2@db.example.com:5432/${name}`;

it("a home whose database was a server of one's own starts with a database of that name only (issue 4, point 8)", () => {
  const external = { ...mark, externalDatabase: "control" };
  expect(unfitOf(external, url("control"))).toBeUndefined();
  expect(unfitOf(external, undefined)).toMatchObject({
    code: "backup-unfit",
    message: expect.stringMatching(/DATABASE_URL is not set.*Set DATABASE_URL to the database 'control'/s),
  });
  const other = unfitOf(external, url("another"));
  expect(other?.message).toMatch(/named 'control'.*DATABASE_URL names 'another'/s);
  expect(other?.message).not.toContain("hunter2");
});

it("a home whose backup held its database starts with that one (issue 4, point 8)", () => {
  expect(unfitOf(mark, undefined)).toBeUndefined();
  expect(unfitOf(mark, url("control"))?.message).toMatch(/holds the database.*Unset DATABASE_URL/s);
});
