# Which digit is this? Load, introspect, run, print.
#   Rscript examples/digits.R path/to/saved_model
library(stele)

# fmt: skip
image <- c(
  0, 0, 5, 13, 12, 3, 0, 0,
  0, 2, 15, 11, 12, 14, 1, 0,
  0, 5, 14, 1, 1, 14, 6, 0,
  0, 7, 12, 0, 0, 10, 8, 0,
  0, 7, 11, 0, 0, 10, 8, 0,
  0, 5, 13, 0, 1, 13, 6, 0,
  0, 1, 14, 10, 12, 14, 1, 0,
  0, 0, 5, 14, 12, 3, 0, 0
)
# One image of one channel, image[1, row, column, 1].
image <- array(matrix(image, 8, byrow = TRUE), c(1, 8, 8, 1))

model <- load_model(commandArgs(trailingOnly = TRUE)[1])
signature <- signatures(model)$serving_default
cat("signature ", signature$name, "\n", sep = "")
cat("input ", format(signature$inputs[[1]]), "\n", sep = "")
cat("output ", format(signature$outputs[[1]]), "\n", sep = "")

probabilities <- run(model, list(image = image))$probabilities
cat("digit ", which.max(probabilities) - 1, "\n", sep = "")
cat(
  "probabilities ",
  paste(sprintf("%.6f", probabilities), collapse = " "),
  "\n",
  sep = ""
)

# Without the batch: refused before TensorFlow sees it.
tryCatch(
  run(model, list(image = array(image, c(8, 8, 1)))),
  stele_error = function(error) {
    cat("refused ", error$code, ": ", conditionMessage(error), "\n", sep = "")
  }
)
close(model)
