// The server, as the page speaks with it: keys, problems, receipts, events, and what happens while it is away.

/** Where the server is: below any prefix that a proxy puts in front; this file is in page/DIGEST. */
export const root = new URL("../../", import.meta.url);

const KEY = "posterior-key";
const NAME = "posterior-key-name";

/** The key of this tab; it ends with the tab. */
export const session = {
  get key() {
    return sessionStorage.getItem(KEY);
  },
  get name() {
    return sessionStorage.getItem(NAME) ?? "a key";
  },
  enter(key, name) {
    sessionStorage.setItem(KEY, key);
    sessionStorage.setItem(NAME, name ?? "a key");
    changed();
  },
  leave() {
    sessionStorage.removeItem(KEY);
    sessionStorage.removeItem(NAME);
    changed();
  },
};

const listeners = new Set();
function changed() {
  for (const listener of listeners) listener();
}
/** Calls back when the key or the server's presence changed. */
export function onChange(listener) {
  listeners.add(listener);
}

/** Whether the server answered last. */
export let isAway = false;

/** An answer that is no success, in its own words. */
export class Problem extends Error {
  constructor(status, members) {
    super(members.detail ?? members.error ?? members.title ?? `The server answered ${status}.`);
    this.status = status;
    this.members = members;
  }
  get field() {
    return this.members.field;
  }
}

/** The server can't be reached. */
export class Away extends Error {
  constructor() {
    super("The server does not answer.");
  }
}

/** What says how an answer came about. */
function receipt(headers) {
  const value = (name) => headers.get(`Posterior-${name}`) ?? undefined;
  return {
    model: value("Model"),
    digest: value("Digest"),
    seed: value("Seed"),
    first_item: value("First-Item"),
    run: value("Run"),
    shape: value("Shape"),
    warnings: value("Warning"),
  };
}

async function send(method, path, { query, body, type, accept = "application/json", headers = {}, signal } = {}) {
  const url = new URL(path.replace(/^\//, ""), root);
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") url.searchParams.append(name, value);
  }
  const isJSON = body !== undefined && type === undefined && !(body instanceof FormData);
  const fields = { Accept: accept, ...headers };
  if (isJSON) fields["Content-Type"] = "application/json";
  else if (type) fields["Content-Type"] = type;
  if (session.key) fields.Authorization = `Bearer ${session.key}`;
  let response;
  try {
    response = await fetch(url, { method, headers: fields, body: isJSON ? JSON.stringify(body) : body, signal, cache: "no-cache" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    leave();
    throw new Away();
  }
  if (isAway) arrive();
  if (response.ok) return response;
  const text = await response.text();
  let members;
  try {
    members = JSON.parse(text);
  } catch {
    members = { detail: `The server answered ${response.status} ${response.statusText}.` };
  }
  throw new Problem(response.status, members);
}

function leave() {
  if (isAway) return;
  isAway = true;
  changed();
  const look = async (pause) => {
    await new Promise((resolve) => setTimeout(resolve, pause));
    try {
      await fetch(new URL("readyz", root), { cache: "no-store" });
      arrive();
    } catch {
      look(Math.min(pause * 1.5, 5000));
    }
  };
  look(500);
}

function arrive() {
  if (!isAway) return;
  isAway = false;
  changed();
}

/** JSON, as it came. */
export async function get(path, query, options) {
  return parsed(await send("GET", path, { query, ...options }));
}

/** Sends `body` as JSON, or as it is where `options.type` names its type, and reads JSON. */
export async function post(path, body, options) {
  return parsed(await send("POST", path, { body, ...options }));
}

export async function change(method, path, body, options) {
  return parsed(await send(method, path, { body, ...options }));
}

async function parsed(response) {
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

/** An answer with its receipt: {response, receipt, type}. */
export async function ask(method, path, options) {
  const response = await send(method, path, options);
  return { response, receipt: receipt(response.headers), type: (response.headers.get("Content-Type") ?? "").split(";")[0] };
}

/** All entries of a list, page by page. */
export async function* pages(path, member, query = {}) {
  let token;
  do {
    const page = await get(path, { ...query, page_token: token });
    yield page[member];
    token = page.next_page_token;
  } while (token);
}

/**
 * Server-sent events, of a run for example, as {id, event, data}: through `fetch`, since an EventSource can't send a key.
 * Goes on after the last event where the connection ends early; ends with the stream's `end`.
 */
export async function* events(path, signal) {
  let last;
  let pause = 500;
  while (!signal?.aborted) {
    try {
      const headers = last === undefined ? {} : { "Last-Event-ID": last };
      const response = await send("GET", path, { accept: "text/event-stream", headers, signal });
      if (response.status === 204) return;
      for await (const event of parsedEvents(response.body)) {
        if (event.id !== undefined) last = event.id;
        pause = 500;
        yield event;
        if (event.event === "end") return;
      }
    } catch (error) {
      if (error.name === "AbortError") return;
      if (error instanceof Problem && error.status !== 503) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(pause * 2, 8000);
  }
}

async function* parsedEvents(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let event = { data: "" };
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += value;
      const lines = rest.split(/\r?\n/);
      rest = lines.pop();
      for (const line of lines) {
        if (line === "") {
          if (event.data || event.event) yield { ...event, data: event.data.replace(/\n$/, "") };
          event = { data: "" };
        } else if (!line.startsWith(":")) {
          const [, name, text] = line.match(/^([^:]*):? ?(.*)$/);
          if (name === "data") event.data += `${text}\n`;
          else event[name] = text;
        }
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
