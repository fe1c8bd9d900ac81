/** Service accounts: programs that act as themselves. */
import { Anchor, Badge, Button, Modal, Select, Table, Text, TextInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { type ProjectRole, projectRoles } from "../../../src/domain/membership.ts";
import { api, dataOf, idempotent } from "../api/client.ts";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";
import { isAdmin } from "../members/roles.ts";
import { useCaller } from "../session/use-caller.ts";
import { FormShell } from "../shared/form-shell.tsx";
import { Listed } from "../shared/listed.tsx";
import { NameInput } from "../shared/name-input.tsx";
import { Page } from "../shared/page.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Empty } from "../shared/states.tsx";
import { When } from "../shared/when.tsx";

export function ServiceAccountsPage() {
  const [isOpen, { open, close }] = useDisclosure();
  const { caller } = useCaller();
  const list = useQuery({
    queryKey: keys.serviceAccounts,
    queryFn: () => dataOf(api.GET("/api/v1/service-accounts")),
  });
  const button = isAdmin(caller?.role) && (
    <Button onClick={open} leftSection={<IconPlus size={16} aria-hidden />}>
      New service account
    </Button>
  );
  return (
    <Page title="Service accounts" actions={button}>
      <Text size="sm" c="dimmed" maw={640}>
        A program with a role and keys of its own: it goes on when the person who made it leaves.
      </Text>
      <Listed
        query={list}
        items={list.data?.items}
        usualRows={2}
        empty={
          <Empty title="No service accounts" action={button}>
            Make one for a pipeline, so that its keys hang on nobody's own account.
          </Empty>
        }
      >
        {(items) => (
          <ScrollTable
            isFramed
            label="Service accounts"
            columns={["Name", "Role", "Keys", "Last used", "Description", "Created"]}
          >
            {items.map((account) => (
              <Table.Tr key={account.id}>
                <Table.Td>
                  <Anchor component={Link} to={`/service-accounts/${account.id}`} size="sm" fw={600}>
                    {account.name}
                  </Anchor>
                </Table.Td>
                <Table.Td>
                  <Badge variant="default" tt="none">
                    {account.role}
                  </Badge>
                </Table.Td>
                <Table.Td>{account.active_keys}</Table.Td>
                <Table.Td>
                  <When at={account.last_used_at} size="sm" />
                </Table.Td>
                <Table.Td>{account.description}</Table.Td>
                <Table.Td>
                  <When at={account.created_at} size="sm" />
                </Table.Td>
              </Table.Tr>
            ))}
          </ScrollTable>
        )}
      </Listed>
      <Modal opened={isOpen} onClose={close} title="New service account">
        <NewAccount />
      </Modal>
    </Page>
  );
}

function NewAccount() {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [description, setDescription] = useState("");
  const [role, setRole] = useState<ProjectRole>("developer");
  const create = useMutation({
    mutationFn: () => {
      const body = { name, role, description };
      return dataOf(api.POST("/api/v1/service-accounts", { params: { header: idempotent() }, body }));
    },
    onSuccess: ({ id }) => {
      void queryClient.invalidateQueries({ queryKey: keys.serviceAccounts });
      void navigate({ to: "/service-accounts/$id", params: { id } });
    },
  });
  return (
    <FormShell sending={create} submit="Create service account" isComplete={name.trim() !== ""}>
      <NameInput value={name} onChange={setName} />
      <TextInput
        label="Description"
        value={description}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <RoleSelect value={role} onChange={setRole} />
    </FormShell>
  );
}

/** The roles an account can have. */
export function RoleSelect({ value, onChange }: { value: ProjectRole; onChange(role: ProjectRole): void }) {
  const choose = (chosen: string | null) => {
    const role = projectRoles.find((known) => known === chosen);
    if (role) onChange(role);
  };
  return <Select label="Role" data={[...projectRoles]} value={value} onChange={choose} allowDeselect={false} />;
}
