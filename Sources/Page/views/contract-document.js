// An OpenAPI 3.1 document, as its readers ask it: operations in order, references followed.

const METHODS = ["get", "post", "put", "patch", "delete", "head", "options"];

export class Contract {
  constructor(document) {
    this.document = document;
    this.operations = Object.entries(document.paths).flatMap(([path, item]) =>
      METHODS.filter((method) => item[method]).map((method) => {
        const operation = item[method];
        const { operationId, summary, description, tags = [] } = operation;
        const words = [operationId, method, path, summary, description, ...tags].join(" ").toLowerCase();
        const parameters = [...(item.parameters ?? []), ...(operation.parameters ?? [])];
        return { ...operation, method, path, words, tag: tags[0] ?? "others", parameters };
      })
    );
    const named = (document.tags ?? []).map(({ name }) => name);
    const unnamed = [...new Set(this.operations.map(({ tag }) => tag))].filter((tag) => !named.includes(tag));
    this.tags = [...(document.tags ?? []), ...unnamed.map((name) => ({ name }))];
  }

  /** What an object stands for: itself, or what its reference leads to, whatever stands beside the reference being kept. */
  resolved(object) {
    const { $ref, ...beside } = object;
    if ($ref === undefined) return object;
    if (!$ref.startsWith("#/")) throw new Error(`The contract refers to ${$ref}, expected a place in itself.`);
    let place = this.document;
    for (const part of $ref.slice(2).split("/")) {
      place = place?.[decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~")];
    }
    if (place === undefined) throw new Error(`The contract refers to ${$ref}, which it does not have.`);
    return { ...this.resolved(place), ...beside };
  }

  /** Whether an operation needs a key: "always", "where the server asks for keys", or "never". */
  keyOf(operation) {
    const choices = operation.security ?? this.document.security ?? [];
    if (!choices.length) return "never";
    return choices.some((choice) => !Object.keys(choice).length) ? "where the server asks for keys" : "always";
  }

  /** The examples of a body or an answer, by name. */
  examples(media) {
    const found = media.example === undefined ? [] : [["", media.example]];
    for (const [name, example] of Object.entries(media.examples ?? {})) {
      const { summary, value } = this.resolved(example);
      found.push([summary ?? name, value]);
    }
    return found;
  }
}

/** The name at the end of a reference. */
export function referenceName(reference) {
  return reference?.split("/").pop();
}
