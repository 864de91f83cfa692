// What page.ts put into a page for its script.

/** Throws where the page has no such value: its script is of another version. */
export function pageData<Value>(name: string): Value {
  const text = document.getElementById(`data-${name}`)?.textContent;
  if (!text) throw new Error(`page: has no data "${name}"`);
  return JSON.parse(text) as Value;
}
