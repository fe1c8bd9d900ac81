/** Two organizations on a server that trusts the database alone, and what one of them gets at of the other. */
import { declaredRoutes } from "../../../src/server/contracts/registry.ts";
import { openApiDocument } from "../../../src/server/openapi.ts";
import { openEventReader } from "../../support/event-reader.ts";
import { startTestServer, type TestServer } from "../../support/http.ts";
import { append } from "../../support/worker-hand.ts";
import { type Credential, signInAnew } from "../role-matrix/asking.ts";
import { requests } from "../role-matrix/requests.ts";
import { type Attempt, attemptsOf, cursorsOf, type Document } from "./attempts.ts";
import { addNeighbour, CANARY, type Neighbour } from "./neighbour.ts";
import { changedTables, marksIn, type OwnRows, ownedTables, queryOnce, rowsOf } from "./rows-of.ts";
import { type TakenOut, withoutConditions } from "./without-conditions.ts";

/** Something of the neighbour's that came out, or was acted on. */
interface Finding {
  operationId: string;
  /** What of the neighbour's was in the request. */
  by: string;
  as: string;
  status: number;
  /** What of the neighbour's the answer holds that was not in the request; empty where it merely was no refusal. */
  marks: string[];
}

interface Asked {
  findings: Finding[];
  /** Tables in which rows of the neighbour's are not as they were. */
  changed: string[];
  /** How often each status was answered where somebody has to be known. */
  statuses: Record<number, number>;
}

export interface SecondWall {
  server: TestServer;
  neighbour: Neighbour;
  /** The one that asks. */
  own: { organizationId: string; ownerKey: string };
  takenOut: TakenOut;
  /** Tables of organizations in which the neighbour has nothing. */
  emptyTables: string[];
  /** Asks by every route. @param as by whom; every kind of caller when left out */
  askAll(as?: readonly CallerKind[]): Promise<Asked>;
  /** What comes of the neighbour's by the activity stream while things go on at both. */
  watchBoth(): Promise<string[]>;
}

/** The weakest member, with a key that may next to nothing, and the strongest, signed in. */
const callerKinds = ["a viewer's key", "an owner's session"] as const;
type CallerKind = (typeof callerKinds)[number];

const limits = {
  perCaller: 100_000,
  perAddress: 100_000,
  failuresPerAddress: 100_000,
  signInsPerPersonAndAddress: 1000,
};
const silent = { debug: () => undefined, info: () => undefined, error: () => undefined };

/** Starts it. @param rowLevelSecurity false takes the second wall away, too */
export async function startSecondWall({ rowLevelSecurity }: { rowLevelSecurity: boolean }): Promise<SecondWall> {
  let takenOut: TakenOut = { built: 0, raw: 0 };
  // Statements that meet rows of two organizations may fail; without the wall that is to be expected.
  const options = { limits, privateClusterHosts: ["127.0.0.1"], ...(rowLevelSecurity ? {} : { log: silent }) };
  const server = await startTestServer(options, (store) => {
    const bare = withoutConditions(store);
    takenOut = bare.takenOut;
    return bare.store;
  });
  const neighbour = await addNeighbour(server);
  const own = await server.addOrganization();
  const { operationId } = await server.deploy(own.ownerKey, {}, { ready: false });
  if (!rowLevelSecurity) await dropPolicies(server);
  const ours = marksIn(await ownedBy(server, own.organizationId));
  const theirs = marksIn(await ownedBy(server, neighbour.organizationId));
  const marks = [CANARY, ...[...theirs].filter((mark) => !ours.has(mark))];
  const seenIn = (text: string, sent: string) => marks.filter((mark) => text.includes(mark) && !sent.includes(mark));
  const owned = await ownedTables(server.superuserConnectionString);
  const rows = await ownedBy(server, neighbour.organizationId);

  return {
    server,
    neighbour,
    own,
    takenOut,
    emptyTables: owned.filter((table) => rows.get(table)?.length === 0),
    async askAll(as = callerKinds) {
      const findings: Finding[] = [];
      const statuses: Record<number, number> = {};
      const document = openApiDocument("test", declaredRoutes) as unknown as Document;
      const cursors = await cursorsOf(server, neighbour, document);
      const callers = await callersOf(server, own.organizationId);
      // What the neighbour's own requests leave behind must not count as a change.
      await server.app.drain();
      const before = await ownedBy(server, neighbour.organizationId);
      for (const attempt of attemptsOf(declaredRoutes, { document, neighbour, cursors })) {
        const { operationId: route, access } = attempt.route;
        const asking = requests[route]?.spendsAsker ? await callersOf(server, own.organizationId) : callers;
        for (const kind of as) {
          const { status, text } = await answerOf(server, attempt, { credential: asking[kind], endAt: operationId });
          if (access !== "public") statuses[status] = (statuses[status] ?? 0) + 1;
          const seen = seenIn(text, JSON.stringify([attempt.path, attempt.body, attempt.headers]));
          const wasTaken = attempt.names && status < 300;
          if (seen.length > 0 || wasTaken)
            findings.push({ operationId: route, by: attempt.by, as: kind, status, marks: seen });
        }
      }
      await server.app.drain();
      return { findings, changed: changedTables(before, await ownedBy(server, neighbour.organizationId)), statuses };
    },
    async watchBoth() {
      const theirOperation = neighbour.ids.operation_id ?? "";
      const path = `/api/v1/activity?follow=${theirOperation}:0,${operationId}:0`;
      const reader = await openEventReader(server.app, path, { "X-API-Key": own.ownerKey });
      await append(server.store, theirOperation, [{ type: "log", data: { text: CANARY } }]);
      await append(server.store, operationId, [{ type: "log", data: { text: "the last of ours" } }]);
      const text = () => JSON.stringify(reader.events);
      await reader.until(() => text().includes("the last of ours"));
      reader.close();
      await reader.ended;
      return seenIn(text(), path);
    },
  };
}

