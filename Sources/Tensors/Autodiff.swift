extension Tensor {
  /// The same numbers as the start of a history: gradients with respect to this tensor can be asked for.
  package func watched() -> Tensor { attached(to: Origin()) }

  package var isWatched: Bool { origin != nil }

  /// What a watched tensor is known by in `Gradients` and in batch statistics.
  package var identity: ObjectIdentifier? { origin.map(ObjectIdentifier.init) }

  /// The same numbers with the history of a node; without one they stay as they are.
  func attached(to origin: Origin?) -> Tensor { origin.map { Tensor(shape: shape, scalars: scalars, origin: $0) } ?? self }

  /// This result with its history, where one of its inputs has one.
  ///
  /// `formula` is written in tensor operations, so it has derivatives of its own; `kernel` is the same function, faster, for passes that nobody watches.
  /// Neither captures a tensor that the derivative is a function of: what was kept comes with the step, in a watched pass with its history.
  func recorded(
    by inputs: Tensor..., keeping kept: Kept = .nothing, kernel: Pullback? = nil, operation: StaticString = #function, _ formula: @escaping Pullback
  ) -> Tensor {
    recorded(by: inputs, keeping: kept, kernel: kernel, operation: operation, formula)
  }

  func recorded(
    by inputs: [Tensor], keeping kept: Kept = .nothing, kernel: Pullback? = nil, operation: StaticString = #function, _ formula: @escaping Pullback
  ) -> Tensor {
    guard inputs.contains(where: \.isWatched) else { return self }
    return attached(
      to: Origin(
        inputs: inputs.map(\.origin), x: kept.contains(.inputs) ? inputs.map(\.detached) : [], y: kept.contains(.result) ? detached : nil,
        kernel: kernel, formula: formula, operation: operation))
  }
}

/// What a node keeps for its pullback.
struct Kept: OptionSet {
  let rawValue: Int
  static let nothing: Kept = []
  static let inputs = Kept(rawValue: 1)
  static let result = Kept(rawValue: 2)
}

/// From the gradient of an operation's result to one gradient an input, in the shape of that input; nil where it isn't asked about.
typealias Pullback = @Sendable (Step) -> [Tensor?]

/// What a pullback is handed.
struct Step {
  /// The gradient of the result.
  let g: Tensor
  /// The inputs, if they are kept.
  let x: [Tensor]
  /// Which inputs are asked about.
  let asked: [Bool]
  private let result: Tensor?
  private let histories: [Origin?]

  fileprivate init(g: Tensor, x: [Tensor], y: Tensor?, asked: [Bool], histories: [Origin?]) {
    (self.g, self.x, result, self.asked, self.histories) = (g, x, y, asked, histories)
  }

  /// Whether the pass is watched.
  var isWatched: Bool { !histories.isEmpty }

  /// The result, if it is kept.
  var y: Tensor {
    guard let result else { preconditionFailure("a pullback reads a result that its operation doesn't keep") }
    return result
  }

  /// Numbers that stand for an input, restored from what else is kept: in a watched pass they have the input's history.
  func input(_ place: Int, restoredAs numbers: Tensor) -> Tensor { numbers.attached(to: isWatched ? histories[place] : nil) }
}

extension Origin {
  /// The gradients of the inputs from that of the result; in a watched pass everything that was kept has its history again, so that this is recorded too.
  fileprivate func pulledBack(_ g: Tensor, asked: [Bool], watched: Bool) -> [Tensor?] {
    guard watched else { return (kernel ?? formula)(Step(g: g, x: x, y: y, asked: asked, histories: [])) }
    let histories = inputs
    let step = Step(
      g: g, x: zip(x, histories).map { $0.attached(to: $1) }, y: y?.attached(to: self), asked: asked, histories: histories)
    return formula(step)
  }
}

/// dy/dx for every x, in the shape of x: the product of `seed`, in the shape of y, with the Jacobian; zeros where y does not depend on an x.
///
/// The xs are taken as independent of each other. The walk ends at them: it neither visits nor pays for what they came from. A watched pass records itself, so that its results have gradients in turn.
package func gradients(of y: Tensor, at xs: [Tensor], from seed: Tensor? = nil, watched: Bool = false) -> [Tensor] {
  let seed = seed ?? .ones(y.shape)
  precondition(seed.shape == y.shape, "a gradient of shape \(seed.shape) for a tensor of shape \(y.shape)")
  guard let origin = y.origin else { return xs.map { .zeros($0.shape) } }
  var sums = Sums(watched: watched)
  sums.add(watched ? seed : seed.detached, to: origin)
  HistoryWalk(from: origin, to: Set(xs.compactMap(\.identity))).pullBack(&sums)
  return xs.map { x in x.identity.flatMap { sums[$0] } ?? .zeros(x.shape) }
}

/// The formula of a kernel that has none of its own: the same function in plain operations, computed again from the inputs.
func composed(_ function: @escaping @Sendable ([Tensor]) -> Tensor) -> Pullback {
  { step in
    // Copies at which the walk ends; in a watched pass they are still functions of the inputs.
    let x = zip(step.x, step.asked).map { x, isAsked in isAsked ? (step.isWatched ? x.copied : x.watched()) : x }
    let parts = gradients(of: function(x), at: x, from: step.g, watched: step.isWatched)
    return zip(parts, step.asked).map { $1 ? $0 : nil }
  }
}

