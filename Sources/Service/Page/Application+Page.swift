internal import Formats
internal import HTTP

extension Application {
  /// What the page may load: its own files, pictures that it made itself, and answers of this server.
  private static let policy = [
    "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self' blob:", "connect-src 'self'", "base-uri 'none'",
    "form-action 'none'", "frame-ancestors 'none'",
  ].joined(separator: "; ")

  /// GET /: the page, for a person with a browser.
  func page(_ request: Request) throws -> Response {
    try request.checkQuery()
    let document = PageFiles.document(assets: "\(request.prefix)/page/\(PageFiles.digest)")
    var response = Response.bytes(document, type: "text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = Self.policy
    response.headers["Referrer-Policy"] = "no-referrer"
    return response.tagged(EntityTag(String(SHA256.digest(document).hex.prefix(32))), for: request)
  }

  /// GET /page/{digest}/{file} and /page/{digest}/{folder}/{file}: a file of the page.
  func pageFile(_ request: Request) throws -> Response {
    try request.checkQuery()
    let path = ["folder", "file"].compactMap { request.parameters[$0] }.joined(separator: "/")
    guard request.parameter("digest") == PageFiles.digest, let type = PageFiles.mediaType(of: path), let bytes = PageFiles.all[path] else {
      throw Problem(.notFound, "The page of this server has no file \(path.prefix(80)) of this digest; load the page again.")
    }
    return Response.bytes(bytes, type: type).tagged(EntityTag(PageFiles.digest), for: request, caching: "public, max-age=31536000, immutable")
  }
}
