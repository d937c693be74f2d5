/// Anything that answers requests: a route, a router, a decorator around either.
package protocol Handler: Sendable {
  /// Answers; async only, because it runs on the I/O loop: work that computes or blocks belongs on an executor of its own.
  nonisolated(nonsending) func respond(to request: Request) async -> Response
}

/// A handler that is a closure.
package struct ClosureHandler: Handler {
  package typealias Answer = nonisolated(nonsending) @Sendable (Request) async -> Response

  private let answer: Answer

  package init(_ respond: @escaping Answer) { answer = respond }

  package nonisolated(nonsending) func respond(to request: Request) async -> Response { await answer(request) }
}

extension Handler {
  /// A handler around this one: it may change the request, the answer, or answer by itself.
  package func decorated(_ around: nonisolated(nonsending) @escaping @Sendable (Request, Self) async -> Response) -> some Handler {
    ClosureHandler { request in await around(request, self) }
  }
}
