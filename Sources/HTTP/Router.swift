/// Finds the handler for a method and path; is itself a handler.
///
/// A pattern is literal segments and `{name}` segments: "/v1/models/{model}/sample". Literals win over names; a name never matches
/// an empty segment. Without a match: 404, or 405 with `Allow` when only the method is wrong (RFC 9110 §15.5.6). GET routes serve HEAD;
/// OPTIONS answers `Allow` (RFC 9110 §9.3.7).
package struct Router: Handler {
  package let bodyLimit: Int
  package private(set) var routes: [Route] = []
  private let refuse: RefusalResponse
  private var root = Node()

  package init(bodyLimit: Int = Limits().bodyBytes, refuse: @escaping RefusalResponse = Refusal.plainText) {
    self.bodyLimit = bodyLimit
    self.refuse = refuse
  }

  /// Adds a route; `bodyLimit` overrides the router's.
  ///
  /// - Precondition: the pattern starts with `/`, and no other route has the same method and pattern.
  package mutating func add(_ method: Method, _ pattern: String, bodyLimit: Int? = nil, _ handler: any Handler) {
    precondition(pattern.hasPrefix("/"), "a route's pattern starts with /, not \"\(pattern)\"")
    let route = Route(method: method, pattern: pattern, bodyLimit: bodyLimit ?? self.bodyLimit)
    let isNew = root.insert(Endpoint(route: route, handler: handler), at: Self.segments(of: pattern)[...])
    precondition(isNew, "two routes for \(method) \(pattern)")
    let position = routes.firstIndex { (route.pattern, route.method.rawValue) < ($0.pattern, $0.method.rawValue) }
    routes.insert(route, at: position ?? routes.endIndex)
  }

  package mutating func add(
    _ method: Method, _ pattern: String, bodyLimit: Int? = nil, _ respond: @escaping ClosureHandler.Answer
  ) {
    add(method, pattern, bodyLimit: bodyLimit, ClosureHandler(respond))
  }

  package nonisolated(nonsending) func respond(to request: Request) async -> Response {
    if request.segments == ["*"], request.target == "*" { return Response(.noContent, headers: ["Allow": allow(Set(routes.map(\.method)))]) }
    guard let (node, values) = root.find(request.segments[...]) else {
      return refuse(Refusal(.notFound, "There is nothing at \(request.target.prefix(256))."))
    }
    guard let endpoint = node.endpoints[request.method] ?? (request.method == .head ? node.endpoints[.get] : nil) else {
      let allowed = allow(Set(node.endpoints.keys))
      if request.method == .options { return Response(.noContent, headers: ["Allow": allowed]) }
      return refuse(Refusal(.methodNotAllowed, "\(request.method) is not possible here; \(allowed) are.", headers: ["Allow": allowed]))
    }
    var request = request
    request.route = endpoint.route.pattern
    for (name, value) in zip(endpoint.names, values) { request.parameters[name] = value }
    request.body = request.body.limited(to: endpoint.route.bodyLimit)
    if let length = request.body.length, length > endpoint.route.bodyLimit {
      return refuse(BodyError.tooLarge(limit: endpoint.route.bodyLimit).refusal)
    }
    return await endpoint.handler.respond(to: request)
  }

  private func allow(_ methods: Set<Method>) -> String {
    let implied: Set<Method> = methods.contains(.get) ? [.head, .options] : [.options]
    return methods.union(implied).map(\.rawValue).sorted().joined(separator: ", ")
  }

  private static func segments(of pattern: String) -> [Substring] {
    pattern == "/" ? [] : pattern.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
  }
}

/// What a router serves: the row of the contract that it implements.
package struct Route: Sendable, Hashable {
  package let method: Method
  package let pattern: String
  package let bodyLimit: Int
}

private struct Endpoint: Sendable {
  let route: Route
  let handler: any Handler
  let names: [String]

  init(route: Route, handler: any Handler) {
    self.route = route
    self.handler = handler
    names = route.pattern.split(separator: "/").filter(\.isParameter).map { String($0.dropFirst().dropLast()) }
    precondition(Set(names).count == names.count, "a parameter is named twice in \(route.pattern)")
  }
}

/// One segment deep in the tree of patterns.
private struct Node: Sendable {
  var endpoints: [Method: Endpoint] = [:]
  private var literals: [String: Node] = [:]
  private var parameter: [Node] = []  // none or one: a struct can't hold itself but in an array

  /// False when the method and pattern are taken.
  mutating func insert(_ endpoint: Endpoint, at path: ArraySlice<Substring>) -> Bool {
    guard let segment = path.first else {
      return endpoints.updateValue(endpoint, forKey: endpoint.route.method) == nil
    }
    if segment.isParameter {
      if parameter.isEmpty { parameter.append(Node()) }
      return parameter[0].insert(endpoint, at: path.dropFirst())
    }
    return literals[String(segment), default: Node()].insert(endpoint, at: path.dropFirst())
  }

  /// The node of a path and the values of its parameters, in order.
  func find(_ path: ArraySlice<String>) -> (Node, [String])? {
    guard let segment = path.first else { return endpoints.isEmpty ? nil : (self, []) }
    if let found = literals[segment]?.find(path.dropFirst()) { return found }
    guard !segment.isEmpty, let (node, values) = parameter.first?.find(path.dropFirst()) else { return nil }
    return (node, [segment] + values)
  }
}

extension Substring {
  fileprivate var isParameter: Bool { hasPrefix("{") && hasSuffix("}") && count > 2 }
}
