# Rscript impute.R METHOD HOLES.csv OUT.csv M SEED: M completed tables, one below the other, numbered in a first column "imputation".
# METHOD: pmm or norm (mice), amelia. Debian: r-base-core r-cran-mice r-cran-amelia.
arguments <- commandArgs(trailingOnly = TRUE)
method <- arguments[1]
holes <- read.csv(arguments[2])
m <- as.integer(arguments[4])
seed <- as.integer(arguments[5])
if (method == "amelia") {
  suppressPackageStartupMessages(library(Amelia))
  set.seed(seed)
  tables <- amelia(holes, m = m, p2s = 0)$imputations
} else {
  suppressPackageStartupMessages(library(mice))
  found <- mice(holes, m = m, method = method, seed = seed, printFlag = FALSE)
  tables <- lapply(seq_len(m), function(i) complete(found, i))
}
# Amelia leaves out imputations whose covariance is not invertible.
tables <- Filter(is.data.frame, tables)
numbered <- lapply(seq_along(tables), function(i) cbind(imputation = i, tables[[i]]))
write.csv(do.call(rbind, numbered), arguments[3], row.names = FALSE)
