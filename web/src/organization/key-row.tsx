/** A key in a list: what it may, when it was used, and what can be done with it. */
import { Button, Code, Group, Modal, Table } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { api, dataOf, idempotent } from "../api/client.ts";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";
import type { ApiKey } from "../api/types.ts";
import { StateBadge } from "../shared/badges.tsx";
import { Failure } from "../shared/states.tsx";
import { SureButton } from "../shared/sure-button.tsx";
import { When } from "../shared/when.tsx";
import { KeyShown } from "./new-key.tsx";

export const keyColumns = ["Name", "Key", "State", "Scopes", "Last used", "Expires", ""];

interface KeyRowProps {
  apiKey: ApiKey;
  canRevoke: boolean;
  /** A key acts as somebody, so only they, or who looks after a service account, get the next one. */
  canRotate: boolean;
}

export function KeyRow({ apiKey, canRevoke, canRotate }: KeyRowProps) {
  const { id, name, hint, status, scopes, last_used_at: lastUsed, expires_at: expires } = apiKey;
  const params = { path: { api_key_id: id } };
  const renew = () => {
    void queryClient.invalidateQueries({ queryKey: keys.apiKeys });
    void queryClient.invalidateQueries({ queryKey: keys.serviceAccounts });
  };
  const revoke = useMutation({
    mutationFn: () => dataOf(api.DELETE("/api/v1/api-keys/{api_key_id}", { params })),
    onSuccess: renew,
  });
  const rotate = useMutation({
    mutationFn: () =>
      dataOf(
        api.POST("/api/v1/api-keys/{api_key_id}/rotate", { params: { ...params, header: idempotent() }, body: {} }),
      ),
  });
  const close = () => {
    rotate.reset();
    renew();
  };
  const isActive = status === "active";
  return (
    <Table.Tr>
      <Table.Td>{name}</Table.Td>
      <Table.Td>
        <Code>{hint}</Code>
      </Table.Td>
      <Table.Td>
        <StateBadge state={status} />
      </Table.Td>
      <Table.Td title={scopes.join(", ")}>{scopes.length}</Table.Td>
      <Table.Td>
        <When at={lastUsed} size="sm" />
      </Table.Td>
      <Table.Td>
        <When at={expires} size="sm" />
      </Table.Td>
      <Table.Td ta="end">
        <Group gap="xs" justify="flex-end" wrap="nowrap">
          {canRotate && isActive && apiKey.replaced_by === null && (
            <Button
              size="xs"
              variant="default"
              onClick={() => rotate.mutate()}
              loading={rotate.isPending}
              aria-label={`Rotate ${name}`}
            >
              Rotate
            </Button>
          )}
          {canRevoke && isActive && (
            <SureButton
              label="Revoke"
              sure="Revoke for ever"
              onSure={() => revoke.mutate()}
              isBusy={revoke.isPending}
            />
          )}
        </Group>
        {rotate.error && <Failure error={rotate.error} />}
        <Modal opened={rotate.data !== undefined} onClose={close} title="The key before stays valid for a day">
          {rotate.data && <KeyShown text={rotate.data.key} />}
        </Modal>
      </Table.Td>
    </Table.Tr>
  );
}
