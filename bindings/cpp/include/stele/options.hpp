/// How a model is loaded.
#ifndef STELE_OPTIONS_HPP
#define STELE_OPTIONS_HPP

#include <optional>
#include <string>
#include <vector>

namespace stele {

/// Give what you need by name: {.profile = "inline"}.
struct Options {
  /// The exact set of tags of the graph wanted, in any order, none with a
  /// comma.
  std::vector<std::string> tags = {"serve"};

  /// The session's configuration by name; nothing is "default".
  ///   "default"  TensorFlow's own
  ///   "inline"   every op runs in the calling thread
  ///   "single"   the single-threaded executor
  ///   "python"   the graph as it was written: the bits of the function in
  ///              Python
  std::optional<std::string> profile = std::nullopt;

  /// Or a serialized tensorflow.ConfigProto, instead of a profile.
  std::optional<std::string> config = std::nullopt;

  /// Where TensorFlow is: the file libtensorflow_cc.so.2, or its folder.
  /// Nothing: it is searched for.
  std::optional<std::string> libtensorflow = std::nullopt;
};

} // namespace stele

#endif // STELE_OPTIONS_HPP
