internal import Data
internal import Formats
internal import Foundation
internal import HTTP
internal import Modelling
internal import Registry

extension Application {
  /// GET /v1/admin/datasets
  func listDatasets(_ request: Request) async throws -> Response {
    try request.checkQuery()
    let datasets = try await storeLanes.run { [store] in try store.datasets() }
    return .json(.record(["datasets": .array(try datasets.map { try Self.json($0) })]))
  }

  /// GET /v1/admin/datasets/{name}
  func showDataset(_ request: Request) async throws -> Response {
    try request.checkQuery()
    let name = request.parameter("name")
    return .json(try Self.json(try await storeLanes.run { [store] in try store.dataset(named: name) }))
  }

  /// DELETE /v1/admin/datasets/{name}: runs that have begun keep what they learn from.
  func deleteDataset(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery()
    let name = request.parameter("name")
    try await storeLanes.run { [store] in try store.deleteDataset(name, actor: caller.principal) }
    return Response(.noContent)
  }

  /// POST /v1/admin/datasets/{name}?file=wine.csv: one file as the body, or a form of several; streamed to the disk, hashed, looked through.
  func addDataset(_ request: Request, _ caller: Caller) async throws -> Response {
    try request.checkQuery("file")
    let name = request.parameter("name")
    try ModelReference.validate(name: name)
    let type = request.headers["Content-Type"] ?? ""
    var uploads: [(path: String, staged: StagedUpload)] = []
    do {
      if MediaType(contentType: type)?.isForm == true {
        uploads = try await receiveForm(request, type)
      } else {
        let path = try request.query["file"] ?? Self.path(name, type)
        let staged = try await storeLanes.run { [store] in try store.stageUpload(declaredByteCount: request.body.length) }
        uploads = [(path, staged)]
        for try await chunk in request.body { try await storeLanes.run { try staged.write(chunk) } }
      }
      // Reading takes several times the bytes of a table.
      let memory = memory.open()
      try memory.take(uploads.reduce(0) { $0 + $1.staged.byteCount } * Self.bytesPerByte)
      let (dataset, isNew) = try await loadLanes.run { [store, uploads] in
        try withExtendedLifetime(memory) {
          try store.addDataset(uploads, as: name, actor: caller.principal) { files in try Self.describe(files) }
        }
      }
      var response = Response.json(try Self.json(dataset), status: isNew ? .created : .ok)
      response.headers["Location"] = "/v1/admin/datasets/\(name)"
      return response
    } catch {
      for upload in uploads { upload.staged.abort() }
      throw error
    }
  }

  private static let bytesPerByte = 4
  /// Files of one form.
  private static let formFiles = 100_000

  private func receiveForm(_ request: Request, _ type: String) async throws -> [(path: String, staged: StagedUpload)] {
    var uploads: [(path: String, staged: StagedUpload)] = []
    do {
      var parser = try MultipartForm(contentType: type).parser(maximumParts: Self.formFiles)
      var isOver = false
      for try await chunk in request.body where !isOver {
        parser.feed(chunk)
        while let event = try parser.next() {
          switch event {
          case .part(let part):
            guard part.name == "file", let path = part.filename, !path.isEmpty else {
              throw Problem(
                .impossible, "The form has a part \"\(part.name.prefix(60))\", expected parts called file, each with a filename.",
                field: String(part.name.prefix(60)),
                given: "a part of the form", expected: "file, with a filename")
            }
            uploads.append((path, try await storeLanes.run { [store] in try store.stageUpload() }))
          case .data(let bytes):
            guard let staged = uploads.last?.staged else { continue }
            try await storeLanes.run { try staged.write(bytes) }
          case .partEnd: break
          case .end: isOver = true
          }
        }
      }
      guard isOver else { throw Problem(.malformed, "The form ends before its last delimiter.", field: "body") }
      return uploads
    } catch {
      for upload in uploads { upload.staged.abort() }
      throw error
    }
  }

  /// What a file is called that came without a name.
  private static func path(_ name: String, _ type: String) throws -> String {
    switch MediaType(contentType: type) {
    case MediaType.csv?: return "\(name).csv"
    case MediaType.npy?: return "\(name).npy"
    case MediaType.text?: return "\(name).txt"
    default:
      throw Problem(
        .malformed, "What is the file called? The query's file says it, such as file=wine.csv; its ending tells how it is read.", field: "file",
        given: "nothing",
        expected: "a name that ends in .csv, .tsv, .npy, .txt, -ubyte, .idx, also with .gz")
    }
  }

  /// Looks through the files as a training without a recipe would read them, and says what was found.
  private static func describe(_ files: [String: String]) throws -> String {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("posterior-look-\(UUID().uuidString)").path
    // A temporary folder of links that can't be removed is left to the system.
    defer { try? FileManager.default.removeItem(atPath: folder) }
    for (path, file) in files {
      let target = folder + "/" + path
      try FileManager.default.createDirectory(atPath: (target as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
      guard symlink(file, target) == 0 else { throw Problem(.conflict, "\(path) stands for a file and for a folder.", field: "file", given: path) }
    }
    // Of several files one is the data, and the others are labels or belong to it; which is what a recipe says.
    let pictures = Pictures(files.keys)
    let path = pictures?.folder ?? files.keys.sorted().first { files.count == 1 || !$0.contains("label") } ?? ""
    let source = folder + (path.isEmpty ? "" : "/" + path)
    do {
      let format: DataSource.Format? = pictures?.areSequences == true ? .video : nil
      let data = try DataSource(source: source, format: format).readAnew.findingRange().load(isMixed: true)
      guard data.count > 0 else { throw DataError("\(path) has no items") }
      let encoder = JSONEncoder()
      encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
      return String(decoding: try encoder.encode(DataFacts(of: data)), as: UTF8.self)
    } catch let error as DataError {
      let words = error.description.replacingOccurrences(of: folder + "/", with: "").replacingOccurrences(of: folder, with: "the files")
      throw Problem(.impossible, "The data can't be read: \(words).", field: "body", given: path.isEmpty ? "\(files.count) files" : path)
    }
  }

  private static func json(_ dataset: Dataset) throws -> JSONValue {
    .record([
      "name": .string(dataset.name), "digest": .string(dataset.digest.description), "bytes": .integer(dataset.byteCount),
      "created_at": .string(dataset.createdAt.description),
      "files": .array(
        dataset.files.map { .record(["file": .string($0.path), "digest": .string($0.digest.description), "bytes": .integer($0.byteCount)]) }),
      "description": try JSONValue(parsing: Array(dataset.description.utf8)),
    ])
  }
}
