import Registry
import Testing

@Suite("The change log")
struct ChangeLogTests {
  let folder: TemporaryFolder
  let store: ModelStore
  let ann = Principal(key: "aaaaaaaaaaaa", name: "ann", address: "192.0.2.7")

  init() throws {
    folder = try TemporaryFolder()
    store = try ModelStore(directory: folder.unused())
  }

  @Test("every change leaves one line that says who, what, to what and from where; what changes nothing leaves none")
  func lines() throws {
    let key = try store.createKey(named: "k", scopes: [.infer], models: ["m"], actor: ann).key
    try store.publish(bytes: [1], as: "m", alias: "live")
    try store.publish(bytes: [1], as: "m", alias: "live")
    try store.publish(bytes: [2], as: "m")
    try store.moveAlias("live", of: "m", to: 2, reason: "better", actor: ann)
    try store.moveAlias("live", of: "m", to: 2, actor: ann)
    try store.annotate("m", Annotation(description: "pictures", tags: ["team": "vision"]), actor: ann)
    try store.annotate("m", Annotation(description: "pictures", tags: ["team": "vision", "none": nil]), actor: ann)
    try store.annotate(2, of: "m", Annotation(tags: ["data": "2026"]), actor: ann)
    try store.deleteVersion(1, of: "m", actor: ann)
    try store.deleteAlias("live", of: "m", reason: "retired", actor: ann)
    try store.revokeKey(key.id, actor: ann)
    try store.revokeKey(key.id, actor: ann)
    let entries = try store.changes().items.reversed()
    #expect(
      entries.map { "\($0.action.rawValue) \($0.target)" } == [
        "key.create \(key.id)", "version.publish m@1", "alias.move m@live", "version.publish m@2", "alias.move m@live", "model.annotate m",
        "version.annotate m@2", "version.delete m@1", "alias.delete m@live", "key.revoke \(key.id)",
      ])
    #expect(entries.first?.actor == ann)
    #expect(entries.first?.detail == #"{"name":"k","scopes":["infer"],"models":["m"],"expires_at":null}"#)
    #expect(try store.changes(ChangeFilter()).items[5].detail == #"{"from":1,"to":2,"reason":"better"}"#)
    #expect(try store.changes().items[4].detail == #"{"description":"pictures","tags":{"team":"vision"}}"#)
  }

  @Test("a change that fails leaves no line, and a line that fails leaves no change")
  func together() throws {
    try store.publish(bytes: [1], as: "m", alias: "live")
    let before = try store.changes().items
    #expect(throws: StoreError.self) { try store.deleteVersion(1, of: "m", actor: ann) }
    #expect(throws: StoreError.self) {
      try store.publish(bytes: [2], as: "m", observe: { if $0 == .recorded { throw StoreError.refused(reason: "") } })
    }
    #expect(try store.changes().items == before)
    // The schema takes no line by nobody, so nothing that nobody does can happen.
    let nobody = Principal(name: "")
    #expect(throws: StoreError.self) { try store.annotate("m", Annotation(description: "x"), actor: nobody) }
    #expect(throws: StoreError.self) { try store.createKey(named: "k", scopes: [.infer], actor: nobody) }
    try store.publish(bytes: [2], as: "new")
    #expect(throws: StoreError.self) { try store.moveAlias("live", of: "new", to: 1, actor: nobody) }
    #expect(try store.model(named: "m").description.isEmpty && store.keys().items.isEmpty && store.model(named: "new").aliases.isEmpty)
  }

  @Test("lines are filtered, and pages join up while more is done", arguments: 1...3)
  func pages(_ limit: Int) throws {
    for byte in UInt8(1)...5 { try store.publish(bytes: [byte], as: "m") }
    try store.moveAlias("live", of: "m", to: 1, actor: ann)
    var ids: [Int] = []
    var token: String?
    repeat {
      let page = try store.changes(pageToken: token, limit: limit)
      ids += page.items.map(\.id)
      token = page.nextPageToken
      if ids.count == limit { try store.moveAlias("best", of: "m", to: 1, actor: ann) }
    } while token != nil
    #expect(ids == [6, 5, 4, 3, 2, 1])
    var filter = ChangeFilter()
    filter.action = .moveAlias
    filter.target = "m@live"
    filter.key = ann.key
    filter.since = Timestamp(milliseconds: 0)
    #expect(try store.changes(filter).items.map(\.target) == ["m@live"])
    filter.since = Timestamp(milliseconds: Timestamp.now.milliseconds + 60_000)
    #expect(try store.changes(filter).items.isEmpty)
    for token in ["", "x", "0", "-1"] { #expect(throws: StoreError.invalidPageToken(given: token)) { try store.changes(pageToken: token) } }
  }

  @Test("two openings change keys, tags, aliases and versions at once: no lock error, and every change has its line")
  func concurrent() throws {
    let stores = [store, try ModelStore(directory: store.directory)]
    for byte in UInt8(1)...2 { try store.publish(bytes: [byte], as: "m", alias: "live") }
    let before = try store.changes(limit: 1000).items.count
    let (threads, rounds) = (6, 10)
    let errors = atOnce(threads) { thread in
      let store = stores[thread % 2]
      for round in 0..<rounds {
        let key = try store.createKey(named: "k\(thread)-\(round)", scopes: [.infer], actor: "t").key
        try store.annotate("m", Annotation(tags: ["t\(thread)": "\(round)"]), actor: "t")
        try store.moveAlias("a\(thread)", of: "m", to: 1 + round % 2, actor: "t")
        try store.revokeKey(key.id, actor: "t")
      }
    }
    #expect(errors.isEmpty, "\(errors)")
    #expect(try store.changes(limit: 1000).items.count - before == 4 * threads * rounds)
    let reopened = try ModelStore(directory: store.directory)
    #expect(try reopened.keys(limit: 1000).items.allSatisfy { $0.revokedAt != nil })
    #expect(try reopened.model(named: "m").tags == Dictionary(uniqueKeysWithValues: (0..<threads).map { ("t\($0)", "\(rounds - 1)") }))
    #expect(try reopened.model(named: "m").aliases.count == threads + 1)
    for thread in 0..<threads { #expect(try reopened.aliasHistory("a\(thread)", of: "m").count == rounds) }
  }

  @Test("each filter has an index")
  func indexes() throws {
    for column in ["action", "target", "key"] {
      let plan = try store.fetchPlan("SELECT * FROM audit WHERE \(column) = 'x' AND id < 100 ORDER BY id DESC LIMIT 101")
      #expect(plan.contains("USING INDEX audit_by_\(column)") && !plan.contains("TEMP B-TREE"), "\(plan)")
    }
  }
}
