internal import Formats
internal import HTTP
internal import Modelling
internal import Tensors

extension Items {
  /// Pictures in `multipart/form-data`: parts `image`, one an item, and parts `mask`, none, one for all images or one an image.
  ///
  /// Both are PNGs. What is white in a mask (128 and more of 255) is hidden.
  static func form(_ bytes: [UInt8], contentType: MediaType, signature: Signature, limits: ServiceLimits, takesMasks: Bool) throws -> Items {
    var (images, masks): ([Items], [[Float]]) = ([], [])
    for part in try MultipartForm(contentType: contentType.name).parts(of: bytes) {
      switch part.name {
      case "image": images.append(try reading("image[\(images.count)]") { try .png(part.bytes, signature: signature) })
      case "mask" where takesMasks: masks.append(try reading("mask[\(masks.count)]") { try mask(part.bytes, signature: signature) })
      default:
        let expected = takesMasks ? "image and mask" : "image"
        throw Problem(
          .impossible, "The form has a part \"\(part.name.prefix(60))\", expected \(expected); options are query parameters.",
          field: String(part.name.prefix(60)), given: "a part of the form", expected: expected)
      }
    }
    guard !images.isEmpty else {
      throw Problem(
        .impossible, "The form has no part named \"image\", expected 1 or more: one a picture.", field: "image", given: "none", expected: "1 or more")
    }
    try check(count: images.count, field: "image", limits: limits)
    guard masks.count <= 1 || masks.count == images.count else {
      let expected = "none, 1 or \(images.count)"
      throw Problem(
        .impossible, "The form has \(masks.count) masks for \(images.count) images, expected \(expected).", field: "mask", given: "\(masks.count)",
        expected: expected)
    }
    var items = Items(raw: Tensor.concatenated(images.map(\.raw)), layout: .nested(field: "image", shape: signature.space.shape))
    items = items.losing(images.lazy.compactMap(\.lost).first)
    // One word about each is enough.
    for note in images.flatMap(\.notes) where !items.notes.contains(note) { items.notes.append(note) }
    guard !masks.isEmpty else { return items }
    let hidden = masks.count == 1 ? [[Float]](repeating: masks[0], count: images.count) : masks
    return items.hiding(Tensor(rows: hidden))
  }

  /// 1 where a number is hidden, the same in every channel.
  private static func mask(_ bytes: [UInt8], signature: Signature) throws -> [Float] {
    guard let image = signature.space.picture else { throw Problem(.unsupportedMedia, "Masks are for images.", field: "mask") }
    let size = PNG.size(of: bytes) ?? (image.width, image.height)
    guard size.height == image.height, size.width == image.width else {
      let (given, expected) = ("\(size.width) x \(size.height)", "\(image.width) x \(image.height)")
      throw Problem(
        .impossible, "The mask is \(given) pixels (width x height), expected \(expected) like the images.", field: "mask", given: given,
        expected: expected)
    }
    let pixels = try PNG.decode(bytes, as: .grey).pixels.map { $0 >= 128 ? Float(1) : 0 }
    guard pixels.contains(1) else {
      let expected = "white (128 and more) where pixels are hidden"
      throw Problem(.impossible, "The mask hides nothing, expected \(expected).", field: "mask", given: "no white pixel", expected: expected)
    }
    return pixels.flatMap { [Float](repeating: $0, count: image.channels) }
  }

  /// Names the part in errors of its format.
  private static func reading<Value>(_ part: String, _ body: () throws -> Value) throws -> Value {
    do { return try body() } catch {
      guard var problem = Problem(error) else { throw error }
      problem.field = part
      problem.detail = "\(part): \(problem.detail)"
      throw problem
    }
  }
}
