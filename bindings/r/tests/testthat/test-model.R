test_that("a model says what it takes and gives", {
  model <- load_model(digits)
  expect_named(signatures(model), c("serve", "serving_default"))
  image <- signatures(model)$serving_default$inputs$image
  expect_identical(
    unclass(image),
    list(
      name = "image",
      dtype = "FP32",
      shape = c(NA, 8, 8, 1),
      optional = FALSE
    )
  )
  expect_output(
    print(model),
    "serve: image FP32 [?,8,8,1] to probabilities FP32 [?,10]",
    fixed = TRUE
  )
})

test_that("every profile gives the same answer", {
  answers <- lapply(c("default", "inline", "single"), function(profile) {
    run(load_model(digits, profile = profile), list(image = blank()))
  })
  expect_length(unique(answers), 1)
  expect_match(tensorflow_version(), "^2\\.")
  inline <- as.raw(c(0x28, rep(0xff, 9), 0x01, 0x38, 0x01))
  expect_identical(
    run(load_model(digits, config = inline), list(image = blank())),
    answers[[1]]
  )
})

test_that("what cannot be loaded is refused", {
  expect_match(
    refusal(load_model(digits, tags = "other"), "NOT_FOUND"),
    "other"
  )
  expect_match(
    refusal(load_model(digits, profile = "fast"), "INVALID_ARGUMENT"),
    "inline"
  )
  refusal(load_model(digits, config = as.raw(0xff)), "INVALID_ARGUMENT")
  refusal(load_model(digits, libtensorflow = "no/such"), "NOT_FOUND")
})

test_that("inputs that do not fit are refused", {
  model <- load_model(digits)
  refused <- function(...) refusal(run(model, list(...)), "INVALID_ARGUMENT")
  expect_match(refused(), "missing")
  expect_match(
    refused(image = numeric(64)),
    "has shape [64], expected [?,8,8,1]",
    fixed = TRUE
  )
  expect_match(
    refused(image = tensor(blank(), "FP64")),
    "has dtype FP64, expected FP32"
  )
  expect_match(
    refused(image = array("", c(1, 8, 8, 1))),
    "has dtype BYTES, expected FP32"
  )
  expect_match(
    refused(image = array(1e39, c(1, 8, 8, 1))),
    "element 1 is no FP32"
  )
  double <- stats::setNames(list(blank(), blank()), c("image", "image"))
  expect_match(refusal(run(model, double), "INVALID_ARGUMENT"), "twice")
  expect_match(refused(imgae = blank()), 'no input "imgae"')
  expect_match(refused(blank()), "no names")
  named <- stats::setNames(list(blank()), rawToChar(as.raw(0xff)))
  expect_match(refusal(run(model, named), "INVALID_ARGUMENT"), "not UTF-8")
  expect_match(refused(image = quote(x)), "no tensor")
  expect_match(
    refusal(run(model, list(image = blank()), "none"), "NOT_FOUND"),
    "serving_default"
  )
})

test_that("a name cannot hold a NUL", {
  expect_error(rawToChar(as.raw(c(0x69, 0x00, 0x79))), "embedded nul")
})

test_that("a closed model refuses calls, and may be closed twice", {
  model <- load_model(digits)
  answer <- run(model, list(image = blank()))$probabilities
  expect_false(is_closed(model))
  close(model)
  close(model)
  expect_true(is_closed(model))
  expect_identical(
    refusal(run(model, list(image = blank())), "FAILED_PRECONDITION"),
    "the model is closed"
  )
  expect_equal(sum(answer), 1, tolerance = 1e-5)
})

test_that("models are collected between calls", {
  kept <- load_model(digits)
  for (i in 1:10) {
    run(load_model(digits), list(image = blank()))
    gc()
    expect_length(run(kept, list(image = blank()))$probabilities, 10)
  }
})

test_that("a fork must load a model of its own", {
  model <- load_model(digits)
  run(model, list(image = blank()))
  child <- parallel::mcparallel(tryCatch(
    run(model, list(image = blank())),
    stele_error = function(e) e$code
  ))
  expect_identical(parallel::mccollect(child)[[1]], "FAILED_PRECONDITION")
})
