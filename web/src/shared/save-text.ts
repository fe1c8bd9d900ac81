/** Hands text to the browser as a file. */
export const saveText = (name: string, text: string): void => saveFile(name, new Blob([text], { type: "text/plain" }));

/** Hands a file to the browser. */
export function saveFile(name: string, file: Blob): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}
