/** Totals of lists: exact while they are short, remembered for a while when they are long (P6). */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writePast } from "../../bench/history-rows.ts";
import { startTestServer, type TestServer } from "../support/http.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

const withPast = async (deployments: number) => {
  const { organizationId, ownerKey: key } = await server.addOrganization();
  await writePast(server.superuserConnectionString, organizationId, { deployments, operations: 1 });
  const pagination = async (query = "") =>
    (await server.call("GET", `/api/v1/deployments?per_page=10${query}`, { key })).body.data.pagination;
  return { key, pagination };
};

describe("the total of a list", () => {
  it("counts each entry at once while there are at most a thousand", async () => {
    const { key, pagination } = await withPast(999);
    expect(await pagination()).toMatchObject({ total: 999, pages: 100 });
    await server.deploy(key, {}, { ready: false });
    expect(await pagination()).toMatchObject({ total: 1000, pages: 100 });
  });

  it("is remembered beyond that, for each set of filters, and every page is reached by its cursors all the same", async () => {
    const { key, pagination } = await withPast(1200);
    expect(await pagination()).toMatchObject({ total: 1200, pages: 120 });
    await server.deploy(key, {}, { ready: false });
    expect(await pagination()).toMatchObject({ total: 1200 });
    expect(await pagination("&status=provisioning")).toMatchObject({ total: 1 });
    const seen = new Set<string>();
    for (let cursor = ""; cursor !== null; ) {
      const page = (
        await server.call("GET", `/api/v1/deployments?per_page=100${cursor && `&cursor=${cursor}`}`, { key })
      ).body.data;
      for (const { id } of page.items) seen.add(id);
      cursor = page.pagination.next_cursor;
    }
    expect(seen.size).toBe(1201);
  });
});
