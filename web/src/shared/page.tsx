/** A page's frame: title, what can be done, contents. */
import { Anchor, Breadcrumbs, Group, Stack, Title } from "@mantine/core";
import { useDocumentTitle } from "@mantine/hooks";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

export interface Crumb {
  label: string;
  to: string;
}

interface PageProps {
  title: string;
  /** What the title is shown with: a badge. */
  beside?: ReactNode;
  crumbs?: readonly Crumb[];
  actions?: ReactNode;
  children: ReactNode;
}

export function Page({ title, beside, crumbs = [], actions, children }: PageProps) {
  useDocumentTitle(`${title} · Onvera`);
  return (
    <Stack gap="lg">
      <Stack gap={4}>
        {crumbs.length > 0 && (
          <Breadcrumbs separatorMargin={6}>
            {crumbs.map(({ label, to }) => (
              <Anchor key={to} component={Link} to={to} size="sm">
                {label}
              </Anchor>
            ))}
          </Breadcrumbs>
        )}
        <Group justify="space-between" gap="sm">
          <Group gap="sm">
            <Title order={1} size="h2">
              {title}
            </Title>
            {beside}
          </Group>
          <Group gap="xs">{actions}</Group>
        </Group>
      </Stack>
      {children}
    </Stack>
  );
}
