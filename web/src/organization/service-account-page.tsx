/** One service account: its role, its keys, its end. */
import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import type { ProjectRole } from "../../../src/domain/membership.ts";
import { api, dataOf } from "../api/client.ts";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";
import { isAdmin } from "../members/roles.ts";
import { useCaller } from "../session/use-caller.ts";
import { Copyable } from "../shared/copyable.tsx";
import { Listed } from "../shared/listed.tsx";
import { Page } from "../shared/page.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Empty, Failure, Loading } from "../shared/states.tsx";
import { SureButton } from "../shared/sure-button.tsx";
import { KeyRow, keyColumns } from "./key-row.tsx";
import { NewKey } from "./new-key.tsx";
import { RoleSelect } from "./service-accounts-page.tsx";

const route = getRouteApi("/service-accounts/$id");

export function ServiceAccountPage() {
  const { id } = route.useParams();
  const { caller } = useCaller();
  const navigate = useNavigate();
  const params = { path: { service_account_id: id } };
  const account = useQuery({
    queryKey: keys.serviceAccount(id),
    queryFn: () => dataOf(api.GET("/api/v1/service-accounts/{service_account_id}", { params })),
  });
  const change = useMutation({
    mutationFn: (role: ProjectRole) =>
      dataOf(api.PATCH("/api/v1/service-accounts/{service_account_id}", { params, body: { role } })),
    onSuccess: () => void queryClient.invalidateQueries({ queryKey: keys.serviceAccounts }),
  });
  const remove = useMutation({
    mutationFn: () => dataOf(api.DELETE("/api/v1/service-accounts/{service_account_id}", { params })),
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: keys.serviceAccounts, exact: true });
      void navigate({ to: "/service-accounts" });
    },
  });
  const failed = [change, remove].find(({ error }) => error !== null);
  if (account.error) return <Failure error={account.error} onRetry={() => void account.refetch()} />;
  if (!account.data) return <Loading />;
  const { name, description, role } = account.data;
  const mayChange = isAdmin(caller?.role);
  return (
    <Page
      title={name}
      crumbs={[{ label: "Service accounts", to: "/service-accounts" }]}
      actions={
        mayChange && (
          <SureButton label="Delete" sure="Delete, keys too" onSure={() => remove.mutate()} isBusy={remove.isPending} />
        )
      }
    >
      {failed?.error && <Failure error={failed.error} />}
      {description !== "" && <Text>{description}</Text>}
      <Group align="end">
        {mayChange ? (
          <RoleSelect value={role} onChange={(next) => change.mutate(next)} />
        ) : (
          <Text>
            Role: <b>{role}</b>
          </Text>
        )}
        <Copyable text={id} what="the id" />
      </Group>
      {mayChange && <AccountKeys id={id} />}
    </Page>
  );
}

function AccountKeys({ id }: { id: string }) {
  const [isOpen, { open, close }] = useDisclosure();
  const list = useQuery({
    queryKey: keys.serviceAccountKeys(id),
    queryFn: () =>
      dataOf(
        api.GET("/api/v1/service-accounts/{service_account_id}/keys", {
          params: { path: { service_account_id: id }, query: { per_page: 100 } },
        }),
      ),
  });
  return (
    <Stack>
      <Group justify="flex-end">
        <Button onClick={open} leftSection={<IconPlus size={16} aria-hidden />}>
          New key
        </Button>
      </Group>
      <Listed
        query={list}
        items={list.data?.items}
        usualRows={2}
        empty={<Empty title="No keys">The account can do nothing until it has one.</Empty>}
      >
        {(items) => (
          <ScrollTable isFramed label="Keys" columns={keyColumns}>
            {items.map((key) => (
              <KeyRow key={key.id} apiKey={key} canRevoke canRotate />
            ))}
          </ScrollTable>
        )}
      </Listed>
      <Modal opened={isOpen} onClose={close} title="New key">
        <NewKey accountId={id} />
      </Modal>
    </Stack>
  );
}
