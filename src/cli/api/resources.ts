/** The resources the commands show. */
import type { OperationError, OperationStatus } from "../../domain/operation.ts";

export interface Deployment {
  id: string;
  name: string;
  app_type: string;
  status: string;
  url: string | null;
  environment_id: string;
  created_at: string;
  protected?: boolean;
  links: { self: string; operation: string | null };
}

export interface Operation {
  id: string;
  type: string;
  status: OperationStatus;
  progress: { phase: string; message: string };
  resource_type: string;
  resource_id: string;
  requested_at: string;
  started_at: string | null;
  ended_at: string | null;
  error?: OperationError | null;
  result?: Record<string, unknown> | null;
}

export interface Accepted {
  deployment_id: string;
  operation_id: string;
}

export interface Page<T> {
  items: T[];
  pagination?: { page: number; per_page: number; total: number; pages: number; next_cursor?: string | null };
}
