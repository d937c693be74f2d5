internal import CKernels

// Log-likelihoods of whole rows in one pass, each beside its derivative; the parameters are watched, the observation never is.
extension Tensor {
  /// Σ_j ln Bernoulli(x_j; sigmoid(self_j)) of every row: logits [rows, columns], x of the same shape, in [0, 1] -> [rows].
  package func bernoulliLogProbability(of x: Tensor) -> Tensor {
    precondition(shape.rank == 2 && x.shape == shape, "logits \(shape) beside an observation \(x.shape)")
    let (rows, columns) = (shape[0], shape[1])
    let (logits, x) = (detached, x.detached)
    let value = Tensor(shape: [rows]) { y in
      x.withScalars { x in
        logits.withScalars { l in
          Parallelism.performParts(rows, cost: columns) { kernel_bernoulli_rows(x + $0 * columns, l + $0 * columns, y + $0, $1, columns) }
        }
      }
    }
    return value.recording(self) { g in
      let gradient = Tensor(shape: logits.shape) { d in
        x.withScalars { x in
          logits.withScalars { l in
            g.withScalars { g in
              Parallelism.performParts(rows, cost: columns) { start, count in
                kernel_bernoulli_backward(x + start * columns, l + start * columns, g + start, d + start * columns, count, columns)
              }
            }
          }
        }
      }
      return [gradient]
    }
  }

  /// Σ_j ln BetaBinomial(x_j; trials, a_j, b_j) of every row: x, a, b [rows, columns], x in 0...trials -> [rows].
  package static func betaBinomialLogProbability(of x: Tensor, trials: Float, a: Tensor, b: Tensor) -> Tensor {
    precondition(a.shape.rank == 2 && a.shape == b.shape && x.shape == a.shape, "parameters \(a.shape) and \(b.shape) beside \(x.shape)")
    let (rows, columns) = (a.shape[0], a.shape[1])
    let (va, vb, x) = (a.detached, b.detached, x.detached)
    let value = Tensor(shape: [rows]) { y in
      x.withScalars { x in
        va.withScalars { a in
          vb.withScalars { b in
            // Logarithms of gamma functions in double, six a scalar.
            Parallelism.performParts(rows, cost: 64 * columns) { start, count in
              let first = start * columns
              kernel_beta_binomial_rows(x + first, a + first, b + first, trials, y + start, count, columns)
            }
          }
        }
      }
    }
    return value.recording(a, b) { g in
      var db = Tensor.zeros(vb.shape)
      let da = Tensor(shape: va.shape) { da in
        db.update { db in
          x.withScalars { x in
            va.withScalars { a in
              vb.withScalars { b in
                g.withScalars { g in
                  Parallelism.performParts(rows, cost: 64 * columns) { start, count in
                    let first = start * columns
                    kernel_beta_binomial_backward(x + first, a + first, b + first, trials, g + start, da + first, db + first, count, columns)
                  }
                }
              }
            }
          }
        }
      }
      return [da, db]
    }
  }

  /// ln NegativeBinomial(x; mean, dispersion), scalar by scalar, of variance mean + mean² / dispersion; all three of one shape, x whole and from 0.
  package static func negativeBinomialLogProbability(of x: Tensor, mean: Tensor, dispersion: Tensor) -> Tensor {
    precondition(mean.shape == dispersion.shape && x.shape == mean.shape, "parameters \(mean.shape) and \(dispersion.shape) beside \(x.shape)")
    let (x, m, r, count) = (x.detached, mean.detached, dispersion.detached, mean.count)
    let value = Tensor(shape: mean.shape) { y in
      x.withScalars { x in m.withScalars { m in r.withScalars { r in kernel_negative_binomial(x, m, r, y, count) } } }
    }
    return value.recording(mean, dispersion) { g in
      var towardsDispersion = Tensor.zeros(r.shape)
      let towardsMean = Tensor(shape: m.shape) { dm in
        towardsDispersion.update { dr in
          x.withScalars { x in
            m.withScalars { m in r.withScalars { r in g.withScalars { g in kernel_negative_binomial_backward(x, m, r, g, dm, dr, count) } } }
          }
        }
      }
      return [towardsMean, towardsDispersion]
    }
  }

  /// Σ_j a_j b_j of every row: [rows, columns] twice -> [rows].
  package func rowDots(_ other: Tensor) -> Tensor {
    precondition(shape.rank == 2 && shape == other.shape, "row products of \(shape) and \(other.shape)")
    let (rows, columns) = (shape[0], shape[1])
    let (a, b) = (detached, other.detached)
    return Tensor(shape: [rows]) { y in
      withScalars { a in
        other.withScalars { b in
          Parallelism.performParts(rows, cost: columns) { kernel_row_dots(a + $0 * columns, b + $0 * columns, y + $0, $1, columns) }
        }
      }
    }
    .recording(self, other) { g in
      let g = g.reshaped([rows, 1])
      return [b * g, a * g]
    }
  }
}
