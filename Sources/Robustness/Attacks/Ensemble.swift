/// Several attacks on a decision one after the other, each on what the others before it left unchanged, after AutoAttack's standard version (Croce and Hein 2020): APGD on the
/// cross-entropy, APGD on the difference of logits ratio towards each of the likeliest other classes, FAB towards the same classes, and Square.
package struct Ensemble: Attack {
  let members: [Member]
  let steps: Int
  let square: SquareAttack

  /// - Parameter square: with `queriesPerStep` queries a step of the others.
  package init(_ members: [Member] = Member.allCases, steps: Int, square: SquareAttack) {
    (self.members, self.steps, self.square) = (members, steps, square)
  }

  /// Classes that attacks lead to one after the other, at most.
  static let targets = 9
  /// Queries of Square a step of the others: 5 000 for 100.
  static let queriesPerStep = 50

  /// The members, in their order.
  package enum Member: String, Sendable, Hashable, CaseIterable {
    case crossEntropy = "apgd_cross_entropy"
    case logitRatio = "apgd_dlr_targeted"
    case boundary = "fab_targeted"
    case square
  }

  package var description: String {
    let names = members.map { member in
      switch member {
      case .crossEntropy: "apgd on the cross-entropy"
      case .logitRatio: "apgd on the dlr towards up to \(Self.targets) classes"
      case .boundary: "fab towards up to \(Self.targets) classes"
      case .square: square.description
      }
    }
    return names.joined(separator: ", ") + ", of \(steps) steps" + (members.count > 1 ? ", each on what those before it left" : "")
  }

  package func callAsFunction(_ runs: [AttackRun], on task: AttackTask) throws -> [AttackOutcome] {
    guard let objective = task.objective as? DownstreamObjective else { preconditionFailure("the plan was checked") }
    let judge = task.with(objective.with(.margin))
    var outcomes = try judge.inBatches(runs, judge.outcomesAtStart)
    for member in members {
      let attack = attack(member)
      for place in 0..<(member.isTargeted ? min(Self.targets, objective.targetCount) : 1) {
        let aim = objective.with(member.quantity, towards: member.isTargeted ? place : nil)
        // Decisions are judged by the margin, whatever a member made small.
        let open = runs.indices.filter { !(outcomes[$0].loss < 0) }
        guard !open.isEmpty else { return outcomes }
        let found = try attack(open.map { runs[$0] }, on: task.with(aim))
        let margins = try judge.values(of: found.map(\.point), open.map { runs[$0] })
        for (place, row) in open.enumerated() {
          outcomes[row].steps += found[place].steps
          if outcomes[row].improve(found[place].point, margins[place]), margins[place] < 0 { outcomes[row].foundBy = member }
        }
      }
    }
    return outcomes
  }

  private func attack(_ member: Member) -> any Attack {
    switch member {
    case .crossEntropy, .logitRatio: APGD(steps: steps)
    case .boundary: FAB(steps: steps)
    case .square: square
    }
  }

  /// Evaluations of one run, where nothing is found before the end.
  func evaluations(classes: Int) -> Int {
    let targets = min(Self.targets, max(classes - 1, 0))
    return members.reduce(1) { sum, member in
      switch member {
      case .crossEntropy: sum + steps + 3
      case .logitRatio: sum + targets * (steps + 3)
      case .boundary: sum + targets * (2 * steps + FAB.refinements + 2)
      case .square: sum + square.steps + 2
      }
    }
  }
}

extension Ensemble.Member {
  fileprivate var isTargeted: Bool { self == .logitRatio || self == .boundary }

  fileprivate var quantity: DownstreamObjective.Quantity {
    switch self {
    case .crossEntropy: .crossEntropy
    case .logitRatio: .logitRatio
    case .boundary, .square: .margin
    }
  }
}
