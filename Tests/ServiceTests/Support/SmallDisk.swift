import Foundation
import Glibc

/// A disk of two megabytes, in memory, for as long as it is kept; nil where this user may not mount one.
final class SmallDisk {
  let path: String

  init?() {
    path = NSTemporaryDirectory() + "posterior-disk-\(UUID().uuidString)"
    guard mkdir(path, 0o700) == 0 else { return nil }
    guard mount("tmpfs", path, "tmpfs", 0, "size=2m") == 0 else {
      rmdir(path)
      return nil
    }
  }

  deinit {
    umount2(path, Int32(MNT_DETACH))
    rmdir(path)
  }
}
