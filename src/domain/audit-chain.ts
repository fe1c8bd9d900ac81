/** Whether a chain of audit events is whole: each carries a hash over itself and the one before (docs/security.md). */
import { createHash } from "node:crypto";

/** One event as it is stored, with the text its hash is made of. */
export interface ChainLink {
  id: number;
  position: number;
  hash: Buffer;
  text: string;
}

export interface ChainHead {
  position: number;
  hash: Buffer;
}

export const chainFaultKinds = ["changed", "missing", "added", "cut_off", "rewritten"] as const;

export interface ChainFault {
  kind: (typeof chainFaultKinds)[number];
  /** Place in the chain, from 1. */
  position: number;
  /** The event it was seen at; null where the event itself is gone. */
  id: number | null;
  message: string;
}

/** The hash of an event whose predecessor carries `before`; the first one has none before it. */
export const linkHash = (before: Buffer | undefined, text: string): Buffer =>
  createHash("sha256")
    .update(before ?? "")
    .update(text)
    .digest();

export interface ChainCheck {
  /** Takes the next event; they come in the order of their positions. */
  take(link: ChainLink): void;
  /** Says that events were put in past the chain. */
  added(id: number): void;
  /** Compares the end with the head that was kept beside the chain, and gives all that was found. */
  end(head: ChainHead | undefined): ChainFault[];
  /** Events taken. */
  readonly events: number;
}

/**
 * Starts a check.
 * @param noted a head noted at an earlier time and kept elsewhere: finds a chain that was written anew as a whole
 */
export function checkChain(noted?: ChainHead): ChainCheck {
  const faults: ChainFault[] = [];
  let last: ChainHead = { position: 0, hash: Buffer.alloc(0) };
  let events = 0;
  let sawNoted = noted === undefined;
  const fault = (kind: ChainFault["kind"], position: number, id: number | null, message: string) =>
    void faults.push({ kind, position, id, message });

  return {
    get events() {
      return events;
    },
    take({ id, position, hash, text }) {
      events += 1;
      const follows = position === last.position + 1;
      if (position <= last.position) {
        fault("added", position, id, `Event ${id} stands at place ${position}, which another event has.`);
        return;
      }
      if (!follows) {
        const [from, to] = [last.position + 1, position - 1];
        const which = from === to ? `The event at place ${from} is` : `The events at places ${from} to ${to} are`;
        fault("missing", from, null, `${which} gone.`);
      } else if (!linkHash(last.position === 0 ? undefined : last.hash, text).equals(hash)) {
        fault("changed", position, id, `Event ${id} at place ${position} is not what it was when it was written.`);
      }
      if (noted?.position === position) sawNoted = noted.hash.equals(hash);
      last = { position, hash };
    },
    added: (id) => fault("added", 0, id, `Event ${id} was put in past the chain.`),
    end(head) {
      const end = head ?? { position: 0, hash: Buffer.alloc(0) };
      if (end.position > last.position) {
        const count = end.position - last.position;
        fault("cut_off", last.position + 1, null, `The last ${count === 1 ? "event is" : `${count} events are`} gone.`);
      } else if (end.position < last.position || !end.hash.equals(last.hash)) {
        fault("changed", end.position, null, "The head that is kept beside the chain is not its last event's.");
      }
      if (noted !== undefined && !sawNoted) {
        fault("rewritten", noted.position, null, `The chain does not hold the head noted at place ${noted.position}.`);
      }
      return faults;
    },
  };
}
