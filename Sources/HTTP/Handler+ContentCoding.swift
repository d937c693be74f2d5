extension Handler {
  /// This handler with gzip for those who accept it: texts from 1 KiB on, in answers that are whole. Streams pass as they are:
  /// a compressor would hold their events back.
  package func compressed(from minimum: Int = 1024) -> some Handler {
    decorated { request, next in
      let response = await next.respond(to: request)
      return response.compressed(for: AcceptedCodings(request.headers.values(of: "Accept-Encoding")), from: minimum)
    }
  }

  /// This handler with request bodies in gzip or deflate expanded on the way; limits on a body's size hold for what it expands to.
  /// A coding that is not known is answered 415 (RFC 9110 §15.5.16).
  package func expandingBodies(refuse: @escaping RefusalResponse = Refusal.plainText) -> some Handler {
    decorated { request, next in
      let names = request.headers.values(of: "Content-Encoding").flatMap { $0.split(separator: ",") }.map { $0.trimmingBlanks() }
      let codings = names.filter { $0.lowercased() != "identity" }
      guard let name = codings.first else { return await next.respond(to: request) }
      guard codings.count == 1, let coding = ContentCoding(named: name) else {
        let refusal = Refusal(
          .unsupportedMediaType, "Content-Encoding is \(codings.joined(separator: ", ")), expected gzip, deflate or none.",
          headers: ["Accept-Encoding": "gzip, deflate"])
        return refuse(refusal)
      }
      var request = request
      request.headers.removeAll(named: "Content-Encoding")
      request.headers.removeAll(named: "Content-Length")
      request.body = request.body.expanded(from: coding)
      return await next.respond(to: request)
    }
  }
}

extension Response {
  func compressed(for accepted: AcceptedCodings, from minimum: Int) -> Response {
    if status == .notModified {
      // RFC 9110 §15.4.5: the fields that choose among stored answers are sent with 304 too.
      var response = self
      response.headers.append("Vary", "Accept-Encoding")
      return response
    }
    guard case .bytes(let bytes) = body, bytes.count >= minimum, isText, !headers.contains("Content-Encoding") else { return self }
    var response = self
    // Caches have to know, of the plain form too (RFC 9110 §12.5.5).
    response.headers.append("Vary", "Accept-Encoding")
    let forbids = headers.values(of: "Cache-Control").contains { $0.lowercased().contains("no-transform") }
    // Beyond a few hundred kilobytes the time on the I/O loop matters more than the last percent.
    guard accepted.prefersGzip, !forbids, let small = Deflater.gzip(bytes, level: bytes.count > 256 * 1024 ? 1 : 5), small.count < bytes.count else {
      return response
    }
    response.body = .bytes(small)
    response.headers["Content-Encoding"] = "gzip"
    // The same content in other bytes: a strong tag would promise the bytes (RFC 9110 §8.8.1).
    if let tag = headers["ETag"], !tag.hasPrefix("W/") { response.headers["ETag"] = "W/" + tag }
    return response
  }

  private var isText: Bool {
    let type = (headers["Content-Type"] ?? "").prefix { $0 != ";" }.trimmingBlanks().lowercased()
    let others = ["application/json", "application/yaml", "application/javascript", "application/xml", "image/svg+xml"]
    return type.hasPrefix("text/") || type.hasSuffix("+json") || type.hasSuffix("+xml") || others.contains(type)
  }
}
