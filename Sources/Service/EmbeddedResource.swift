internal import CResources

/// A file of the project that travels inside the binary.
package enum EmbeddedResource {
  /// The HTTP contract, `openapi.yaml`.
  package static var contract: [UInt8] { bytes(named: "openapi.yaml") }

  /// Of all, in order: paths from the project's root.
  static var names: [String] { (0..<embedded_resources_count).map { String(cString: embedded_resource_at($0).name) } }

  static func bytes(named name: String) -> [UInt8] {
    for index in 0..<embedded_resources_count {
      let resource = embedded_resource_at(index)
      if String(cString: resource.name) == name { return Array(UnsafeBufferPointer(start: resource.bytes, count: resource.count)) }
    }
    preconditionFailure("\(name) is not in the binary")
  }
}
