/// What comes out of a run.
#ifndef STELE_OUTPUT_HPP
#define STELE_OUTPUT_HPP

#include "stele/dtype.hpp"
#include "stele/error.hpp"

#include <stele.h>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stele {

/// A view of one output, valid as long as the Outputs that it is from.
class Output {
public:
  explicit Output(const stele_tensor &tensor) noexcept : tensor_(tensor) {
  }

  [[nodiscard]] std::string_view name() const noexcept {
    return tensor_.name;
  }

  [[nodiscard]] DType dtype() const noexcept {
    return static_cast<DType>(tensor_.dtype);
  }

  /// The sizes of its dimensions; empty for a scalar.
  [[nodiscard]] std::span<const std::int64_t> shape() const noexcept {
    return {tensor_.dims, static_cast<std::size_t>(tensor_.rank)};
  }

  /// The elements in row-major order, not copied.
  /// Throws Error: INVALID_ARGUMENT when their dtype is another.
  template <Element T> [[nodiscard]] std::span<const T> as() const {
    expect(dtype_of<T>);
    return {static_cast<const T *>(tensor_.data), tensor_.size / sizeof(T)};
  }

  /// The elements of DType::bytes; the list is new, its strings are views.
  template <std::same_as<std::string_view> T>
  [[nodiscard]] std::vector<T> as() const {
    expect(DType::bytes);
    std::vector<T> strings;
    const auto *elements = static_cast<const stele_bytes *>(tensor_.data);
    for (const auto &element :
         std::span(elements, tensor_.size / sizeof(stele_bytes)))
      strings.emplace_back(element.data, element.size);
    return strings;
  }

private:
  void expect(DType expected) const {
    if (dtype() != expected)
      throw Error(Code::invalid_argument,
                  "output \"" + std::string(name()) + "\" has dtype " +
                      std::string(stele::name(dtype())) + ", expected " +
                      std::string(stele::name(expected)));
  }

  stele_tensor tensor_;
};

/// Every output of a signature, sorted by name. They may outlive the model.
///
/// What is handed out is a view: `model.run(...)["x"]` does not compile, for
/// the outputs would be gone at the end of the line. Keep them.
class Outputs {
public:
  explicit Outputs(stele_outputs *outputs) noexcept : outputs_(outputs) {
  }

  [[nodiscard]] std::size_t size() const noexcept {
    return all().size();
  }

  /// The output of that name.
  /// Throws Error: NOT_FOUND when there is none.
  [[nodiscard]] Output operator[](std::string_view name) const & {
    if (const auto output = find(name))
      return *output;
    std::string names;
    for (const Output output : *this)
      names.append(names.empty() ? "\"" : ", \"").append(output.name()) += '"';
    throw Error(Code::not_found, "no output \"" + std::string(name) +
                                     "\"; there are " +
                                     (names.empty() ? "none" : names));
  }
  Output operator[](std::string_view name) const && = delete;

  /// The output number `index`.
  /// Throws Error: OUT_OF_RANGE when there are not so many.
  [[nodiscard]] Output operator[](std::size_t index) const & {
    if (index < size())
      return Output(all()[index]);
    throw Error(Code::out_of_range, "no output " + std::to_string(index) +
                                        "; there are " +
                                        std::to_string(size()));
  }
  Output operator[](std::size_t index) const && = delete;

  /// The output of that name, or nothing.
  [[nodiscard]] std::optional<Output> find(std::string_view name) const & {
    for (const Output output : *this)
      if (output.name() == name)
        return output;
    return std::nullopt;
  }
  [[nodiscard]] std::optional<Output>
  find(std::string_view name) const && = delete;

  /// Goes through outputs as values: for (stele::Output output : outputs).
  class Iterator {
  public:
    using value_type = Output;
    using difference_type = std::ptrdiff_t;

    Iterator() noexcept = default;

    explicit Iterator(const stele_tensor *tensor) noexcept : tensor_(tensor) {
    }

    Output operator*() const noexcept {
      return Output(*tensor_);
    }

    Iterator &operator++() noexcept {
      ++tensor_;
      return *this;
    }

    Iterator operator++(int) noexcept {
      return Iterator(tensor_++);
    }

    bool operator==(const Iterator &) const noexcept = default;

  private:
    const stele_tensor *tensor_ = nullptr;
  };

  [[nodiscard]] Iterator begin() const noexcept {
    return Iterator(all().data());
  }

  [[nodiscard]] Iterator end() const noexcept {
    return Iterator(all().data() + all().size());
  }

private:
  /// Empty when they have been moved away.
  [[nodiscard]] std::span<const stele_tensor> all() const noexcept {
    if (outputs_ == nullptr)
      return {};
    return {outputs_->tensors, outputs_->n_tensors};
  }

  struct Free {
    void operator()(stele_outputs *outputs) const noexcept {
      stele_outputs_free(outputs);
    }
  };

  std::unique_ptr<stele_outputs, Free> outputs_;
};

} // namespace stele

#endif // STELE_OUTPUT_HPP
