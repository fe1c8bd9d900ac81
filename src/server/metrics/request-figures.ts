/** Counts of answered requests by route and status, and how long they took to begin to be answered. */
import { type Distribution, type Family, histogramSamples } from "./exposition.ts";

/** Seconds. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);
/** What no route of the API answered: the dashboard's files, unknown addresses. */
const OTHER = "other";

export interface AnsweredRequest {
  method: string;
  /** The declared path; undefined where there is none. What a caller wrote never becomes a label. */
  route: string | undefined;
  status: number;
  seconds: number;
}

export interface RequestFigures {
  record(request: AnsweredRequest): void;
  families(): Family[];
}

/** Starts counting. */
export function createRequestFigures(): RequestFigures {
  const answers = new Map<string, { labels: Record<string, string>; count: number }>();
  const durations = new Map<string, Distribution & { counts: number[] }>();

  return {
    record({ method, route = OTHER, status, seconds }) {
      const about = { method: METHODS.has(method) ? method : OTHER, route };
      const labels = { ...about, status: String(status) };
      const key = Object.values(labels).join(" ");
      const answer = answers.get(key) ?? { labels, count: 0 };
      answer.count += 1;
      answers.set(key, answer);
      const place = Object.values(about).join(" ");
      const known = durations.get(place);
      const duration = known ?? { labels: about, counts: new Array<number>(BOUNDS.length + 1).fill(0), sum: 0 };
      const bucket = BOUNDS.findIndex((bound) => seconds <= bound);
      const index = bucket < 0 ? BOUNDS.length : bucket;
      duration.counts[index] = (duration.counts[index] ?? 0) + 1;
      duration.sum += seconds;
      durations.set(place, duration);
    },
    families: () => [
      {
        name: "onvera_http_requests_total",
        type: "counter",
        help: "Requests this server answered, by declared route and status.",
        samples: [...answers.values()].map(({ labels, count }) => ({ labels, value: count })),
      },
      {
        name: "onvera_http_request_duration_seconds",
        type: "histogram",
        help: "Time until the answer began; of a stream, until it was opened.",
        samples: histogramSamples(BOUNDS, [...durations.values()]),
      },
    ],
  };
}
