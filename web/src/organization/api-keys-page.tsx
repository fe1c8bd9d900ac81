/** Keys for the command line and for programs: shown once, scoped, revocable. */
import { Button, Group, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { api, dataOf } from "../api/client.ts";
import { keys } from "../api/query-keys.ts";
import { useCaller } from "../session/use-caller.ts";
import { Copyable } from "../shared/copyable.tsx";
import { Listed } from "../shared/listed.tsx";
import { Page } from "../shared/page.tsx";
import { ScrollTable } from "../shared/scroll-table.tsx";
import { Empty } from "../shared/states.tsx";
import { KeyRow, keyColumns } from "./key-row.tsx";
import { NewKey } from "./new-key.tsx";

export function ApiKeysPage() {
  const [isOpen, { open, close }] = useDisclosure();
  const { caller, may } = useCaller();
  const list = useQuery({
    queryKey: keys.apiKeys,
    queryFn: () => dataOf(api.GET("/api/v1/api-keys", { params: { query: { per_page: 100 } } })),
  });
  return (
    <Page
      title="API keys"
      actions={
        may("keys:write") && (
          <Button onClick={open} leftSection={<IconPlus size={16} aria-hidden />}>
            New key
          </Button>
        )
      }
    >
      <Listed
        query={list}
        items={list.data?.items}
        empty={
          <Empty title="No keys">
            Programs and the command line act by a key. Make one above, or sign in from a terminal, which makes its own:
            <Group justify="center" mt="xs">
              <Copyable text="onvera auth login" what="the command" />
            </Group>
          </Empty>
        }
      >
        {(items) => (
          <ScrollTable isFramed label="API keys" columns={keyColumns}>
            {items.map((key) => (
              <KeyRow
                key={key.id}
                apiKey={key}
                canRevoke={may("keys:write")}
                canRotate={may("keys:write") && (key.service_account_id !== null || key.user_id === caller?.user.id)}
              />
            ))}
          </ScrollTable>
        )}
      </Listed>
      <Modal opened={isOpen} onClose={close} title="New API key">
        <NewKey />
      </Modal>
    </Page>
  );
}
