internal import Locking

/// Where a tensor came from: the origins of its inputs and the function from its gradient to theirs.
final class Origin: Sendable {
  /// Emptied once, when this node is freed.
  private let links: Protected<[Origin?]>
  /// Whether a history starts here: a watched tensor.
  let isStart: Bool
  /// From the gradient of the output to one gradient an input, in the shape of that input; nil where the input is not watched.
  let pullback: @Sendable (Tensor) -> [Tensor?]

  init(inputs: [Origin?], pullback: @escaping @Sendable (Tensor) -> [Tensor?]) {
    links = Protected(inputs)
    isStart = inputs.isEmpty
    self.pullback = pullback
  }

  /// One entry an input; nil for an input that nobody watches.
  var inputs: [Origin?] { links.withLock { $0 } }

  private func surrenderInputs() -> [Origin?] {
    links.withLock { links in
      defer { links = [] }
      return links
    }
  }

  /// Frees a history from its end in a loop: left to the references alone, a long one would nest a call for every step and overflow the stack.
  deinit {
    var pending = surrenderInputs()
    while let last = pending.indices.last {
      let inputs = isKnownUniquelyReferenced(&pending[last]) ? pending[last]?.surrenderInputs() ?? [] : []
      pending.removeLast()
      pending += inputs
    }
  }
}

extension Tensor {
  /// The same numbers as the start of a history: gradients with respect to this tensor can be asked for.
  package func watched() -> Tensor {
    Tensor(shape: shape, scalars: scalars, origin: Origin(inputs: [], pullback: { _ in [] }))
  }

  package var isWatched: Bool { origin != nil }

  /// What a watched tensor is known by in `Gradients` and in batch statistics.
  package var identity: ObjectIdentifier? { origin.map(ObjectIdentifier.init) }

  /// This result with its history, where one of its inputs has one.
  ///
  /// The pullback captures detached tensors only, so that a history is freed from its end.
  func recording(_ inputs: Tensor..., pullback: @escaping @Sendable (Tensor) -> [Tensor?]) -> Tensor {
    recording(inputs, pullback: pullback)
  }

  func recording(_ inputs: [Tensor], pullback: @escaping @Sendable (Tensor) -> [Tensor?]) -> Tensor {
    guard inputs.contains(where: \.isWatched) else { return self }
    return Tensor(shape: shape, scalars: scalars, origin: Origin(inputs: inputs.map(\.origin), pullback: pullback))
  }

  /// Reverse-mode gradients of this scalar with respect to every watched tensor that it depends on.
  package func backward() -> Gradients {
    precondition(count == 1, "gradients start from a scalar, not from a tensor of shape \(shape)")
    return backward(from: .ones(shape))
  }

  /// Reverse-mode product of `gradient`, in the shape of this tensor, with the Jacobian of everything it depends on.
  package func backward(from gradient: Tensor) -> Gradients {
    precondition(gradient.shape == shape, "a gradient of shape \(gradient.shape) for a tensor of shape \(shape)")
    var gradients = Gradients()
    guard let origin else { return gradients }
    gradients.add(gradient.detached, to: origin)
    for node in origin.ancestorsLastFirst() {
      guard let upstream = gradients.finished(node) else { continue }
      for (input, contribution) in zip(node.inputs, node.pullback(upstream)) {
        if let input, let contribution { gradients.add(contribution, to: input) }
      }
    }
    return gradients
  }
}

extension Origin {
  /// Every node that this one depends on, itself first, each before its own inputs; found without recursion, so depth costs no stack.
  fileprivate func ancestorsLastFirst() -> [Origin] {
    var order: [Origin] = []
    var seen: Set<ObjectIdentifier> = [ObjectIdentifier(self)]
    var path: [(node: Origin, inputs: [Origin?], next: Int)] = [(self, inputs, 0)]
    while let (node, inputs, next) = path.last {
      if next == inputs.count {
        order.append(node)
        path.removeLast()
        continue
      }
      path[path.count - 1].next += 1
      if let input = inputs[next], seen.insert(ObjectIdentifier(input)).inserted { path.append((input, input.inputs, 0)) }
    }
    return order.reversed()
  }
}

/// Gradients by the watched tensor that they belong to.
package struct Gradients: Sendable {
  private var byOrigin: [ObjectIdentifier: Tensor] = [:]
  /// The watched tensors' origins, kept alive so that no later tensor can be taken for one of them.
  private var starts: [Origin] = []

  /// The gradient with respect to a watched tensor, or nil where the result does not depend on it.
  package subscript(_ tensor: Tensor) -> Tensor? { tensor.identity.flatMap { byOrigin[$0] } }

  fileprivate mutating func add(_ contribution: Tensor, to origin: Origin) {
    let key = ObjectIdentifier(origin)
    // Taken out while it is changed, so that the sum happens in place.
    if var sum = byOrigin.updateValue(contribution, forKey: key) {
      sum.accumulate(contribution)
      byOrigin[key] = sum
    } else if origin.isStart {
      starts.append(origin)
    }
  }

  /// The complete gradient of a node; an inner node's is handed over, a watched tensor's is kept.
  fileprivate mutating func finished(_ origin: Origin) -> Tensor? {
    origin.isStart ? byOrigin[ObjectIdentifier(origin)] : byOrigin.removeValue(forKey: ObjectIdentifier(origin))
  }
}
