# All tests: `make test`, which says where the models and the contract are.
library(testthat)
library(stele)

if (nzchar(Sys.getenv("STELE_CONTRACT"))) {
  results <- as.data.frame(test_dir(
    "testthat",
    reporter = "check",
    stop_on_failure = TRUE
  ))
  stopifnot(nrow(results) > 0, sum(results$nb) > 0)
} else {
  message("skipped: no models; run `make test` in the repository")
}
