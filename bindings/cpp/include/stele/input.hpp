/// What goes into a run.
#ifndef STELE_INPUT_HPP
#define STELE_INPUT_HPP

#include "stele/dtype.hpp"
#include "stele/error.hpp"

#include <stele.h>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace stele {

/// Sizes of dimensions; empty for a scalar.
using Shape = std::vector<std::int64_t>;

namespace detail {

template <class Container>
using ValueOf = std::remove_cvref_t<decltype(*std::data(
    std::declval<const Container &>()))>;

/// An array, std::array, std::vector, std::span, std::initializer_list of T.
template <class Container>
concept ElementsInARow = requires(const Container &values) {
  { std::size(values) } -> std::convertible_to<std::size_t>;
  requires Element<ValueOf<Container>>;
};

template <class Container>
concept StringsInARow = requires(const Container &values) {
  { std::size(values) } -> std::convertible_to<std::size_t>;
  requires std::convertible_to<ValueOf<Container>, std::string_view>;
};

} // namespace detail

/// A named input: a view of the caller's memory, which must live until the run
/// has returned, as the temporaries of one expression do. Only a scalar is held
/// by value. Elements are in row-major order.
///
/// Constructors throw Error: INVALID_ARGUMENT for a name with a NUL. Whether
/// elements and shape agree is judged by the run.
class Input {
public:
  /// A tensor of the dtype that the elements have: {"x", values, {2, 3}}.
  template <detail::ElementsInARow Container>
  Input(std::string_view name, const Container &values, Shape shape)
      : name_(detail::terminated(name)),
        dtype_(dtype_of<detail::ValueOf<Container>>), shape_(std::move(shape)),
        data_(std::data(values)),
        size_(std::size(values) * sizeof(*std::data(values))) {
  }

  /// A tensor of one dimension: {"x", values}.
  template <detail::ElementsInARow Container>
  Input(std::string_view name, const Container &values)
      : Input(name, values, {static_cast<std::int64_t>(std::size(values))}) {
  }

  /// A scalar: {"x", 3.0F}.
  template <Element T>
  Input(std::string_view name, T value)
      : name_(detail::terminated(name)), dtype_(dtype_of<T>), is_scalar_(true),
        size_(sizeof(T)) {
    static_assert(sizeof(T) <= sizeof(scalar_));
    std::memcpy(scalar_.data(), &value, sizeof(T));
  }

  /// Strings of any bytes, NUL included: {"text", texts, {2, 3}}.
  template <detail::StringsInARow Container>
  Input(std::string_view name, const Container &strings, Shape shape)
      : name_(detail::terminated(name)), dtype_(DType::bytes),
        shape_(std::move(shape)) {
    strings_.reserve(std::size(strings));
    for (const std::string_view string : strings)
      strings_.push_back({string.data(), string.size()});
  }

  /// Strings in one dimension: {"text", texts}.
  template <detail::StringsInARow Container>
  Input(std::string_view name, const Container &strings)
      : Input(name, strings, {static_cast<std::int64_t>(std::size(strings))}) {
  }

  /// One string, a scalar: {"text", "hola"}.
  Input(std::string_view name, std::string_view string)
      : name_(detail::terminated(name)),
        dtype_(DType::bytes), strings_{{string.data(), string.size()}} {
  }

  /// The bits of a std::vector<bool> are not elements in a row: use
  /// std::array<bool, N>, or std::unique_ptr<bool[]> with a std::span.
  Input(std::string_view name, const std::vector<bool> &values,
        Shape shape = {}) = delete;

  /// What libstele takes; it lives as long as this.
  [[nodiscard]] stele_tensor view() const noexcept {
    stele_tensor tensor = {name_.c_str(),
                           static_cast<stele_dtype>(dtype_),
                           static_cast<std::int32_t>(shape_.size()),
                           shape_.data(),
                           is_scalar_ ? scalar_.data() : data_,
                           size_};
    if (dtype_ == DType::bytes) {
      tensor.data = strings_.data();
      tensor.size = strings_.size() * sizeof(stele_bytes);
    }
    return tensor;
  }

private:
  std::string name_;
  DType dtype_;
  Shape shape_;
  bool is_scalar_ = false;
  alignas(std::max_align_t) std::array<std::byte, 16> scalar_ = {};
  const void *data_ = nullptr;
  std::uint64_t size_ = 0;           ///< bytes at data_, or of the scalar
  std::vector<stele_bytes> strings_; ///< instead, of DType::bytes
};

} // namespace stele

#endif // STELE_INPUT_HPP
