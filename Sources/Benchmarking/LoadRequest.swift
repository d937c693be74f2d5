/// One request, as it goes on the wire.
package struct LoadRequest: Sendable, Equatable {
  let bytes: [UInt8]

  /// - Parameters:
  ///   - path: after the destination's base path, with its query.
  ///   - fields: beside Host and Content-Length.
  package init(_ method: String, _ path: String, at destination: Destination, fields: [(String, String)] = [], body: [UInt8] = []) {
    var head = "\(method) \(destination.basePath)\(path) HTTP/1.1\r\nHost: \(destination.authority)\r\n"
    for (name, value) in fields { head += "\(name): \(value)\r\n" }
    if !body.isEmpty || method != "GET" { head += "Content-Length: \(body.count)\r\n" }
    bytes = Array((head + "\r\n").utf8) + body
  }
}
