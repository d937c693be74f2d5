extension Handler {
  /// This handler with `Strict-Transport-Security` on what it answers under TLS, and never otherwise (RFC 6797 §7.1, §7.2): for `seconds` from
  /// now browsers come by HTTPS alone.
  package func strictTransport(seconds: Int) -> some Handler {
    decorated { request, next in
      var response = await next.respond(to: request)
      if request.isSecure { response.headers["Strict-Transport-Security"] = "max-age=\(seconds)" }
      return response
    }
  }
}
