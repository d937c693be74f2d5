extension Handler {
  /// This handler with what browsers need for web pages of these origins to use it (CORS, Fetch §3.2).
  ///
  /// - Parameter refusesOthers: whether requests that pages of other origins caused are answered 403. A browser sends a page's request, and hides
  ///   only the answer from it; where no key is needed the request would be carried out. Somebody who follows a link to the server is let through.
  package func shared(
    with origins: [OriginPattern], refusesOthers: Bool, refuse: @escaping RefusalResponse = Refusal.plainText
  ) -> some Handler {
    decorated { request, next in
      guard let origin = request.headers["Origin"] else {
        if refusesOthers, !origins.contains(.any), request.isForeign {
          return refuse(Refusal(.forbidden, "A web page of another site asked for this (Sec-Fetch-Site: cross-site), which needs --allowed-origins."))
        }
        var response = await next.respond(to: request)
        if !origins.isEmpty { response.headers.append("Vary", "Origin") }
        return response
      }
      if origins.contains(where: { $0.matches(origin) }) {
        var response = request.isPreflight ? request.preflightAnswer : await next.respond(to: request)
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = "*"
        response.headers.append("Vary", "Origin")
        return response
      }
      if refusesOthers, !request.isOwn(origin) {
        return refuse(Refusal(.forbidden, "A web page of \(origin.prefix(256)) asked for this, which needs --allowed-origins."))
      }
      return await next.respond(to: request)
    }
  }
}

extension Request {
  /// Whether it came through a Unix-domain socket.
  var isLocalSocket: Bool { remoteAddress == "unix" }

  /// Caused by a page of another site (Fetch Metadata §2.3), and no navigation of a window to a page.
  fileprivate var isForeign: Bool {
    guard headers["Sec-Fetch-Site"] == "cross-site" else { return false }
    let isNavigation = method == .get && headers["Sec-Fetch-Mode"] == "navigate" && headers["Sec-Fetch-Dest"] == "document"
    return !isNavigation
  }

  fileprivate func isOwn(_ origin: String) -> Bool {
    guard let origin = try? Origin(origin), let host = headers["Host"].flatMap({ Authority($0) }) else { return false }
    return origin.isOf(host)
  }

  fileprivate var isPreflight: Bool { method == .options && headers.contains("Access-Control-Request-Method") }

  fileprivate var preflightAnswer: Response {
    var answer = Response(
      .noContent, headers: ["Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE", "Access-Control-Max-Age": "600"])
    if let fields = headers["Access-Control-Request-Headers"] { answer.headers["Access-Control-Allow-Headers"] = fields }
    answer.headers.append("Vary", "Access-Control-Request-Headers")
    return answer
  }
}
