#include <stele.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace {

/// Every number of T: what it is as a float comes back, and a float between it
/// and the next goes to the nearer, or in the middle to the even one.
template <class T> void every_number(std::uint16_t infinity) {
  for (std::uint16_t bits = 0; bits < infinity; bits++) {
    const auto value = T::from_bits(bits);
    const auto next = T::from_bits(static_cast<std::uint16_t>(bits + 1));
    const auto exact = static_cast<float>(value);
    REQUIRE(T(exact).bits() == bits);
    REQUIRE(T(-exact).bits() == (bits | 0x8000));
    if (bits + 1 == infinity)
      continue;
    const float middle = exact + (static_cast<float>(next) - exact) / 2;
    REQUIRE(T(middle).bits() == (bits % 2 == 0 ? bits : bits + 1));
    REQUIRE(T(std::nextafter(middle, 0.0F)).bits() == bits);
    REQUIRE(T(std::nextafter(middle, std::numeric_limits<float>::infinity()))
                .bits() == bits + 1);
  }
  const auto infinite = std::numeric_limits<float>::infinity();
  CHECK(T(infinite).bits() == infinity);
  CHECK(T(-infinite).bits() == (infinity | 0x8000));
  CHECK(T(std::numeric_limits<float>::max()).bits() == infinity);
  CHECK(static_cast<float>(T::from_bits(infinity)) == infinite);
  CHECK(std::isnan(
      static_cast<float>(T(std::numeric_limits<float>::quiet_NaN()))));
  // A NaN whose payload is in the bits that go stays one.
  CHECK(std::isnan(static_cast<float>(T(std::bit_cast<float>(0x7f800001U)))));
  for (int bits = infinity + 1; bits < 0x8000; bits++)
    REQUIRE(std::isnan(
        static_cast<float>(T::from_bits(static_cast<std::uint16_t>(bits)))));
}

} // namespace

TEST_CASE("Float16 converts every number exactly and rounds to the nearest") {
  every_number<stele::Float16>(0x7c00);
  CHECK(stele::Float16(65519.0F).bits() == 0x7bff);
  CHECK(stele::Float16(65520.0F).bits() == 0x7c00);
  CHECK(stele::Float16(0x1p-25F).bits() == 0);
  CHECK(stele::Float16(0x1.000002p-25F).bits() == 1);
  static_assert(static_cast<float>(stele::Float16(1.5F)) == 1.5F);
}

TEST_CASE("BFloat16 converts every number exactly and rounds to the nearest") {
  every_number<stele::BFloat16>(0x7f80);
  static_assert(static_cast<float>(stele::BFloat16(1.5F)) == 1.5F);
}
