package import Distributions
package import Tensors

// Choices that modules below this one offer.
extension Activation: SettingValue {}
extension AggregatePosterior.Estimator: SettingValue {}
extension EdgePadding: SettingValue {}
