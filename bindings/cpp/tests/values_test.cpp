// values.tsv, through the constructor and the accessor that the README shows.
#include "contract.hpp"
#include "models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cctype>
#include <charconv>
#include <complex>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

template <class Bits> Bits bits(const std::string &hexadecimal) {
  return static_cast<Bits>(std::stoull(hexadecimal, nullptr, 16));
}

template <class T> T parse(const std::string &literal) {
  const bool is_nan = literal.starts_with("nan:");
  const std::string nan = is_nan ? literal.substr(4) : "";
  if constexpr (std::is_same_v<T, bool>) {
    return literal == "true";
  } else if constexpr (std::is_integral_v<T>) {
    T value = {};
    const auto *end = literal.data() + literal.size();
    REQUIRE(std::from_chars(literal.data(), end, value).ptr == end);
    return value;
  } else if constexpr (std::is_same_v<T, float>) {
    return is_nan ? std::bit_cast<float>(bits<std::uint32_t>(nan))
                  : std::strtof(literal.c_str(), nullptr);
  } else if constexpr (std::is_same_v<T, double>) {
    return is_nan ? std::bit_cast<double>(bits<std::uint64_t>(nan))
                  : std::strtod(literal.c_str(), nullptr);
  } else if constexpr (std::is_same_v<T, stele::Float16> ||
                       std::is_same_v<T, stele::BFloat16>) {
    return is_nan ? T::from_bits(bits<std::uint16_t>(nan))
                  : T(parse<float>(literal));
  } else {
    const auto parts = split(literal, ';');
    using Part = typename T::value_type;
    return {parse<Part>(parts.at(0)), parse<Part>(parts.at(1))};
  }
}

template <class T> std::string memory(std::span<const T> values) {
  return {reinterpret_cast<const char *>(values.data()), values.size_bytes()};
}

/// The model dtypes has a signature for each dtype, which returns its input.
class Row {
public:
  Row(const stele::Model &model, std::string dtype,
      std::vector<std::string> literals, std::string bytes)
      : model_(model), signature_(std::move(dtype)),
        literals_(std::move(literals)), bytes_(std::move(bytes)) {
    for (char &letter : signature_)
      letter = static_cast<char>(std::tolower(letter));
  }

  template <stele::Element T>
  void operator()(std::type_identity<T> /*type*/) const {
    const auto values = std::make_unique<T[]>(literals_.size());
    for (std::size_t i = 0; i < literals_.size(); i++)
      values[i] = parse<T>(literals_[i]);
    const std::span<const T> given(values.get(), literals_.size());

    const stele::Input input("x", given, {2, 3});
    const auto view = input.view();
    CHECK(std::string(static_cast<const char *>(view.data), view.size) ==
          bytes_);

    const auto outputs = model_.run({&input, 1}, signature_);
    CHECK(memory(outputs["same"].as<T>()) == bytes_);
    CHECK(memory(outputs["same"].as<T>()) == memory(given));

    const stele::Outputs scalar = model_.run({{"x", given[0]}}, signature_);
    CHECK(scalar["same"].shape().empty());
    CHECK(memory(scalar["same"].as<T>()) == memory(given.first(1)));
  }

  void operator()(std::type_identity<std::string_view> /*type*/) const {
    std::vector<std::string> strings;
    std::string packed;
    for (const auto &literal : literals_) {
      strings.push_back(from_hex(literal.substr(std::strlen("hex:"))));
      const auto size = static_cast<std::uint32_t>(strings.back().size());
      packed.append(reinterpret_cast<const char *>(&size), sizeof size);
      packed += strings.back();
    }
    CHECK(packed == bytes_);
    const auto outputs = model_.run({{"x", strings, {2, 3}}}, signature_);
    const auto same = outputs["same"].as<std::string_view>();
    CHECK(std::equal(same.begin(), same.end(), strings.begin(), strings.end()));

    const auto scalar = model_.run({{"x", strings.at(0)}}, signature_);
    CHECK(scalar["same"].shape().empty());
    CHECK(scalar["same"].as<std::string_view>().at(0) == strings.at(0));
  }

private:
  const stele::Model &model_;
  std::string signature_;
  std::vector<std::string> literals_;
  std::string bytes_;
};

} // namespace

TEST_CASE("every dtype has the values and bytes of the contract") {
  const auto model = stele::Model::load(folder("dtypes"));
  const auto rows =
      contract("values.tsv", {"dtype", "shape", "literals", "bytes"});
  CHECK(rows.size() ==
        contract("dtypes.tsv", {"name", "number", "size", "kind"}).size());
  for (const auto &row : rows) {
    CAPTURE(row.at("dtype"));
    REQUIRE(row.at("shape") == "2,3");
    const auto dtype = static_cast<stele::DType>(
        stele_dtype_from_name(row.at("dtype").c_str()));
    stele::visit(dtype,
                 Row(model, row.at("dtype"), split(row.at("literals"), ','),
                     from_hex(row.at("bytes"))));
  }
}

TEST_CASE("codes and dtypes are the contract's") {
  for (const auto &row : contract("codes.tsv", {"number", "name"}))
    CHECK(name(static_cast<stele::Code>(std::stoi(row.at("number")))) ==
          row.at("name"));
  CHECK(name(static_cast<stele::Code>(17)) == "UNKNOWN");
  for (const auto &row :
       contract("dtypes.tsv", {"name", "number", "size", "kind"})) {
    const auto dtype = static_cast<stele::DType>(std::stoi(row.at("number")));
    CHECK(name(dtype) == row.at("name"));
    stele::visit(dtype, [&]<class T>(std::type_identity<T>) {
      if constexpr (stele::Element<T>) {
        CHECK(stele::dtype_of<T> == dtype);
        CHECK(std::to_string(sizeof(T)) == row.at("size"));
      }
    });
  }
  CHECK(name(stele::DType::unnamed).empty());
  CHECK(refusal([] { stele::visit(stele::DType::unnamed, [](auto) {}); }) ==
        "INVALID_ARGUMENT: dtype 0 has no name");
}
