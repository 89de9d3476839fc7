/// The two 16-bit floats that C++20 has no type for.
///
/// Both are their bits, so that a NaN's payload survives, and convert by
/// request: float{x}, Float16{x}. To a float the conversion is exact; from one
/// it rounds to the nearest, ties to even, and a NaN stays one.
#ifndef STELE_FLOAT16_HPP
#define STELE_FLOAT16_HPP

#include <bit>
#include <cstdint>

namespace stele {

/// IEEE 754 binary16: 5 bits of exponent, 10 of fraction.
class Float16 {
public:
  constexpr Float16() noexcept = default;

  constexpr explicit Float16(float value) noexcept : bits_(rounded(value)) {
  }

  [[nodiscard]] static constexpr Float16
  from_bits(std::uint16_t bits) noexcept {
    Float16 value;
    value.bits_ = bits;
    return value;
  }

  [[nodiscard]] constexpr std::uint16_t bits() const noexcept {
    return bits_;
  }

  constexpr explicit operator float() const noexcept {
    const std::uint32_t sign = (bits_ & 0x8000U) << 16U;
    const std::uint32_t exponent = (bits_ >> 10U) & 0x1fU;
    const std::uint32_t fraction = bits_ & 0x3ffU;
    if (exponent == 0) { // zero or subnormal: a multiple of 2^-24
      const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
      return std::bit_cast<float>(sign |
                                  std::bit_cast<std::uint32_t>(magnitude));
    }
    const std::uint32_t wide =
        exponent == 0x1fU ? 0xffU : exponent + (127 - 15);
    return std::bit_cast<float>(sign | wide << 23U | fraction << 13U);
  }

private:
  static constexpr std::uint16_t rounded(float value) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    const std::uint32_t sign = (bits >> 16U) & 0x8000U;
    const std::uint32_t magnitude = bits & 0x7fffffffU;
    return static_cast<std::uint16_t>(sign | rounded_magnitude(magnitude));
  }

  static constexpr std::uint32_t
  rounded_magnitude(std::uint32_t magnitude) noexcept {
    constexpr std::uint32_t infinity = 0x7f800000U;
    constexpr std::uint32_t least_normal = 113U << 23U; // 2^-14
    constexpr std::uint32_t half = 126U << 23U; // 0.5, whose ulp is 2^-24
    if (magnitude > infinity)
      return 0x7e00U | ((magnitude >> 13U) & 0x3ffU);
    if (magnitude >= 143U << 23U) // 2^16
      return 0x7c00U;
    if (magnitude < least_normal) // the addition rounds
      return std::bit_cast<std::uint32_t>(std::bit_cast<float>(magnitude) +
                                          0.5F) -
             half;
    const std::uint32_t odd = (magnitude >> 13U) & 1U;
    return (magnitude - (112U << 23U) + 0xfffU + odd) >> 13U;
  }

  std::uint16_t bits_ = 0;
};

/// bfloat16: the upper half of a float.
class BFloat16 {
public:
  constexpr BFloat16() noexcept = default;

  constexpr explicit BFloat16(float value) noexcept : bits_(rounded(value)) {
  }

  [[nodiscard]] static constexpr BFloat16
  from_bits(std::uint16_t bits) noexcept {
    BFloat16 value;
    value.bits_ = bits;
    return value;
  }

  [[nodiscard]] constexpr std::uint16_t bits() const noexcept {
    return bits_;
  }

  constexpr explicit operator float() const noexcept {
    return std::bit_cast<float>(static_cast<std::uint32_t>(bits_) << 16U);
  }

private:
  static constexpr std::uint16_t rounded(float value) noexcept {
    const auto bits = std::bit_cast<std::uint32_t>(value);
    if ((bits & 0x7fffffffU) > 0x7f800000U)
      return static_cast<std::uint16_t>(bits >> 16U | 0x40U);
    const std::uint32_t odd = (bits >> 16U) & 1U;
    return static_cast<std::uint16_t>((bits + 0x7fffU + odd) >> 16U);
  }

  std::uint16_t bits_ = 0;
};

} // namespace stele

#endif // STELE_FLOAT16_HPP
