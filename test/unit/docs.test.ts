import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { errorCatalogue } from "../../src/domain/errors.ts";
import { operationStatuses } from "../../src/domain/operation.ts";
import { scopes } from "../../src/domain/permissions.ts";
import { createPhases, destroyPhases } from "../../src/domain/phases.ts";

const pages = ["environments", "deployments", "operations", "authentication"] as const;
const read = (page: string) => readFileSync(`docs/${page}.md`, "utf8");

describe("user documentation (ON-48)", () => {
  it.each(pages)("%s exists and links to the three others", (page) => {
    const links = [...read(page).matchAll(/\]\(([^)#]+)\)/g)].map((match) => match[1]);
    for (const other of pages.filter((name) => name !== page)) expect(links).toContain(`${other}.md`);
  });

  it.each([...pages, "api"])("every page %s links to exists", (page) => {
    for (const [, target = ""] of read(page).matchAll(/\]\(([^)#:]+)\)/g)) {
      expect([target, existsSync(`docs/${target}`)]).toEqual([target, true]);
    }
  });

  it.each(readdirSync("docs").filter((name) => name.endsWith(".md")))("every test that %s names exists", (name) => {
    const named = [...read(name.slice(0, -".md".length)).matchAll(/`(test\/[\w/-]+\.test\.ts)`/g)];
    expect(named.map(([, path = ""]) => path).filter((path) => !existsSync(path))).toEqual([]);
  });

  it("names every status, phase, scope and error code of a tenant's day", () => {
    const operations = read("operations");
    for (const word of [...operationStatuses, ...createPhases, ...destroyPhases])
      expect(operations).toContain(`\`${word}\``);
    for (const scope of scopes) expect(read("authentication")).toContain(`\`${scope}\``);
    const all = [...pages, "api"].map(read).join();
    const unnamed = Object.keys(errorCatalogue).filter((code) => !all.includes(`\`${code}\``));
    // These say themselves what they mean, or stand for one resource each.
    expect(unnamed.filter((code) => !/_NOT_FOUND$|^NOT_FOUND$|^INVALID_CREDENTIALS$/.test(code))).toEqual([]);
  });

  it("says that destroying is irreversible before it tells how (ON-47)", () => {
    const text = read("deployments");
    const told = text.indexOf("**Destroying is irreversible.**");
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThan(text.indexOf("onvera destroy"));
  });
});
