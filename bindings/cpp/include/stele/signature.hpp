/// What a model takes and gives. Plain values, which may outlive the model.
#ifndef STELE_SIGNATURE_HPP
#define STELE_SIGNATURE_HPP

#include "stele/dtype.hpp"

#include <stele.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace stele {

/// A shape as people read it: "[?,8,8,1]", "[]" for a scalar, "?" for an
/// unknown rank.
[[nodiscard]] inline std::string
shape_text(const std::optional<std::vector<std::int64_t>> &shape) {
  if (!shape)
    return "?";
  // A number has at most 20 characters, and one comma or bracket.
  std::string text(shape->size() * 21 + 3, '\0');
  stele_shape_text(static_cast<std::int32_t>(shape->size()), shape->data(),
                   text.data(), text.size());
  text.resize(text.find('\0'));
  return text;
}

/// One input or output of a signature.
struct TensorInfo {
  std::string name;
  DType dtype = DType::unnamed; ///< unnamed: the signature cannot be run
  std::string dtype_name;       ///< "FP32"; "TF_20" for TensorFlow's number 20

  /// Sizes of the dimensions, -1 where unknown; nothing for an unknown rank.
  std::optional<std::vector<std::int64_t>> shape = std::nullopt;

  /// Whether the model has a value for this input when none is given.
  bool has_default = false;
};

/// One way to call the model; inputs and outputs are sorted by name.
struct Signature {
  std::string name;
  std::vector<TensorInfo> inputs = {};
  std::vector<TensorInfo> outputs = {};
};

namespace detail {

inline TensorInfo tensor_info(const stele_tensor_info &info) {
  TensorInfo made = {.name = info.name,
                     .dtype = static_cast<DType>(info.dtype),
                     .dtype_name = info.dtype_name,
                     .has_default = info.default_value != nullptr};
  if (info.rank >= 0)
    made.shape.emplace(info.dims, info.dims + info.rank);
  return made;
}

inline Signature signature(const stele_signature &from) {
  Signature made = {.name = from.name};
  for (const auto &info : std::span(from.inputs, from.n_inputs))
    made.inputs.push_back(tensor_info(info));
  for (const auto &info : std::span(from.outputs, from.n_outputs))
    made.outputs.push_back(tensor_info(info));
  return made;
}

} // namespace detail
} // namespace stele

#endif // STELE_SIGNATURE_HPP
