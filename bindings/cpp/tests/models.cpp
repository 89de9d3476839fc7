#include "models.hpp"

#include <cstdlib>
#include <numeric>
#include <stdexcept>

std::string variable(const char *name) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing sets a variable
  const char *value = std::getenv(name);
  if (value == nullptr)
    throw std::runtime_error(std::string(name) + " is not set; run: make test");
  return value;
}

std::string folder(const std::string &model) {
  return variable("STELE_MODELS") + "/" + model + "/saved_model";
}

std::vector<float> pixels() {
  std::vector<float> image(64);
  std::iota(image.begin(), image.end(), 0.0F);
  return image;
}

std::vector<float> probabilities(const stele::Model &model) {
  const auto outputs = model.run({{"image", pixels(), {1, 8, 8, 1}}});
  const auto elements = outputs["probabilities"].as<float>();
  return {elements.begin(), elements.end()};
}

std::string refusal(const std::function<void()> &call) {
  try {
    call();
  } catch (const stele::Error &error) {
    return std::string(name(error.code())) + ": " + error.what();
  }
  return "";
}
