// Which digit is this? Load, introspect, run, print.
//   c++ -std=c++20 digits.cpp $(pkg-config --cflags --libs stele-cpp) -o digits
//   ./digits path/to/saved_model
#include <stele.hpp>

#include <algorithm>
#include <array>
#include <iomanip>
#include <iostream>
#include <stdexcept>

namespace {

// clang-format off
constexpr std::array<float, 64> image = {
  0, 0,  5, 13, 12,  3, 0, 0,
  0, 2, 15, 11, 12, 14, 1, 0,
  0, 5, 14,  1,  1, 14, 6, 0,
  0, 7, 12,  0,  0, 10, 8, 0,
  0, 7, 11,  0,  0, 10, 8, 0,
  0, 5, 13,  0,  1, 13, 6, 0,
  0, 1, 14, 10, 12, 14, 1, 0,
  0, 0,  5, 14, 12,  3, 0, 0,
};
// clang-format on

void print(const char *kind, const stele::TensorInfo &info) {
  std::cout << kind << ' ' << info.name << ' ' << info.dtype_name << ' '
            << stele::shape_text(info.shape) << '\n';
}

void run(const stele::Model &model) {
  const auto *signature = model.signature("serving_default");
  if (signature == nullptr)
    throw std::runtime_error("not the digits model");
  const auto &input = signature->inputs.at(0);
  const auto &output = signature->outputs.at(0);
  std::cout << "signature " << signature->name << '\n';
  print("input", input);
  print("output", output);

  const auto outputs = model.run({{input.name, image, {1, 8, 8, 1}}});
  const auto probabilities = outputs[output.name].as<float>();
  const auto best =
      std::max_element(probabilities.begin(), probabilities.end());
  std::cout << "digit " << best - probabilities.begin() << "\nprobabilities"
            << std::fixed << std::setprecision(6);
  for (const float probability : probabilities)
    std::cout << ' ' << probability;
  std::cout << '\n';

  // Without the batch: refused before TensorFlow sees it.
  try {
    (void)model.run({{input.name, image, {8, 8, 1}}});
  } catch (const stele::Error &error) {
    std::cout << "refused " << name(error.code()) << ": " << error.what()
              << '\n';
  }
}

} // namespace

int main(int argc, char **argv) {
  try {
    run(stele::Model::load(argc > 1 ? argv[1] : "."));
  } catch (const std::exception &error) {
    std::cerr << "digits: " << error.what() << '\n';
    return 1;
  }
}
