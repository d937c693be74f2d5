/// A key path that closures may keep.
package typealias SettingPath<Root, Value> = any WritableKeyPath<Root, Value> & Sendable

/// Where a setting stands in its type: for a stored property its offset, which is reached at once; a walk along a key path takes some hundred times
/// as long.
struct Place<Root, Value>: Sendable {
  private let path: SettingPath<Root, Value>
  /// nil where the property is computed.
  private let offset: Int?

  init(_ path: SettingPath<Root, Value>) { (self.path, offset) = (path, MemoryLayout<Root>.offset(of: path)) }

  func value(in root: Root) -> Value {
    guard let offset else { return root[keyPath: path] }
    return withUnsafePointer(to: root) { UnsafeRawPointer($0).advanced(by: offset).assumingMemoryBound(to: Value.self).pointee }
  }

  func set(_ value: Value, in root: inout Root) { change(&root) { $0 = value } }

  func change<Failure: Error>(_ root: inout Root, _ body: (inout Value) throws(Failure) -> Void) throws(Failure) {
    guard let offset else { return try body(&root[keyPath: path]) }
    try withUnsafeMutablePointer(to: &root) { (root) throws(Failure) in
      try body(&UnsafeMutableRawPointer(root).advanced(by: offset).assumingMemoryBound(to: Value.self).pointee)
    }
  }
}
