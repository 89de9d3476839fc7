#include "models.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <numeric>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace {

using namespace std::string_literals;

/// What a call of the model digits with these inputs throws.
std::string refusal_of(const stele::Model &model,
                       std::vector<stele::Input> inputs,
                       const std::string &signature = "serving_default") {
  return refusal([&] { (void)model.run(inputs, signature); });
}

} // namespace

TEST_CASE("a run answers") {
  const auto model = stele::Model::load(folder("digits"));
  const auto outputs = model.run({{"image", pixels(), {1, 8, 8, 1}}});
  REQUIRE(outputs.size() == 1);
  const auto output = outputs[0];
  CHECK(output.name() == "probabilities");
  CHECK(output.dtype() == stele::DType::fp32);
  CHECK(stele::Shape(output.shape().begin(), output.shape().end()) ==
        stele::Shape{1, 10});
  const auto values = output.as<float>();
  CHECK(values.size() == 10);
  CHECK(std::accumulate(values.begin(), values.end(), 0.0F) ==
        doctest::Approx(1));
  int seen = 0;
  for (const stele::Output each : outputs)
    seen += each.name() == output.name() ? 1 : 0;
  CHECK(seen == 1);
}

TEST_CASE("an output that is not there, or of another dtype") {
  const auto model = stele::Model::load(folder("digits"));
  const auto outputs = model.run({{"image", pixels(), {1, 8, 8, 1}}});
  CHECK_FALSE(outputs.find("logits"));
  CHECK(refusal([&] { (void)outputs["logits"]; }) ==
        "NOT_FOUND: no output \"logits\"; there are \"probabilities\"");
  CHECK(refusal([&] { (void)outputs[1]; }) ==
        "OUT_OF_RANGE: no output 1; there are 1");
  const std::string message =
      "INVALID_ARGUMENT: output \"probabilities\" has dtype FP32, "
      "expected ";
  CHECK(refusal([&] { (void)outputs[0].as<double>(); }) == message + "FP64"s);
  CHECK(refusal([&] { (void)outputs[0].as<std::string_view>(); }) ==
        message + "BYTES"s);
}

TEST_CASE("signatures are the model's") {
  const auto model = stele::Model::load(folder("digits"));
  const auto &signatures = model.signatures();
  REQUIRE(signatures.size() == 2);
  CHECK(signatures[0].name == "serve");
  const auto *signature = model.signature();
  REQUIRE(signature != nullptr);
  CHECK(signature->name == "serving_default");
  const auto &input = signature->inputs.at(0);
  CHECK(input.name == "image");
  CHECK(input.dtype == stele::DType::fp32);
  CHECK(input.dtype_name == "FP32");
  CHECK(input.shape == stele::Shape{-1, 8, 8, 1});
  CHECK_FALSE(input.has_default);
  CHECK(stele::shape_text(input.shape) == "[?,8,8,1]");
  CHECK(model.signature("no") == nullptr);

  const auto dtypes = stele::Model::load(folder("dtypes"));
  const auto &unknown = dtypes.signature("fp32")->inputs.at(0);
  CHECK_FALSE(unknown.shape);
  CHECK(stele::shape_text(unknown.shape) == "?");
  CHECK(stele::shape_text(stele::Shape{}) == "[]");
  const stele::Shape long_shape(254, 1234567890123456789);
  CHECK(stele::shape_text(long_shape).ends_with(",1234567890123456789]"));
}

TEST_CASE("wrong inputs are refused") {
  const auto model = stele::Model::load(folder("digits"));
  const auto image = pixels();
  const stele::Shape shape = {1, 8, 8, 1};
  CHECK(refusal_of(model, {}) ==
        "INVALID_ARGUMENT: input \"image\" of signature "
        "\"serving_default\" is missing");
  CHECK(refusal_of(model, {{"image", image, shape}, {"b", 1.0F}}) ==
        "INVALID_ARGUMENT: no input \"b\"; signature \"serving_default\" has "
        "\"image\"");
  CHECK(refusal_of(model, {{"image", image, shape}, {"image", image, shape}}) ==
        "INVALID_ARGUMENT: input \"image\" is given twice");
  CHECK(refusal_of(model, {{"image", std::vector<int>(64), shape}}) ==
        "INVALID_ARGUMENT: input \"image\" has dtype INT32, expected FP32");
  CHECK(refusal_of(model, {{"image", image}}) ==
        "INVALID_ARGUMENT: input \"image\" has shape [64], expected [?,8,8,1]");
  CHECK(refusal_of(model, {{"image", 1.0F}}) ==
        "INVALID_ARGUMENT: input \"image\" has shape [], expected [?,8,8,1]");
  CHECK(refusal_of(model, {{"image", "a string"}}) ==
        "INVALID_ARGUMENT: input \"image\" has dtype BYTES, expected FP32");
  CHECK(refusal_of(model, {{"image", image, shape}}, "predict") ==
        "NOT_FOUND: no signature \"predict\"; this model has \"serve\", "
        "\"serving_default\"");
  // More than have room on the stack.
  std::vector<stele::Input> many;
  for (int i = 0; i < 40; i++)
    many.emplace_back("input " + std::to_string(i), i);
  CHECK(refusal_of(model, many) == "INVALID_ARGUMENT: no input \"input 0\"; "
                                   "signature \"serving_default\" has "
                                   "\"image\"");
}

TEST_CASE("elements and shape must agree") {
  const auto model = stele::Model::load(folder("digits"));
  const auto image = pixels();
  for (const stele::Shape &shape : {stele::Shape{1, 8, 8, 2},
                                    {-1, 8, 8, 1},
                                    {1L << 40, 1L << 40},
                                    stele::Shape(255, 1)}) {
    CAPTURE(stele::shape_text(shape));
    CHECK(refusal_of(model, {{"image", image, shape}})
              .starts_with("INVALID_ARGUMENT: "));
  }
}

