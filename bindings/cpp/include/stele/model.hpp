/// The model.
#ifndef STELE_MODEL_HPP
#define STELE_MODEL_HPP

#include "stele/error.hpp"
#include "stele/input.hpp"
#include "stele/options.hpp"
#include "stele/output.hpp"
#include "stele/signature.hpp"

#include <stele.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stele {

/// A SavedModel that is loaded. It moves and does not copy; `share` gives
/// another owner.
///
/// Any number of threads may call const functions of one Model at once. To
/// close it while others run, give each thread an owner of its own.
class Model {
public:
  /// Loads the SavedModel in folder `dir`, a string or a std::filesystem::path.
  /// Takes from milliseconds to minutes, as the model does.
  ///
  /// Throws Error: with the codes of stele_load in stele.h, such as NOT_FOUND
  /// for a folder that is none, or when there is no TensorFlow;
  /// INVALID_ARGUMENT for a path, tag or profile with a NUL.
  [[nodiscard]] static Model load(const std::string &dir,
                                  const Options &options = {}) {
    const std::string path = detail::terminated(dir);
    const std::string tags = joined(options.tags);
    const auto profile = terminated(options.profile);
    const auto libtensorflow = terminated(options.libtensorflow);
    stele_options given = {};
    given.struct_size = sizeof given;
    given.tags = tags.c_str();
    given.profile = profile ? profile->c_str() : nullptr;
    given.libtensorflow = libtensorflow ? libtensorflow->c_str() : nullptr;
    if (options.config) {
      given.config = options.config->data();
      given.config_size = options.config->size();
    }
    stele_error error;
    stele_model *model = stele_load(path.c_str(), &given, &error);
    if (model == nullptr)
      detail::fail(error);
    return Model(model);
  }

  /// Another owner of the same model, which is released with the last of them.
  [[nodiscard]] Model share() const noexcept {
    return {stele_retain(model_.get()), signatures_};
  }

  /// Gives the model up; once more does nothing. Runs of other owners go on,
  /// and outputs stay. Then, as after a move, `run` throws FAILED_PRECONDITION.
  void close() noexcept {
    model_.reset();
    signatures_.reset();
  }

  /// All signatures, sorted by name; none of a model that is closed. They live
  /// until the last owner of the model is gone.
  [[nodiscard]] const std::vector<Signature> &signatures() const &noexcept {
    static const std::vector<Signature> none;
    return signatures_ != nullptr ? *signatures_ : none;
  }
  [[nodiscard]] const std::vector<Signature> &signatures() const && = delete;

  /// The signature of that name, or NULL; it lives as long as `signatures`.
  [[nodiscard]] const Signature *
  signature(std::string_view name = "serving_default") const &noexcept {
    for (const Signature &signature : signatures())
      if (signature.name == name)
        return &signature;
    return nullptr;
  }
  [[nodiscard]] const Signature *
  signature(std::string_view name = "serving_default") const && = delete;

  /// Runs a signature on its inputs, in any order, all but those that have a
  /// default.
  ///
  /// Throws Error: with the codes of stele_run in stele.h. What the signature
  /// refuses is INVALID_ARGUMENT, and TensorFlow does not see it.
  [[nodiscard]] Outputs
  run(std::span<const Input> inputs,
      std::string_view signature = "serving_default") const {
    // Few inputs need no memory from the heap.
    std::array<stele_tensor, 8> few;
    std::vector<stele_tensor> many(inputs.size() > few.size() ? inputs.size()
                                                              : 0);
    stele_tensor *views = many.empty() ? few.data() : many.data();
    for (std::size_t i = 0; i < inputs.size(); i++)
      views[i] = inputs[i].view();
    const std::string name = detail::terminated(signature);
    stele_error error;
    stele_outputs *outputs =
        stele_run(model_.get(), name.c_str(), views, inputs.size(), &error);
    if (outputs == nullptr)
      detail::fail(error);
    return Outputs(outputs);
  }

  /// The same: model.run({{"a", a, {2, 3}}, {"b", b}}).
  [[nodiscard]] Outputs
  run(std::initializer_list<Input> inputs,
      std::string_view signature = "serving_default") const {
    return run(std::span(inputs.begin(), inputs.size()), signature);
  }

private:
  using Signatures = std::shared_ptr<const std::vector<Signature>>;

  explicit Model(stele_model *model) : model_(model) {
    std::vector<Signature> all;
    for (std::uint64_t i = 0; i < stele_signature_count(model); i++)
      all.push_back(detail::signature(*stele_signature_at(model, i)));
    signatures_ =
        std::make_shared<const std::vector<Signature>>(std::move(all));
  }

  Model(stele_model *model, Signatures signatures) noexcept
      : model_(model), signatures_(std::move(signatures)) {
  }

  static std::string joined(const std::vector<std::string> &tags) {
    std::string text;
    for (const std::string &tag : tags) {
      if (&tag != tags.data())
        text += ',';
      text += detail::terminated(tag);
    }
    return text;
  }

  static std::optional<std::string>
  terminated(const std::optional<std::string> &text) {
    return text ? std::optional(detail::terminated(*text)) : std::nullopt;
  }

  struct Free {
    void operator()(stele_model *model) const noexcept {
      stele_free(model);
    }
  };

  std::unique_ptr<stele_model, Free> model_;
  Signatures signatures_;
};

/// The version of TensorFlow, "2.21.0"; loads it when it is not loaded yet.
/// Throws Error: with stele_load's codes when there is none.
[[nodiscard]] inline std::string tensorflow_version() {
  stele_error error;
  const char *version = stele_tensorflow_version(&error);
  if (version == nullptr)
    detail::fail(error);
  return version;
}

} // namespace stele

#endif // STELE_MODEL_HPP
