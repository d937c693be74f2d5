// Where the page is: everything that a view shows follows from the address, so that it can be kept, shared and gone back to.
// The form is `#/models/NAME/sample?seed=7`, of segments that are percent-encoded one by one.

/** The present address: {path: [segments], query: URLSearchParams}. */
export function address() {
  const text = location.hash.replace(/^#\/?/, "");
  const cut = text.indexOf("?");
  const path = (cut < 0 ? text : text.slice(0, cut)).split("/").filter(Boolean).map(decoded);
  return { path, query: new URLSearchParams(cut < 0 ? "" : text.slice(cut + 1)) };
}

function decoded(segment) {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The link to a path of segments, with whatever of `query` is not null or empty. */
export function link(path, query = {}) {
  const parameters = new URLSearchParams();
  for (const [name, value] of query instanceof URLSearchParams ? query : Object.entries(query)) {
    if (value !== undefined && value !== null && value !== "") parameters.append(name, value);
  }
  const tail = parameters.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${tail ? `?${tail}` : ""}`;
}

/** Goes to another view. */
export function go(path, query) {
  location.hash = link(path, query);
}

/** Writes what is shown into the address, without another entry in the history and without showing the view anew. */
export function remember(changes) {
  const { path, query } = address();
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  history.replaceState(null, "", link(path, query));
}
