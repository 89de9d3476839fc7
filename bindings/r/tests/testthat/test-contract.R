# values.tsv: what a person writes, its bytes, and both ways through a model.

halves <- c(FP16 = 5, BF16 = 8, FP32 = 8, FP64 = 11)
sizes <- c(FP16 = 2, BF16 = 2, FP32 = 4, FP64 = 8)

# A double whose upper bits are those of a NaN of `dtype`, by R's own means: as the bytes of
# the double, in which the fraction begins at bit 51.
nan_of <- function(hex, dtype) {
  bits <- as.integer(rev(rawToBits(rev(hex_to_raw(hex)))))
  fraction <- bits[-seq_len(1 + halves[[dtype]])]
  wide <- c(bits[1], rep(1L, 11), fraction, rep(0L, 52 - length(fraction)))
  readBin(packBits(rev(wide)), "double", endian = "little")
}

float_of <- function(text, dtype) {
  if (startsWith(text, "nan:")) {
    nan_of(substring(text, 5), dtype)
  } else {
    as.double(text)
  }
}

complex_of <- function(text, part) {
  parts <- vapply(strsplit(text, ";")[[1]], float_of, 0, part)
  complex(real = parts[1], imaginary = parts[2])
}

value_of <- function(texts, dtype) {
  floats <- function() vapply(texts, float_of, 0, dtype, USE.NAMES = FALSE)
  switch(
    dtype,
    BOOL = texts == "true",
    INT64 = bit64::as.integer64(texts),
    UINT64 = as_uint64(texts),
    UINT32 = as.double(texts),
    INT8 = ,
    INT16 = ,
    INT32 = ,
    UINT8 = ,
    UINT16 = suppressWarnings(as.integer(texts)),
    C64 = vapply(texts, complex_of, 0i, "FP32", USE.NAMES = FALSE),
    C128 = vapply(texts, complex_of, 0i, "FP64", USE.NAMES = FALSE),
    BYTES = lapply(sub("hex:", "", texts), hex_to_raw),
    floats()
  )
}

# bit64 has no text for its least, which is its NA.
least <- function(values, texts, dtype) {
  if (dtype == "INT64") {
    values[texts == "-9223372036854775808"] <- bit64::NA_integer64_
  }
  values
}

same_memory <- function(a, b) {
  identical(serialize(c(a), NULL), serialize(c(b), NULL))
}

rows <- contract_table("values.tsv", c("dtype", "shape", "literals", "bytes"))

test_that("the codes are the contract's", {
  codes <- contract_table("codes.tsv", c("number", "name"))
  expect_true(all(c("NOT_FOUND", "INVALID_ARGUMENT") %in% codes$name))
  expect_identical(
    refusal(load_model("no/such"), "NOT_FOUND"),
    'no SavedModel at "no/such": no such folder'
  )
})

test_that("there is every dtype of the contract", {
  dtypes <- contract_table("dtypes.tsv", c("name", "number", "size", "kind"))
  expect_setequal(dtypes$name, rows$dtype)
  for (dtype in dtypes$name) {
    expect_identical(format(tensor(list(), dtype, 0)), paste(dtype, "[0]"))
  }
})

model <- load_model(zoo_model("dtypes"))

for (row in split(rows, seq_len(nrow(rows)))) {
  test_that(
    paste(row$dtype, "has the contract's values and bytes, in a model too"),
    {
      texts <- strsplit(row$literals, ",")[[1]]
      # The table is row-major; x[1, ] is its first row.
      given <- least(value_of(texts, row$dtype), texts, row$dtype)
      turned <- given[c(1, 4, 2, 5, 3, 6)]
      dim(turned) <- c(2, 3)
      if (row$dtype != "BYTES") {
        expect_identical(to_bytes(given, row$dtype), hex_to_raw(row$bytes))
        expect_true(same_memory(
          from_bytes(hex_to_raw(row$bytes), row$dtype),
          given
        ))
      }
      same <- run(
        model,
        list(x = tensor(turned, row$dtype)),
        tolower(row$dtype)
      )$same
      expect_identical(dim(same), c(2L, 3L))
      expect_identical(typeof(same), typeof(turned))
      expect_true(same_memory(same, turned))
    }
  )
}
