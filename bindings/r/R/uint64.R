# 64-bit unsigned integers, kept in the memory of doubles as bit64 keeps signed ones.
as_uint64 <- function(x) {
  if (inherits(x, "stele_uint64")) {
    return(x)
  }
  if (is.character(x)) {
    if (!all(grepl("^[0-9]+$", x))) {
      refuse_argument(x[!grepl("^[0-9]+$", x)][1], " is no UINT64")
    }
    values <- checked(.Call(C_uint64_parse, x))
  } else {
    values <- from_bytes(to_bytes(x, "UINT64"), "UINT64")
  }
  structure(values, class = "stele_uint64", dim = dim(x))
}

as.character.stele_uint64 <- function(x, ...) .Call(C_uint64_text, x)

as.double.stele_uint64 <- function(x, ...) as.double(as.character(x))

`[.stele_uint64` <- function(x, ...) {
  structure(unclass(x)[...], class = "stele_uint64")
}

format.stele_uint64 <- function(x, ...) {
  structure(as.character(x), dim = dim(x))
}

print.stele_uint64 <- function(x, ...) {
  print(format(x), quote = FALSE)
  invisible(x)
}