async function callersOf(server: TestServer, organizationId: string): Promise<Record<CallerKind, Credential>> {
  const { userId } = await server.addUser({ organizationId, role: "viewer" });
  const { key } = await server.addKey({ organizationId, userId, scopes: ["audit:read"] });
  const { token } = await signInAnew({ server, organizationId }, "owner");
  return { "a viewer's key": { key }, "an owner's session": { token } };
}

async function answerOf(
  server: TestServer,
  { route, path, body, headers = {}, stream = false }: Attempt,
  { credential, endAt }: { credential: Credential; endAt: string },
): Promise<{ status: number; text: string }> {
  const { key, token } = route.access === "public" ? ({} as Credential) : credential;
  const identity = { ...(key !== undefined && { key }), ...(token !== undefined && { token }) };
  if (!stream) {
    const asked = { ...identity, headers, ...(body === undefined ? {} : { body }) };
    const answer = await server.call(route.method, path, asked);
    return { status: answer.status, text: JSON.stringify([answer.body, ...answer.headers]) };
  }
  const reader = await openEventReader(server.app, path, {
    ...headers,
    ...(key !== undefined && { "X-API-Key": key }),
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
  });
  const text = () => JSON.stringify(reader.events);
  // What goes on at the asker's is told last. A stream about something foreign should not begin at all.
  if (reader.status === 200 && route.operationId === "streamActivity") await reader.until(() => text().includes(endAt));
  reader.close();
  return { status: reader.status, text: text() };
}

/** Rows of its own, and those of tables without an owner that name something of its own. */
async function ownedBy({ superuserConnectionString: server }: TestServer, organizationId: string): Promise<OwnRows> {
  const narrow = await rowsOf(server, organizationId, (row) => row.includes(organizationId));
  const shared = await queryOnce<{ id: string }>(
    server,
    "SELECT id FROM onvera.clusters WHERE organization_id IS NULL",
  );
  const marks = [...marksIn(narrow)].filter((mark) => !shared.rows.some(({ id }) => id === mark));
  return rowsOf(server, organizationId, (row) => marks.some((mark) => row.includes(mark)));
}

const dropPolicies = ({ superuserConnectionString }: TestServer) =>
  queryOnce(
    superuserConnectionString,
    `DO $$ DECLARE name regclass; BEGIN
      FOR name IN SELECT oid FROM pg_class WHERE relnamespace = 'onvera'::regnamespace AND relrowsecurity LOOP
        EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', name);
      END LOOP;
    END $$`,
  );
