internal import HTTP
internal import Registry

extension Application {
  /// GET /: what this is, for a person with a browser.
  func page(_ request: Request) throws -> Response {
    try request.checkQuery()
    let host = request.headers["Host"] ?? "127.0.0.1:8080"
    let prefix = escaped(request.prefix)
    let models = options.requiresKeys ? nil : try store.models(limit: 50).items
    let html = """
      <!doctype html>
      <html lang="en">
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width">
      <title>Posterior</title>
      <style>
        body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 3rem auto; padding: 0 1rem; color: #222 }
        table { border-collapse: collapse } td, th { padding: .2rem 1rem .2rem 0; text-align: left }
        pre { background: #f4f4f4; padding: .7rem; overflow-x: auto }
      </style>
      <h1>Posterior</h1>
      <p>This server answers questions about generative latent-variable models over HTTP: new samples, encodings, reconstructions and likelihood
      bounds. The same model, seed and input give the same bytes, whatever else the server is doing.</p>
      <h2>Models</h2>
      \(models.map { modelTable($0, prefix) } ?? "<p>The list needs a key: GET /v1/models.</p>")
      <h2>Try it</h2>
      <pre>curl -X POST '\(request.isSecure ? "https" : "http")://\(escaped(host))\(prefix)/v1/models/\(escaped(models?.first { $0.live != nil }?.name ?? "NAME"))/sample?n=16&amp;seed=1' \\
        -H 'Accept: image/png' -o samples.png</pre>
      <p>The contract: <a href="\(prefix)/openapi.yaml">openapi.yaml</a>. Lists: <a href="\(prefix)/v1/models">models</a>, <a href="\(prefix)/v1/families">families</a>,
      <a href="\(prefix)/v1/runs">runs</a>.</p>
      </html>

      """
    var response = Response.text(html, type: "text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response
  }

  private func modelTable(_ models: [Model], _ prefix: String) -> String {
    guard !models.isEmpty else { return "<p>None yet. Register one with <code>posterior models upload FILE --name NAME</code>.</p>" }
    let rows = models.map { model in
      let version = model.live ?? model.versions.last
      let cells = [
        "<a href=\"\(prefix)/v1/models/\(escaped(model.name))\">\(escaped(model.name))</a>", version.map { "\($0.version)" } ?? "none",
        escaped(version?.facts.family ?? ""), escaped(version.map { operations(of: $0).joined(separator: ", ") } ?? ""),
      ]
      return "<tr>" + cells.map { "<td>\($0)</td>" }.joined() + "</tr>"
    }
    return "<table><tr><th>name</th><th>version</th><th>family</th><th>operations</th></tr>\n\(rows.joined(separator: "\n"))\n</table>"
  }

  private func escaped(_ text: String) -> String {
    let entities: [Character: String] = ["&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&#39;"]
    return text.map { entities[$0] ?? String($0) }.joined()
  }
}
