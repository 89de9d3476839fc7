# The package behind the worker protocol: `Rscript worker.R FOLDER`, in which library/ and
# worker.so are. Tensors are made by tensor() and read from what run() returns. The order of
# axes is R's own here, by aperm(): the package's is what is tried.
Sys.setlocale("LC_ALL", "C.UTF-8")
folder <- commandArgs(trailingOnly = TRUE)[1]
library(stele, lib.loc = file.path(folder, "library"))
dyn.load(file.path(folder, "worker.so"))

LOAD <- 1L
RUN <- 2L
UNLOAD <- 3L

# Positions, in a column-major array of this shape, of elements in row-major order.
row_major <- function(shape) {
  count <- prod(shape)
  if (length(shape) < 2 || count == 0) {
    return(seq_len(count))
  }
  as.vector(aperm(array(seq_len(count), shape)))
}

read_strings <- function(bytes) {
  strings <- list()
  at <- 0
  while (at < length(bytes)) {
    size <- sum(as.integer(bytes[at + 1:4]) * 256^(0:3))
    strings <- c(strings, list(bytes[at + 4 + seq_len(size)]))
    at <- at + 4 + size
  }
  strings
}

write_strings <- function(strings) {
  parts <- lapply(strings, function(string) {
    c(writeBin(length(string), raw(), endian = "little"), string)
  })
  as.raw(unlist(parts))
}

read_input <- function(name, dtype, shape, path, size) {
  bytes <- readBin(path, "raw", size)
  values <- if (dtype == "BYTES") {
    read_strings(bytes)
  } else {
    from_bytes(bytes, dtype)
  }
  values[row_major(shape)] <- values
  tensor(values, dtype, shape)
}

write_output <- function(name, values, dtype) {
  shape <- as.double(dim(values))
  values <- values[row_major(shape)]
  bytes <- if (dtype == "BYTES") {
    write_strings(values)
  } else {
    to_bytes(values, dtype)
  }
  path <- .Call("worker_output", name, dtype, shape, length(bytes))
  # The kit knows why there is none.
  if (!is.null(path)) writeBin(bytes, path)
}

describe <- function(model) {
  for (signature in signatures(model)) {
    infos <- c(signature$inputs, signature$outputs)
    for (i in seq_along(infos)) {
      shape <- infos[[i]]$shape
      if (!is.null(shape)) {
        shape[is.na(shape)] <- -1
      }
      is_output <- i > length(signature$inputs)
      .Call(
        "worker_describe",
        signature$name,
        is_output,
        infos[[i]]$name,
        infos[[i]]$dtype,
        shape
      )
    }
  }
}

state <- new.env()

replace_model <- function(loaded) {
  if (!is.null(state$model)) {
    close(state$model)
  }
  state$model <- loaded
}

load <- function(dir, tags, profile, config) {
  loaded <- load_model(dir, tags = tags, profile = profile, config = config)
  describe(loaded)
  replace_model(loaded)
}

run_request <- function(signature, inputs) {
  tensors <- lapply(inputs, function(input) do.call(read_input, input))
  names(tensors) <- vapply(inputs, function(input) input[[1]], "")
  while (.Call("worker_again")) {
    outputs <- run(state$model, tensors, signature)
  }
  infos <- signatures(state$model)[[signature]]$outputs
  for (name in names(outputs)) {
    write_output(name, outputs[[name]], infos[[name]]$dtype)
  }
}

answer <- function(verb, dir, tags, profile, config, signature, inputs) {
  if (verb == LOAD) {
    load(dir, tags, profile, config)
  } else if (verb == RUN) {
    run_request(signature, inputs)
  } else if (verb == UNLOAD) {
    replace_model(NULL)
  }
  .Call("worker_ok")
}

.Call("worker_start", "r", paste("R", getRversion()))
repeat {
  request <- .Call("worker_next")
  if (is.null(request)) {
    break
  }
  tryCatch(
    do.call(answer, unname(request)),
    stele_error = function(error) {
      .Call("worker_error", error$code, conditionMessage(error))
    },
    error = function(error) {
      .Call("worker_error", "INTERNAL", conditionMessage(error))
    }
  )
}
replace_model(NULL)
invisible(.Call("worker_stop"))
