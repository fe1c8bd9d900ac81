/**
 * Holds the CLI at an exact write of its state: a trigger in front of the fence's own recognises the write by what it
 * changes for one resource, and waits for an advisory lock that the test holds.
 *
 * Creates and updates stand in the state as pending while they are under way. Deletes do not: one begins after the last
 * write in which something else still needs the resource, and has ended with the first write without it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";

export type StatePoint = "before-begin-save" | "before-end-save" | "after-end-save";

const statements = `
CREATE SCHEMA chaos;
CREATE TABLE chaos.holds (
  stack text PRIMARY KEY, urn text NOT NULL, point text NOT NULL, deletes boolean NOT NULL,
  begun boolean NOT NULL DEFAULT false, ended boolean NOT NULL DEFAULT false
);
CREATE FUNCTION chaos.hold_write() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = chaos AS $$
DECLARE
  wanted holds;
  latest jsonb;
  under_way boolean;
  reached text;
BEGIN
  SELECT * INTO wanted FROM holds
    WHERE stack = substring(NEW.key FROM '\\.pulumi/(?:stacks|history)/onvera/([A-Za-z0-9_-]+)');
  IF wanted.stack IS NULL THEN RETURN NEW; END IF;
  IF wanted.ended THEN
    reached := 'after-end-save';
  ELSIF NEW.key LIKE '%/stacks/%' THEN
    latest := convert_from(decode(NEW.data ->> 'data', 'base64'), 'UTF8')::jsonb #> '{checkpoint,latest}';
    IF wanted.deletes THEN
      under_way := jsonb_path_exists(latest, '$.resources[*] ? (@.urn == $urn)', jsonb_build_object('urn', wanted.urn))
        AND (wanted.begun OR NOT jsonb_path_exists(
          latest, '$.resources[*].dependencies[*] ? (@ == $urn)', jsonb_build_object('urn', wanted.urn)));
    ELSE
      under_way := jsonb_path_exists(
        latest, '$.pending_operations[*] ? (@.resource.urn == $urn)', jsonb_build_object('urn', wanted.urn));
    END IF;
    IF under_way AND NOT wanted.begun THEN reached := 'before-begin-save';
    ELSIF wanted.begun AND NOT COALESCE(under_way, false) THEN reached := 'before-end-save';
    END IF;
  END IF;
  IF reached = wanted.point THEN
    PERFORM pg_advisory_xact_lock_shared(hashtext('chaos hold'), hashtext(wanted.stack));
  END IF;
  UPDATE holds SET begun = begun OR reached = 'before-begin-save', ended = ended OR reached = 'before-end-save'
    WHERE stack = wanted.stack AND reached IS NOT NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER a_hold_write BEFORE INSERT OR UPDATE ON pulumi.pulumi_state
  FOR EACH ROW EXECUTE FUNCTION chaos.hold_write();
`;

const POLL_MILLISECONDS = 20;
/** Looks in a row that find nobody waiting, before nobody is. */
const CALM_LOOKS = 5;

/** Puts the trigger into a control database. @param connectionString of the superuser */
export async function installStateHold(connectionString: string): Promise<void> {
  await inSession(connectionString, (client) => client.query(statements));
}

export interface StateHold {
  /** Resolves when a write waits; gives the server process that does. */
  there: Promise<number>;
  /** Ends the waiting session, so that its write never happens. */
  refuse(): Promise<void>;
  /** Lets the write go on. Harmless when the server was restarted meanwhile. */
  go(): Promise<void>;
}

/** Holds the first write from now on that is that point of that resource's step. */
export async function holdState(
  connectionString: string,
  { stack, urn, point, deletes }: { stack: string; urn: string; point: StatePoint; deletes: boolean },
): Promise<StateHold> {
  const client = new pg.Client({ connectionString });
  client.on("error", () => undefined);
  await client.connect();
  await client.query("SELECT pg_advisory_lock(hashtext('chaos hold'), hashtext($1))", [stack]);
  await client.query("INSERT INTO chaos.holds (stack, urn, point, deletes) VALUES ($1, $2, $3, $4)", [
    stack,
    urn,
    point,
    deletes,
  ]);
  /** Server processes of writes that wait. */
  const waiting = async () => {
    const { rows } = await client.query<{ pid: number }>(
      `SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
       AND classid = hashtext('chaos hold')::oid AND objid = hashtext($1)::oid`,
      [stack],
    );
    return rows.map(({ pid }) => pid);
  };
  const end = (pids: number[]) => client.query("SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) pid", [pids]);
  let over = false;
  const there = (async () => {
    while (!over) {
      const [pid] = await waiting();
      if (pid !== undefined) return pid;
      await sleep(POLL_MILLISECONDS);
    }
    throw new Error("The point was given up before it was reached.");
  })();
  there.catch(() => undefined);
  return {
    there,
    async refuse() {
      const pid = await there;
      // First: it may hold the row of its stack, and waits for this session.
      await end([pid]);
      // Whoever takes the stack over is not held.
      await client.query("DELETE FROM chaos.holds WHERE stack = $1", [stack]);
      // A CLI that is awake sends its write again at once, and may have met the hold before it was gone.
      for (let calm = 0; calm < CALM_LOOKS; await sleep(POLL_MILLISECONDS)) {
        const again = await waiting();
        calm = again.length === 0 ? calm + 1 : 0;
        if (again.length > 0) await end(again);
      }
    },
    async go() {
      over = true;
      await client.end().catch(() => undefined);
      await inSession(connectionString, (session) =>
        session.query("DELETE FROM chaos.holds WHERE stack = $1", [stack]),
      );
    },
  };
}

/** Does something in a session of its own. */
export async function inSession<T>(connectionString: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString });
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}
