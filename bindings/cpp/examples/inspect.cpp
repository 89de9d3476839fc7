// Prints every signature of a SavedModel.
//   flags=$(pkg-config --cflags --libs stele-cpp)
//   c++ -std=c++20 inspect.cpp $flags -o inspect
//   ./inspect path/to/saved_model [TAG...]
#include <stele.hpp>

#include <iostream>
#include <string>
#include <vector>

namespace {

void print(const char *kind, const std::vector<stele::TensorInfo> &infos) {
  for (const auto &info : infos)
    std::cout << kind << ' ' << info.name << ' ' << info.dtype_name << ' '
              << stele::shape_text(info.shape)
              << (info.has_default ? " default" : "") << '\n';
}

} // namespace

int main(int argc, char **argv) {
  if (argc < 2) {
    std::cerr << "usage: inspect SAVED_MODEL [TAG...]\n";
    return 2;
  }
  try {
    stele::Options options;
    if (argc > 2)
      options.tags.assign(argv + 2, argv + argc);
    const auto model = stele::Model::load(argv[1], options);
    for (const auto &signature : model.signatures()) {
      std::cout << "signature " << signature.name << '\n';
      print("input", signature.inputs);
      print("output", signature.outputs);
    }
  } catch (const stele::Error &error) {
    std::cerr << "inspect: " << name(error.code()) << ": " << error.what()
              << '\n';
    return 1;
  }
}
