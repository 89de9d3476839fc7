# What C returns, or the condition that it failed with: of class "stele_error",
# and of that of its code, such as "stele_not_found".
checked <- function(result) {
  if (inherits(result, "stele_failure")) {
    refuse(result[[1]], result[[2]])
  }
  result
}

refuse <- function(code, message) {
  class <- c(
    paste0("stele_", tolower(code)),
    "stele_error",
    "error",
    "condition"
  )
  stop(structure(
    class = class,
    list(message = message, call = NULL, code = code)
  ))
}

refuse_argument <- function(...) refuse("INVALID_ARGUMENT", paste0(...))

# Names for C, which are UTF-8. A text of R cannot hold a NUL.
text <- function(names) {
  if (!is.character(names) || anyNA(names)) {
    refuse_argument("a name is no text: ", deparse(names)[1])
  }
  valid <- validEnc(names)
  if (!all(valid)) {
    shown <- iconv(names[!valid][1], "UTF-8", "UTF-8", sub = "byte")
    refuse_argument("a name is not UTF-8: \"", shown, "\"")
  }
  enc2utf8(names)
}
