/** Walks a chain of audit events and says whether somebody has been at it. */
import { sql } from "kysely";
import { type ChainFault, type ChainHead, type ChainLink, checkChain } from "../../domain/audit-chain.ts";
import { timestamp } from "../../domain/timestamps.ts";
import type { Scoped } from "../../store/database.ts";

const PAGE = 2000;
const FAULTS_SHOWN = 100;

/** The chain's name in its tables. */
const INSTALLATION = "";

export interface ChainVerdict {
  chain: "organization" | "installation";
  ok: boolean;
  events: number;
  /** `<place>:<hash>`; note it elsewhere, and a later check can be told of it. */
  head: string | null;
  fault_count: number;
  faults: { kind: ChainFault["kind"]; position: number; event_id: number | null; message: string }[];
}

/**
 * Checks one chain from its first event to its head. Events written meanwhile are left for the next time.
 * @param organizationId null for the installation's own chain; needs a platform transaction
 */
export async function verifyChain(
  db: Scoped,
  organizationId: string | null,
  noted: ChainHead | undefined,
): Promise<ChainVerdict> {
  const chain = organizationId ?? INSTALLATION;
  const head = await db
    .selectFrom("audit_chains")
    .select(["position", "hash"])
    .where("organization_id", "=", chain)
    .executeTakeFirst();
  const check = checkChain(noted);
  for await (const link of links(db, chain, head?.position ?? 0)) check.take(link);
  for (const id of await strangers(db, chain)) check.added(id);
  const faults = check.end(head);
  return {
    chain: organizationId === null ? "installation" : "organization",
    ok: faults.length === 0,
    events: check.events,
    head: head ? `${head.position}:${head.hash.toString("hex")}` : null,
    fault_count: faults.length,
    faults: faults.slice(0, FAULTS_SHOWN).map(({ id, ...fault }) => ({ ...fault, event_id: id })),
  };
}

async function* links(db: Scoped, chain: string, until: number): AsyncGenerator<ChainLink> {
  for (let after = 0, id = 0; ; ) {
    const { rows } = await sql<ChainLink>`
      SELECT seq AS id, position, hash, audit_text(audit_events, position) AS text FROM audit_events
      WHERE COALESCE(organization_id, '') = ${chain} AND (position, seq) > (${after}, ${id}) AND position <= ${until}
      ORDER BY position, seq LIMIT ${PAGE}`.execute(db);
    yield* rows;
    const last = rows.at(-1);
    if (rows.length < PAGE || last === undefined) return;
    ({ position: after, id } = last);
  }
}

/** Events without a place, or beyond the head: one statement, so that what is written meanwhile is not among them. */
async function strangers(db: Scoped, chain: string): Promise<number[]> {
  const { rows } = await sql<{ id: number }>`
    SELECT seq AS id FROM audit_events
    WHERE COALESCE(organization_id, '') = ${chain}
      AND (position IS NULL OR hash IS NULL
        OR position > COALESCE((SELECT position FROM audit_chains WHERE organization_id = ${chain}), 0))
    ORDER BY seq LIMIT ${FAULTS_SHOWN + 1}`.execute(db);
  return rows.map(({ id }) => id);
}

/** What the route answers with. */
export const verification = (chains: ChainVerdict[], at: Date) => ({
  ok: chains.every(({ ok }) => ok),
  checked_at: timestamp(at),
  chains,
});
