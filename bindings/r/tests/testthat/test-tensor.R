model <- load_model(zoo_model("dtypes"))

same <- function(values, dtype) {
  run(model, list(x = values), tolower(dtype))$same
}

test_that("numbers take the dtype of the signature where they fit", {
  numbers <- array(c(0, 1, 2, 3, 4, 100), c(2, 3))
  for (dtype in c(
    "INT8",
    "UINT16",
    "INT32",
    "UINT32",
    "FP16",
    "BF16",
    "FP32",
    "FP64"
  )) {
    expect_equal(same(numbers, dtype), numbers)
  }
  expect_identical(
    same(numbers, "INT64"),
    structure(bit64::as.integer64(c(numbers)), dim = c(2L, 3L))
  )
  expect_identical(as.double(same(numbers, "UINT64")), c(numbers))
  expect_identical(same(numbers, "C128"), numbers + 0i)
  expect_identical(same(numbers == 1, "BOOL"), numbers == 1)
})

test_that("numbers that do not fit are refused", {
  matrix <- function(value) array(value, c(2, 3))
  for (case in list(
    list(256, "UINT8"),
    list(-1, "UINT64"),
    list(1.5, "INT32"),
    list(2^53, "INT64"),
    list(NaN, "INT32"),
    list(65520, "FP16"),
    list(3.4e38, "BF16"),
    list(1e39, "FP32"),
    list(complex(1, 0, -1e39), "C64"),
    list(NA_integer_, "FP32"),
    list(NA_integer_, "INT32"),
    list(NA, "BOOL"),
    list(NA_character_, "BYTES")
  )) {
    message <- refusal(same(matrix(case[[1]]), case[[2]]), "INVALID_ARGUMENT")
    expect_match(message, paste("is no", case[[2]]))
  }
  expect_match(
    refusal(same(matrix(TRUE), "INT32"), "INVALID_ARGUMENT"),
    "has dtype BOOL, expected INT32"
  )
})

test_that("the missing value of doubles stays a NaN", {
  expect_identical(same(array(NA_real_, c(1, 1)), "FP64")[1], NA_real_)
  expect_true(is.nan(same(array(NA_real_, c(1, 1)), "FP32")[1]))
})

test_that("texts are their UTF-8, and a list holds any bytes", {
  texts <- same(array(c("\u00f1", ""), c(2, 1)), "BYTES")
  expect_identical(c(texts), list(as.raw(c(0xc3, 0xb1)), raw()))
  bytes <- list(as.raw(c(0, 255)), raw())
  expect_identical(c(same(array(bytes, c(2, 1)), "BYTES")), bytes)
})

test_that("what does not add up is refused", {
  refused <- function(...) {
    refusal(same(tensor(...), "INT32"), "INVALID_ARGUMENT")
  }
  expect_match(refused(1:3, "INT32", c(2, 2)), "has 4 elements, 3 given")
  expect_match(refused(1L, "INT32", -1), "negative dimension")
  expect_match(refused(1L, "INT32", 1.5), "no dimension")
  expect_match(refused(1L, "INT31"), "INT31")
  refusal(from_bytes(raw(3), "INT32"), "INVALID_ARGUMENT")
})

test_that("UINT64 has every value", {
  values <- as_uint64(c("18446744073709551615", "0"))
  expect_identical(as.character(values[1]), "18446744073709551615")
  expect_identical(as.double(values), c(2^64, 0))
  expect_identical(
    as.character(as_uint64(bit64::as.integer64("9007199254740993"))),
    "9007199254740993"
  )
  expect_match(
    refusal(as_uint64("18446744073709551616"), "INVALID_ARGUMENT"),
    "no UINT64"
  )
  expect_match(refusal(as_uint64("-1"), "INVALID_ARGUMENT"), "no UINT64")
})
