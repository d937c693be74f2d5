package import Tensors

/// A tree of named tensors: parameters that are trained and buffers that are only kept.
///
/// Names are declared once, in `fields`, and are part of the model file's contract; they follow PyTorch's, so weights trained there load by name.
package protocol Module: Sendable {
  static var fields: [Field<Self>] { get }

  /// Calls `body` with every tensor of the tree, in the order of the fields, under its dotted path.
  mutating func visit(_ path: String, _ body: (_ leaf: Leaf, inout Tensor) -> Void)
}

/// What a visitor learns about a tensor beside its numbers.
package struct Leaf: Sendable {
  package let path: String
  /// False for buffers such as running averages.
  package let isTrainable: Bool
  /// For the weight of a linear layer or a convolution: the layout of products in which serving keeps it.
  package var layout: WeightLayout?

  package init(path: String, isTrainable: Bool, layout: WeightLayout? = nil) {
    (self.path, self.isTrainable, self.layout) = (path, isTrainable, layout)
  }
}

/// One named part of a module.
package struct Field<Root>: Sendable {
  fileprivate let visit: @Sendable (inout Root, String, (Leaf, inout Tensor) -> Void) -> Void

  /// A tensor that is trained.
  package static func parameter(_ name: String, _ path: any WritableKeyPath<Root, Tensor> & Sendable) -> Self {
    Self { root, prefix, body in body(Leaf(path: prefix.appendingName(name), isTrainable: true), &root[keyPath: path]) }
  }

  /// The trained weight of a layer that is a product.
  package static func weight(_ name: String, _ layout: WeightLayout, _ path: any WritableKeyPath<Root, Tensor> & Sendable) -> Self {
    Self { root, prefix, body in body(Leaf(path: prefix.appendingName(name), isTrainable: true, layout: layout), &root[keyPath: path]) }
  }

  /// A trained tensor that some configurations leave out.
  package static func parameter(_ name: String, _ path: any WritableKeyPath<Root, Tensor?> & Sendable) -> Self {
    Self { root, prefix, body in
      guard var tensor = root[keyPath: path] else { return }
      root[keyPath: path] = nil
      body(Leaf(path: prefix.appendingName(name), isTrainable: true), &tensor)
      root[keyPath: path] = tensor
    }
  }

  /// A tensor that is saved but not trained.
  package static func buffer(_ name: String, _ path: any WritableKeyPath<Root, Tensor> & Sendable) -> Self {
    Self { root, prefix, body in body(Leaf(path: prefix.appendingName(name), isTrainable: false), &root[keyPath: path]) }
  }

  /// A module inside this one; arrays of modules are numbered, absent ones have no names.
  package static func child<Child: Module>(_ name: String, _ path: any WritableKeyPath<Root, Child> & Sendable) -> Self {
    Self { root, prefix, body in root[keyPath: path].visit(prefix.appendingName(name), body) }
  }
}

extension Module {
  package static var fields: [Field<Self>] { [] }

  package mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) {
    for field in Self.fields { field.visit(&self, path, body) }
  }

  package mutating func visit(_ body: (Leaf, inout Tensor) -> Void) { visit("", body) }

  /// Every tensor by its path, in order.
  package var leaves: [(leaf: Leaf, tensor: Tensor)] {
    var copy = self
    var leaves: [(Leaf, Tensor)] = []
    copy.visit { leaves.append(($0, $1)) }
    return leaves
  }

  /// The number of trained scalars.
  package var parameterCount: Int { leaves.reduce(0) { $0 + ($1.leaf.isTrainable ? $1.tensor.count : 0) } }

  /// The trained tensors, in order.
  package var parameterTensors: [Tensor] {
    get { leaves.filter(\.leaf.isTrainable).map(\.tensor) }
    set {
      var left = newValue[...]
      visit { leaf, tensor in if leaf.isTrainable { tensor = left.removeFirst() } }
      precondition(left.isEmpty, "\(left.count) tensors more than there are parameters")
    }
  }

  /// The same tree with every tensor replaced.
  package func mapping(_ transform: (Leaf, Tensor) -> Tensor) -> Self {
    var copy = self
    copy.visit { leaf, tensor in tensor = transform(leaf, tensor) }
    return copy
  }
}

extension Module {
  /// The same network for answering requests: the weights of its products are packed once, in place of their rows.
  package consuming func packed() -> Self {
    visit { leaf, tensor in if let layout = leaf.layout { tensor = tensor.packed(layout) } }
    return self
  }

  /// The same network for many gradients with respect to its input: packed, and its weights a second time for the backward pass.
  package consuming func packedBothWays() -> Self {
    visit { leaf, tensor in if let layout = leaf.layout { tensor = tensor.packedBothWays(layout) } }
    return self
  }

  /// Bytes of all tensors as they are kept.
  package var byteCount: Int { leaves.reduce(0) { $0 + $1.tensor.byteCount } }
}

extension Array: Module where Element: Module {
  package mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) {
    for index in indices { self[index].visit(path.appendingName(String(index)), body) }
  }
}

extension Optional: Module where Wrapped: Module {
  package mutating func visit(_ path: String, _ body: (Leaf, inout Tensor) -> Void) { self?.visit(path, body) }
}

extension String {
  package func appendingName(_ name: String) -> String { isEmpty ? name : self + "." + name }
}
