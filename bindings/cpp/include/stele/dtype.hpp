/// Element types, and the type of C++ that each is.
#ifndef STELE_DTYPE_HPP
#define STELE_DTYPE_HPP

#include "stele/error.hpp"
#include "stele/float16.hpp"

#include <stele.h>

#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace stele {

/// Named as in the Open Inference Protocol, numbered as in tensorflow.DataType.
enum class DType : stele_dtype {
  unnamed = STELE_UNNAMED, ///< a TensorFlow type that is not in this list
  fp32 = STELE_FP32,
  fp64 = STELE_FP64,
  int32 = STELE_INT32,
  uint8 = STELE_UINT8,
  int16 = STELE_INT16,
  int8 = STELE_INT8,
  bytes = STELE_BYTES, ///< strings of any bytes
  c64 = STELE_C64,
  int64 = STELE_INT64,
  boolean = STELE_BOOL,
  bf16 = STELE_BF16,
  uint16 = STELE_UINT16,
  c128 = STELE_C128,
  fp16 = STELE_FP16,
  uint32 = STELE_UINT32,
  uint64 = STELE_UINT64
};

/// "FP32" for DType::fp32; empty for DType::unnamed or any other number.
[[nodiscard]] inline std::string_view name(DType dtype) noexcept {
  const char *text = stele_dtype_name(static_cast<stele_dtype>(dtype));
  return text != nullptr ? text : std::string_view();
}

/// The dtype whose elements are T in memory; DType::unnamed when there is none.
/// Strings are not among them: their elements vary in size.
template <class T> inline constexpr DType dtype_of = DType::unnamed;
template <> inline constexpr DType dtype_of<bool> = DType::boolean;
template <> inline constexpr DType dtype_of<signed char> = DType::int8;
template <> inline constexpr DType dtype_of<short> = DType::int16;
template <> inline constexpr DType dtype_of<int> = DType::int32;
template <> inline constexpr DType dtype_of<long> = DType::int64;
template <> inline constexpr DType dtype_of<long long> = DType::int64;
template <> inline constexpr DType dtype_of<unsigned char> = DType::uint8;
template <> inline constexpr DType dtype_of<unsigned short> = DType::uint16;
template <> inline constexpr DType dtype_of<unsigned int> = DType::uint32;
template <> inline constexpr DType dtype_of<unsigned long> = DType::uint64;
template <> inline constexpr DType dtype_of<unsigned long long> = DType::uint64;
template <> inline constexpr DType dtype_of<Float16> = DType::fp16;
template <> inline constexpr DType dtype_of<BFloat16> = DType::bf16;
template <> inline constexpr DType dtype_of<float> = DType::fp32;
template <> inline constexpr DType dtype_of<double> = DType::fp64;
template <> inline constexpr DType dtype_of<std::complex<float>> = DType::c64;
template <> inline constexpr DType dtype_of<std::complex<double>> = DType::c128;
static_assert(sizeof(long) == 8 && sizeof(bool) == 1, "64-bit Unix only");

/// Whether T is the element of a tensor, as it lies in memory.
template <class T>
concept Element = dtype_of<T>
!= DType::unnamed;

/// Calls `function` with std::type_identity<T> for the T of a dtype that is
/// known only when the program runs; std::string_view stands for DType::bytes.
///
///   stele::visit(output.dtype(), [&]<class T>(std::type_identity<T>) {
///     for (const T &element : output.as<T>()) ...
///   });
///
/// Throws Error: INVALID_ARGUMENT for a dtype without a name.
template <class Function>
decltype(auto) visit(DType dtype, Function &&function) {
  const auto with = [&]<class T>(std::type_identity<T> type) -> decltype(auto) {
    return std::forward<Function>(function)(type);
  };
  switch (dtype) {
  case DType::boolean:
    return with(std::type_identity<bool>());
  case DType::int8:
    return with(std::type_identity<std::int8_t>());
  case DType::int16:
    return with(std::type_identity<std::int16_t>());
  case DType::int32:
    return with(std::type_identity<std::int32_t>());
  case DType::int64:
    return with(std::type_identity<std::int64_t>());
  case DType::uint8:
    return with(std::type_identity<std::uint8_t>());
  case DType::uint16:
    return with(std::type_identity<std::uint16_t>());
  case DType::uint32:
    return with(std::type_identity<std::uint32_t>());
  case DType::uint64:
    return with(std::type_identity<std::uint64_t>());
  case DType::fp16:
    return with(std::type_identity<Float16>());
  case DType::bf16:
    return with(std::type_identity<BFloat16>());
  case DType::fp32:
    return with(std::type_identity<float>());
  case DType::fp64:
    return with(std::type_identity<double>());
  case DType::c64:
    return with(std::type_identity<std::complex<float>>());
  case DType::c128:
    return with(std::type_identity<std::complex<double>>());
  case DType::bytes:
    return with(std::type_identity<std::string_view>());
  case DType::unnamed:
    break;
  }
  throw Error(Code::invalid_argument,
              "dtype " + std::to_string(static_cast<stele_dtype>(dtype)) +
                  " has no name");
}

} // namespace stele

#endif // STELE_DTYPE_HPP
