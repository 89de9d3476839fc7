load_model <- function(
  dir,
  tags = "serve",
  profile = NULL,
  config = NULL,
  libtensorflow = NULL
) {
  path <- function(path) if (!is.null(path)) enc2utf8(path.expand(path))
  pointer <- checked(.Call(
    C_load,
    path(dir),
    paste(text(tags), collapse = ","),
    if (!is.null(profile)) text(profile),
    if (!is.null(config)) as.raw(config),
    path(libtensorflow)
  ))
  signatures <- lapply(named(.Call(C_describe, pointer)), signature)
  structure(
    class = "stele_model",
    list(pointer = pointer, signatures = signatures)
  )
}

named <- function(items) {
  names(items) <- vapply(items, function(item) item[[1]], "")
  items
}

signature <- function(fields) {
  infos <- function(items) lapply(named(items), tensor_info)
  list(
    name = fields[[1]],
    inputs = infos(fields[[2]]),
    outputs = infos(fields[[3]])
  )
}

tensor_info <- function(fields) {
  names(fields) <- c("name", "dtype", "shape", "optional")
  structure(fields, class = "stele_tensor_info")
}

signatures <- function(model) model$signatures

run <- function(model, inputs, signature = "serving_default") {
  signature <- text(signature)
  names <- text(
    if (length(inputs) == 0) character() else as.character(names(inputs))
  )
  if (length(names) != length(inputs)) {
    refuse_argument("inputs have no names")
  }
  infos <- model$signatures[[signature]]$inputs
  tensors <- lapply(seq_along(names), function(i) {
    as_tensor(inputs[[i]], infos[[names[i]]])
  })
  checked(.Call(C_run, model$pointer, signature, names, tensors))
}

close.stele_model <- function(con, ...) invisible(.Call(C_release, con$pointer))

is_closed <- function(model) .Call(C_is_released, model$pointer)

tensorflow_version <- function() checked(.Call(C_version))

# "image FP32 [?,8,8,1]"
format.stele_tensor_info <- function(x, ...) {
  dims <- ifelse(
    is.na(x$shape),
    "?",
    format(x$shape, scientific = FALSE, trim = TRUE)
  )
  shape <- if (is.null(x$shape)) {
    "?"
  } else {
    paste0("[", paste(dims, collapse = ","), "]")
  }
  paste(x$name, x$dtype, shape)
}

print.stele_tensor_info <- function(x, ...) {
  cat(format(x), "\n", sep = "")
  invisible(x)
}

print.stele_model <- function(x, ...) {
  for (signature in x$signatures) {
    ends <- function(infos) toString(vapply(infos, format, ""))
    cat(
      signature$name,
      ": ",
      ends(signature$inputs),
      " to ",
      ends(signature$outputs),
      "\n",
      sep = ""
    )
  }
  invisible(x)
}
