extension Handler {
  /// This handler with gzip for those who accept it: texts from 1 KiB on, and streams of text, whose pieces are flushed as they are written.
  /// Server-sent events pass as they are: between two of them a compressor would only keep memory.
  package func compressed(from minimum: Int = 1024) -> some Handler {
    decorated { request, next in
      let response = await next.respond(to: request)
      return response.compressed(for: request, from: minimum)
    }
  }

  /// This handler with request bodies in gzip or deflate expanded on the way; limits on a body's size hold for what it expands to, and
  /// `expansion` for how much larger that is.
  /// A coding that is not known is answered 415 (RFC 9110 §15.5.16).
  package func expandingBodies(
    within expansion: ExpansionLimit = ExpansionLimit(), refuse: @escaping RefusalResponse = Refusal.plainText
  ) -> some Handler {
    decorated { request, next in
      guard request.headers.contains("Content-Encoding") else { return await next.respond(to: request) }
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
      // What speaks of the coded bytes is not true of the expanded ones; digests are checked before, by `checkingDigests`.
      for name in ["Content-Encoding", "Content-Length", "Content-Digest", "Repr-Digest"] { request.headers.removeAll(named: name) }
      request.body = request.body.expanded(from: coding, within: expansion)
      return await next.respond(to: request)
    }
  }
}

extension Response {
  func compressed(for request: Request, from minimum: Int) -> Response {
    if status == .notModified {
      // RFC 9110 §15.4.5: the fields that choose among stored answers are sent with 304 too.
      var response = self
      response.headers.append("Vary", "Accept-Encoding")
      return response
    }
    guard isWorthCompressing(from: minimum), !headers.contains("Content-Encoding") else { return self }
    var response = self
    // Caches have to know, of the plain form too (RFC 9110 §12.5.5).
    response.headers.append("Vary", "Accept-Encoding")
    guard request.headers.contains("Accept-Encoding") else { return response }
    let forbids = headers.values(of: "Cache-Control").contains { $0.lowercased().contains("no-transform") }
    guard !forbids, AcceptedCodings(request.headers.values(of: "Accept-Encoding")).prefersGzip, let small = body.gzipped() else { return response }
    response.body = small
    response.headers["Content-Encoding"] = "gzip"
    // The same content in other bytes: a strong tag would promise the bytes (RFC 9110 §8.8.1).
    if let tag = headers["ETag"], !tag.hasPrefix("W/") { response.headers["ETag"] = "W/" + tag }
    return response
  }

  private func isWorthCompressing(from minimum: Int) -> Bool {
    switch body {
    case .empty: false
    case .bytes(let bytes): bytes.count >= minimum && isText
    case .stream(let length, _): length ?? .max >= minimum && isText
    }
  }

  private var isText: Bool {
    guard let given = headers["Content-Type"] else { return false }
    // The common case needs no parsing.
    if given == "application/json" { return true }
    let type = given.prefix { $0 != ";" }.trimmingBlanks().lowercased()
    let others = ["application/json", "application/yaml", "application/javascript", "application/xml", "image/svg+xml"]
    return (type.hasPrefix("text/") && type != "text/event-stream") || type.hasSuffix("+json") || type.hasSuffix("+xml") || others.contains(type)
  }
}

extension ResponseBody {
  /// The gzip form of this body; nil when it would not be smaller.
  fileprivate func gzipped() -> ResponseBody? {
    switch self {
    case .empty: nil
    case .bytes(let bytes):
      // Beyond a few hundred kilobytes the time on the I/O loop matters more than the last percent.
      Deflater.gzip(bytes, level: bytes.count > 256 * 1024 ? 1 : 5).flatMap { $0.count < bytes.count ? .bytes($0) : nil }
    case .stream(let length, let write):
      .stream(length: nil) { writer in
        let gzip = GzipSink(writer)
        try await write(BodyWriter(sink: gzip))
        try await gzip.finish(expecting: length)
      }
    }
  }
}
