/** Where a person is signed in: their own sessions, as long as they last. */
import type { Selectable } from "kysely";
import { timestamp } from "../../domain/timestamps.ts";
import type { Scoped } from "../../store/database.ts";
import type { SessionsTable } from "../../store/tables/sign-in.ts";
import { comesAfter, pageAnswer, pagingOf, positionOf } from "../pages.ts";
import type { PageRequest } from "../schemas/common.ts";

type Session = Selectable<SessionsTable>;

export interface SessionReader {
  userId: string;
  /** The session of the request itself; null for an API key. */
  current: string | null;
  /** What an organization's own provider opened sees its like only; null for everything the person has. */
  confinedTo: string | null;
  now: Date;
}

/** A page of the person's sessions, the one used last first. Needs a platform transaction, as sessions belong to no organization. */
export async function listSessions(db: Scoped, reader: SessionReader, query: PageRequest) {
  const filters = { list: "sessions" };
  const { limit, offset, after } = pagingOf(query, filters);
  const rows = await ownSessions(db, reader)
    .selectAll()
    .select(positionOf("refreshed_at"))
    .where(comesAfter(after, "refreshed_at", "id"))
    .orderBy("refreshed_at", "desc")
    .orderBy("id", "desc")
    .limit(limit + 1)
    .offset(offset)
    .execute();
  const { total } = await ownSessions(db, reader)
    .select(({ fn }) => fn.countAll<number>().as("total"))
    .executeTakeFirstOrThrow();
  return pageAnswer(rows, { request: query, total, filters, view: (row) => sessionView(row, reader) });
}

/** One of the person's sessions; undefined when it is ended, expired, or another's. */
export const findSession = (db: Scoped, reader: SessionReader, id: string): Promise<Session | undefined> =>
  ownSessions(db, reader).selectAll().where("id", "=", id).executeTakeFirst();

/** A session as lists show it. */
export const sessionView = (row: Session, { current }: Pick<SessionReader, "current">) => ({
  id: row.id,
  organization_id: row.organization_id,
  user_agent: row.user_agent,
  current: row.id === current,
  created_at: timestamp(row.created_at),
  refreshed_at: timestamp(row.refreshed_at),
  expires_at: timestamp(row.expires_at),
});

const ownSessions = (db: Scoped, { userId, confinedTo, now }: SessionReader) =>
  db
    .selectFrom("sessions")
    .where("user_id", "=", userId)
    .where("revoked_at", "is", null)
    .where("expires_at", ">", now)
    .$if(confinedTo !== null, (query) => query.where("confined_to", "=", confinedTo));
