tensor <- function(values, dtype, shape = NULL) {
  dtype <- text(dtype)
  if (!dtype %in% DTYPES) {
    refuse_argument("no dtype \"", dtype, "\"; there are ", toString(DTYPES))
  }
  shape <- as.double(if (is.null(shape)) default_shape(values) else shape)
  structure(
    class = "stele_tensor",
    list(values = values, dtype = dtype, shape = shape)
  )
}

INTEGERS <- c(
  "INT8",
  "INT16",
  "INT32",
  "INT64",
  "UINT8",
  "UINT16",
  "UINT32",
  "UINT64"
)
COMPLEX <- c("C64", "C128")
NUMBERS <- c(INTEGERS, "FP16", "BF16", "FP32", "FP64", COMPLEX)
DTYPES <- c("BOOL", NUMBERS, "BYTES")

default_shape <- function(values) {
  if (is.null(dim(values))) length(values) else dim(values)
}

# An input as run() was given it: an array without a dtype takes the one that the
# signature expects, if that is of its kind, and else has its own.
as_tensor <- function(values, info) {
  if (inherits(values, "stele_tensor")) {
    return(values)
  }
  dtype <- info[["dtype"]]
  own <- own_dtype(values)
  if (is.null(dtype) || !(length(values) == 0 || dtype %in% converts_to(own))) {
    dtype <- own
  }
  if (dtype %in% c("INT32", "INT64") && TRUE %in% is.na(values)) {
    refuse_argument(
      "input \"",
      info[["name"]],
      "\" has NA, which is no ",
      dtype
    )
  }
  shape <- default_shape(values)
  if (identical(info[["shape"]], double()) && identical(shape, 1L)) {
    shape <- NULL
  }
  list(values, dtype, as.double(shape))
}

own_dtype <- function(values) {
  if (inherits(values, "integer64")) {
    return("INT64")
  }
  if (inherits(values, "stele_uint64")) {
    return("UINT64")
  }
  switch(
    typeof(values),
    logical = "BOOL",
    integer = "INT32",
    double = "FP64",
    complex = "C128",
    raw = "UINT8",
    character = ,
    list = "BYTES",
    refuse_argument("no tensor can be made of ", typeof(values))
  )
}

converts_to <- function(own) {
  switch(own, INT32 = , FP64 = NUMBERS, INT64 = INTEGERS, C128 = COMPLEX, own)
}

from_bytes <- function(bytes, dtype) {
  checked(.Call(C_from_bytes, as.raw(bytes), text(dtype)))
}

to_bytes <- function(values, dtype) {
  checked(.Call(C_to_bytes, values, text(dtype)))
}

format.stele_tensor <- function(x, ...) {
  paste0(x$dtype, " [", paste(x$shape, collapse = ","), "]")
}

print.stele_tensor <- function(x, ...) {
  cat(format(x), "\n", sep = "")
  invisible(x)
}
