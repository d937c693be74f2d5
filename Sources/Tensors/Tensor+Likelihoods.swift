internal import CKernels

// Log-likelihoods of whole rows in one pass, each beside its derivative; the parameters are watched, the observation never is.
extension Tensor {
  /// Σ_j ln Bernoulli(x_j; sigmoid(self_j)) of every row: logits [rows, columns], x of the same shape, in [0, 1] -> [rows].
  package func bernoulliLogProbability(of x: Tensor) -> Tensor {
    precondition(shape.rank == 2 && x.shape == shape, "logits \(shape) beside an observation \(x.shape)")
    let (rows, columns) = (shape[0], shape[1])
    let x = x.detached
    let value = Tensor(shape: [rows]) { y in
      x.withScalars { x in
        withScalars { l in
          Parallelism.performParts(rows, cost: columns) { kernel_bernoulli_rows(x + $0 * columns, l + $0 * columns, y + $0, $1, columns) }
        }
      }
    }
    return value.recorded(
      by: self, keeping: .inputs,
      kernel: { step in
        [x.bernoulliGradient(logits: step.x[0], step.g)]
      }
    ) {
      // d/dl = x - sigmoid(l)
      [$0.g.reshaped([rows, 1]) * (x - $0.x[0].sigmoid())]
    }
  }

  private func bernoulliGradient(logits: Tensor, _ g: Tensor) -> Tensor {
    let (rows, columns) = (shape[0], shape[1])
    return Tensor(shape: shape) { d in
      withScalars { x in
        logits.withScalars { l in
          g.withScalars { g in
            Parallelism.performParts(rows, cost: columns) { start, count in
              kernel_bernoulli_backward(x + start * columns, l + start * columns, g + start, d + start * columns, count, columns)
            }
          }
        }
      }
    }
  }

  /// Σ_j ln BetaBinomial(x_j; trials, a_j, b_j) of every row: x, a, b [rows, columns], x in 0...trials -> [rows].
  package static func betaBinomialLogProbability(of x: Tensor, trials: Float, a: Tensor, b: Tensor) -> Tensor {
    precondition(a.shape.rank == 2 && a.shape == b.shape && x.shape == a.shape, "parameters \(a.shape) and \(b.shape) beside \(x.shape)")
    let (rows, columns) = (a.shape[0], a.shape[1])
    let x = x.detached
    let value = Tensor(shape: [rows]) { y in
      x.withScalars { x in
        a.withScalars { a in
          b.withScalars { b in
            // Logarithms of gamma functions in double, six a scalar.
            Parallelism.performParts(rows, cost: 64 * columns) { start, count in
              let first = start * columns
              kernel_beta_binomial_rows(x + first, a + first, b + first, trials, y + start, count, columns)
            }
          }
        }
      }
    }
    return value.recorded(
      by: a, b, keeping: .inputs,
      kernel: { step in
        let (a, b, g) = (step.x[0], step.x[1], step.g)
        var db = Tensor.zeros(b.shape)
        let da = Tensor(shape: a.shape) { da in
          db.update { db in
            x.withScalars { x in
              a.withScalars { a in
                b.withScalars { b in
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
    ) { step in
      // d/da = ψ(x + a) - ψ(a) - ψ(n + a + b) + ψ(a + b), and so for b with n - x.
      let (a, b, g) = (step.x[0], step.x[1], step.g.reshaped([rows, 1]))
      let common = (trials + a + b).polygamma(0) - (a + b).polygamma(0)
      return [g * ((x + a).polygamma(0) - a.polygamma(0) - common), g * ((trials - x + b).polygamma(0) - b.polygamma(0) - common)]
    }
  }

  /// ln NegativeBinomial(x; mean, dispersion), scalar by scalar, of variance mean + mean² / dispersion; all three of one shape, x whole and from 0.
  package static func negativeBinomialLogProbability(of x: Tensor, mean: Tensor, dispersion: Tensor) -> Tensor {
    precondition(mean.shape == dispersion.shape && x.shape == mean.shape, "parameters \(mean.shape) and \(dispersion.shape) beside \(x.shape)")
    let (x, count) = (x.detached, mean.count)
    let value = Tensor(shape: mean.shape) { y in
      x.withScalars { x in mean.withScalars { m in dispersion.withScalars { r in kernel_negative_binomial(x, m, r, y, count) } } }
    }
    return value.recorded(
      by: mean, dispersion, keeping: .inputs,
      kernel: { step in
        let (m, r, g) = (step.x[0], step.x[1], step.g)
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
    ) { step in
      // d/dm = r (x - m) / (m (r + m)), d/dr = ψ(x + r) - ψ(r) + ln(r / (r + m)) + (m - x) / (r + m)
      let (m, r, g) = (step.x[0], step.x[1], step.g)
      let slope = (x + r).polygamma(0) - r.polygamma(0) + (r / (r + m)).log() + (m - x) / (r + m)
      return [g * r * (x - m) / (m * (r + m)), g * slope]
    }
  }

  /// Σ_j a_j b_j of every row: [rows, columns] twice -> [rows].
  package func rowDots(_ other: Tensor) -> Tensor {
    precondition(shape.rank == 2 && shape == other.shape, "row products of \(shape) and \(other.shape)")
    let (rows, columns) = (shape[0], shape[1])
    return Tensor(shape: [rows]) { y in
      withScalars { a in
        other.withScalars { b in
          Parallelism.performParts(rows, cost: columns) { kernel_row_dots(a + $0 * columns, b + $0 * columns, y + $0, $1, columns) }
        }
      }
    }
    .recorded(by: self, other, keeping: .inputs) { step in
      let g = step.g.reshaped([rows, 1])
      return [step.asked[0] ? step.x[1] * g : nil, step.asked[1] ? step.x[0] * g : nil]
    }
  }
}