extension Tensor {
  /// The same numbers as a result of their own.
  fileprivate var copied: Tensor { recorded(by: self) { [$0.g] } }

  /// Reverse-mode gradients of this scalar with respect to every watched tensor that it depends on.
  package func backward() -> Gradients {
    precondition(count == 1, "gradients start from a scalar, not from a tensor of shape \(shape)")
    return backward(from: .ones(shape))
  }

  /// Reverse-mode product of `gradient`, in the shape of this tensor, with the Jacobian of everything it depends on.
  package func backward(from gradient: Tensor) -> Gradients {
    precondition(gradient.shape == shape, "a gradient of shape \(gradient.shape) for a tensor of shape \(shape)")
    guard let origin else { return Gradients(sums: Sums(watched: false), starts: []) }
    var sums = Sums(watched: false)
    sums.add(gradient.detached, to: origin)
    let walk = HistoryWalk(from: origin, to: nil)
    walk.pullBack(&sums)
    return Gradients(sums: sums, starts: walk.starts)
  }
}

/// Gradients by the watched tensor that they belong to.
package struct Gradients: Sendable {
  fileprivate let sums: Sums
  /// The watched tensors' origins, kept alive so that no later tensor can be taken for one of them.
  fileprivate let starts: [Origin]

  /// The gradient with respect to a watched tensor, or nil where the result does not depend on it.
  package subscript(_ tensor: Tensor) -> Tensor? { tensor.identity.flatMap { sums[$0] } }
}

/// The gradients of nodes, each the sum of what came so far.
private struct Sums: Sendable {
  let watched: Bool
  private var byOrigin: [ObjectIdentifier: Tensor] = [:]

  init(watched: Bool) { self.watched = watched }

  subscript(_ node: ObjectIdentifier) -> Tensor? { byOrigin[node] }

  mutating func add(_ contribution: Tensor, to origin: Origin) {
    let key = ObjectIdentifier(origin)
    // Taken out while it is changed, so that the sum happens in place.
    guard var sum = byOrigin.updateValue(contribution, forKey: key) else { return }
    if watched { sum = sum + contribution } else { sum.accumulate(contribution) }
    byOrigin[key] = sum
  }

  /// The complete gradient of a node, which is handed over.
  mutating func finished(_ origin: Origin) -> Tensor? { byOrigin.removeValue(forKey: ObjectIdentifier(origin)) }
}

/// The nodes that a result depends on and that lead to the ends of a backward pass.
private struct HistoryWalk {
  /// The nodes to pull back, the result's first, each before its own inputs; ends are not among them.
  private(set) var order: [Origin] = []
  /// Watched tensors that were met.
  private(set) var starts: [Origin] = []
  private(set) var visits = 0
  private var leads: Set<ObjectIdentifier>

  /// Found without recursion, so that depth costs no stack. Without ends the walk goes to every start.
  init(from result: Origin, to ends: Set<ObjectIdentifier>?) {
    leads = ends ?? []
    var seen = leads
    var path: [(node: Origin, inputs: [Origin?], next: Int)] = []
    func enter(_ node: Origin) -> Bool { seen.insert(ObjectIdentifier(node)).inserted }
    if enter(result) { path.append((result, result.inputs, 0)) }
    visits = path.count
    while let (node, inputs, next) = path.last {
      if next == inputs.count {
        path.removeLast()
        if inputs.isEmpty { starts.append(node) }
        if inputs.isEmpty ? ends == nil : inputs.contains(where: isLeading) {
          leads.insert(ObjectIdentifier(node))
          if !inputs.isEmpty { order.append(node) }
        }
        continue
      }
      path[path.count - 1].next += 1
      guard let input = inputs[next], enter(input) else { continue }
      visits += 1
      path.append((input, input.inputs, 0))
    }
    order.reverse()
  }

  private func isLeading(_ node: Origin?) -> Bool { node.map { leads.contains(ObjectIdentifier($0)) } ?? false }

  /// Adds up the gradients of the ends.
  func pullBack(_ sums: inout Sums) {
    for node in order {
      guard let upstream = sums.finished(node) else { continue }
      let inputs = node.inputs
      let asked = inputs.map(isLeading)
      let parts = node.pulledBack(upstream, asked: asked, watched: sums.watched)
      for (place, part) in parts.enumerated() {
        if let part, asked[place], let input = inputs[place] { sums.add(part, to: input) }
      }
    }
  }
}

/// What tests ask about histories.
extension Tensor {
  /// The nodes that a backward pass to `xs` visits; without them, all that this tensor came from.
  package func historyVisits(to xs: [Tensor]? = nil) -> Int {
    origin.map { HistoryWalk(from: $0, to: xs.map { Set($0.compactMap(\.identity)) }).visits } ?? 0
  }

  /// The names of the operations that this tensor came from, as they are declared.
  package var operations: Set<String> {
    guard let origin else { return [] }
    return Set(HistoryWalk(from: origin, to: nil).order.map { String(describing: $0.operation) })
  }
}
