/** What was done with a deployment. */
import { OperationTable } from "../operations/operation-table.tsx";
import { Failure, Loading } from "../shared/states.tsx";
import { useHistory } from "./queries.ts";

export function HistoryTab({ id }: { id: string }) {
  const history = useHistory(id);
  if (history.error) return <Failure error={history.error} onRetry={() => void history.refetch()} />;
  if (!history.data) return <Loading />;
  return <OperationTable operations={history.data.items} />;
}
