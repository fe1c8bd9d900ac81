/** Figures over time. */
import type { Timestamp } from "./columns.ts";

/** Samples of a deployment over five minutes or two hours, as arrays (src/store/metric-blocks.ts). */
export interface MetricBlocksTable {
  deployment_id: string;
  organization_id: string;
  resolution_seconds: number;
  starts_at: Timestamp;
  last_at: Timestamp;
  offsets: number[];
  series: string[];
  readings: (number | null)[];
}
