zoo_model <- function(name) {
  file.path(Sys.getenv("STELE_BUILD"), "models", name, "saved_model")
}

digits <- zoo_model("digits")

# The rows of a table of the contract.
contract_table <- function(name, header) {
  lines <- readLines(
    file.path(Sys.getenv("STELE_CONTRACT"), name),
    encoding = "UTF-8"
  )
  lines <- lines[!startsWith(lines, "#")]
  stopifnot(identical(strsplit(lines[1], "\t")[[1]], header))
  rows <- strsplit(lines[-1], "\t")
  stopifnot(lengths(rows) == length(header))
  as.data.frame(do.call(rbind, rows)) |> setNames(header)
}

blank <- function() array(0, c(1, 8, 8, 1))

refusal <- function(expression, code) {
  error <- tryCatch(expression, stele_error = identity)
  testthat::expect_s3_class(
    error,
    c(paste0("stele_", tolower(code)), "stele_error"),
    exact = FALSE
  )
  testthat::expect_identical(error$code, code)
  conditionMessage(error)
}

hex_to_raw <- function(hex) {
  at <- 2 * seq_len(nchar(hex) %/% 2)
  if (length(at) == 0) raw() else as.raw(strtoi(substring(hex, at - 1, at), 16))
}
