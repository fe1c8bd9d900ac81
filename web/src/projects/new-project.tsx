/** Makes a project and opens its page. */
import { TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { api, dataOf, idempotent } from "../api/client.ts";
import { queryClient } from "../api/query-client.ts";
import { keys } from "../api/query-keys.ts";
import { FormShell } from "../shared/form-shell.tsx";
import { NameInput } from "../shared/name-input.tsx";

export function NewProject() {
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [slug, setSlug] = useState("");
  const create = useMutation({
    mutationFn: () => {
      const body = { name: name.trim(), ...(slug.trim() && { slug: slug.trim() }) };
      return dataOf(api.POST("/api/v1/projects", { params: { header: idempotent() }, body }));
    },
    onSuccess: ({ id }) => {
      void queryClient.invalidateQueries({ queryKey: keys.projects });
      void navigate({ to: "/projects/$id", params: { id } });
    },
  });
  return (
    <FormShell sending={create} submit="Create project" isComplete={name.trim() !== ""}>
      <NameInput value={name} onChange={setName} />
      <TextInput
        label="Short name"
        description="Lower-case letters, digits and dashes. Made from the name, when left empty."
        value={slug}
        onChange={(event) => setSlug(event.currentTarget.value)}
      />
    </FormShell>
  );
}