TEST_CASE("sizes beyond 32 bits are neither cut nor too many") {
  constexpr std::size_t size = (1ULL << 32U) + 256;
  // Zeros that nobody looks at are never there.
  const std::unique_ptr<void, decltype(&std::free)> memory(std::calloc(size, 1),
                                                           std::free);
  REQUIRE(memory);
  const std::span bytes(static_cast<const std::uint8_t *>(memory.get()), size);
  const auto digits = stele::Model::load(folder("digits"));
  CHECK(refusal_of(digits, {{"image", bytes}}) ==
        "INVALID_ARGUMENT: input \"image\" has dtype UINT8, expected FP32");
  const std::span floats(static_cast<const float *>(memory.get()), size / 4);
  CHECK(refusal_of(digits, {{"image", floats, {(1L << 24) + 1, 8, 8}}})
            .starts_with("INVALID_ARGUMENT: input \"image\" has shape "
                         "[16777217,8,8]"));
}

TEST_CASE("more than memory can hold is refused") {
  const auto dtypes = stele::Model::load(folder("dtypes"));
  // Never looked at: there is no memory that it could be copied to.
  const float first = 0;
  const std::span<const float> endless(&first, std::size_t{1} << 50U);
  CHECK(refusal_of(dtypes, {{"x", endless}}, "fp32") ==
        "RESOURCE_EXHAUSTED: out of memory");
}

TEST_CASE("nothing at all is a tensor, too") {
  const auto model = stele::Model::load(folder("dtypes"));
  const std::vector<float> none;
  const auto outputs = model.run({{"x", none, {2, 0}}}, "fp32");
  CHECK(outputs["same"].as<float>().empty());
  CHECK(outputs["same"].shape().size() == 2);
  const auto strings =
      model.run({{"x", std::vector<std::string>(), {0}}}, "bytes");
  CHECK(strings["same"].as<std::string_view>().empty());
}

TEST_CASE("whatever lies in a row is an input") {
  const auto model = stele::Model::load(folder("dtypes"));
  const std::array<int, 2> array = {3, 4};
  const int plain[] = {3, 4};
  std::vector<int> vector = {3, 4};
  for (const auto &input :
       {stele::Input("x", array), stele::Input("x", plain),
        stele::Input("x", vector), stele::Input("x", std::span(vector)),
        stele::Input("x", std::span(array))}) {
    const auto outputs = model.run({&input, 1}, "int32");
    CHECK(outputs["same"].as<int>()[1] == 4);
  }
  const std::array<bool, 2> flags = {true, false};
  const auto outputs = model.run({{"x", flags}}, "bool");
  CHECK(outputs["same"].as<bool>()[0]);
  static_assert(!std::is_constructible_v<stele::Input, const char *,
                                         std::vector<bool>, stele::Shape>);
  static_assert(!std::is_constructible_v<stele::Input, const char *,
                                         std::string, stele::Shape>);
}

TEST_CASE("a name or path with a NUL is refused") {
  const auto model = stele::Model::load(folder("digits"));
  const auto refused = [](const std::string &text) {
    return "INVALID_ARGUMENT: a name or path holds a NUL: \"" + text + "\"";
  };
  const auto load = [](const std::string &dir, const stele::Options &options) {
    return refusal([&] { (void)stele::Model::load(dir, options); });
  };
  CHECK(refusal([] { (void)stele::Input("image\0y"s, 1); }) ==
        refused("image\\0y"));
  CHECK(refusal([] { (void)stele::Input("\0"s, "text"); }) == refused("\\0"));
  CHECK(refusal_of(model, {}, "a\0b\0"s) == refused("a\\0b\\0"));
  CHECK(model.signature("serving_default\0"s) == nullptr);
  CHECK(load(folder("digits") + "\0"s, {}) ==
        refused(folder("digits") + "\\0"));
  CHECK(load(folder("digits"), {.tags = {"serve\0"s}}) == refused("serve\\0"));
  CHECK(load(folder("digits"), {.profile = "\0"s}) == refused("\\0"));
  CHECK(load(folder("digits"), {.libtensorflow = "\0"s}) == refused("\\0"));
}

TEST_CASE("loading") {
  const auto load = [](const std::string &dir, const stele::Options &options) {
    return refusal([&] { (void)stele::Model::load(dir, options); });
  };
  const auto digits = folder("digits");
  CHECK(load("no/such", {}) ==
        "NOT_FOUND: no SavedModel at \"no/such\": no such folder");
  CHECK(load(digits, {.profile = "fast"})
            .starts_with("INVALID_ARGUMENT: no profile"));
  CHECK(load(digits, {.profile = ""})
            .starts_with("INVALID_ARGUMENT: no profile"));
  CHECK(load(digits, {.config = "\xff"}).starts_with("INVALID_ARGUMENT: "));
  CHECK(load(digits, {.profile = "inline", .config = ""})
            .starts_with("INVALID_ARGUMENT: "));
  CHECK(load(digits, {.tags = {"serve", "gpu"}}).starts_with("NOT_FOUND: "));
  CHECK(load(digits, {.tags = {}}).starts_with("NOT_FOUND: "));

  const auto expected = probabilities(stele::Model::load(digits));
  for (const char *profile : {"default", "inline", "single"})
    CHECK(probabilities(stele::Model::load(digits, {.profile = profile})) ==
          expected);
  CHECK(probabilities(stele::Model::load(digits, {.config = ""})) == expected);
  CHECK(probabilities(stele::Model::load(std::filesystem::path(digits))) ==
        expected);
  CHECK(std::isdigit(stele::tensorflow_version().at(0)) != 0);
}
