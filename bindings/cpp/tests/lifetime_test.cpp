#include "models.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstddef>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <unistd.h>

static_assert(!std::is_copy_constructible_v<stele::Model>);
static_assert(std::is_nothrow_move_constructible_v<stele::Model>);
static_assert(!std::is_copy_constructible_v<stele::Outputs>);
static_assert(std::is_nothrow_move_constructible_v<stele::Outputs>);
static_assert(std::is_base_of_v<std::runtime_error, stele::Error>);

// A view of outputs that are gone at the end of the line does not compile.
template <class T>
concept Indexable = requires(T outputs) {
  std::forward<T>(outputs)["x"];
};
static_assert(Indexable<const stele::Outputs &>);
static_assert(!Indexable<stele::Outputs>);
template <class T>
concept Signed = requires(T model) {
  std::forward<T>(model).signature();
};
static_assert(Signed<const stele::Model &>);
static_assert(!Signed<stele::Model>);

TEST_CASE("a model that is closed, or was moved away, refuses") {
  auto model = stele::Model::load(folder("digits"));
  const std::string refused = "FAILED_PRECONDITION: no model is loaded";
  const auto moved = std::move(model);
  // What is left behind is what this is about.
  // NOLINTBEGIN(bugprone-use-after-move)
  CHECK(refusal([&] { (void)probabilities(model); }) == refused);
  CHECK(model.signatures().empty());
  CHECK(model.signature() == nullptr);
  // NOLINTEND(bugprone-use-after-move)
  CHECK(probabilities(moved).size() == 10);

  auto closed = moved.share();
  closed.close();
  closed.close();
  CHECK(refusal([&] { (void)probabilities(closed); }) == refused);
  CHECK(probabilities(moved).size() == 10);
}

TEST_CASE("outputs outlive the model, and may be moved") {
  const auto image = pixels();
  std::optional<stele::Outputs> kept;
  std::vector<float> expected;
  {
    const auto model = stele::Model::load(folder("digits"));
    expected = probabilities(model);
    kept = model.run({{"image", image, {1, 8, 8, 1}}});
  }
  const auto outputs = std::move(*kept);
  const auto values = outputs["probabilities"].as<float>();
  CHECK(std::vector<float>(values.begin(), values.end()) == expected);
  CHECK(kept->size() == 0);
  CHECK(kept->begin() == kept->end());
}

TEST_CASE("an input may be copied and moved") {
  const auto model = stele::Model::load(folder("dtypes"));
  std::vector<stele::Input> inputs;
  inputs.emplace_back("x", 7);
  const auto copy = inputs;
  const auto moved = std::move(inputs);
  for (const auto &given : {copy, moved}) {
    const auto outputs = model.run(given, "int32");
    CHECK(outputs["same"].as<int>()[0] == 7);
  }
}

TEST_CASE("eight threads get the same bits") {
  const auto model =
      stele::Model::load(folder("digits"), {.profile = "inline"});
  const auto expected = probabilities(model);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; i++)
    threads.emplace_back([&] {
      for (int call = 0; call < 1000; call++)
        wrong += probabilities(model) == expected ? 0 : 1;
    });
  for (auto &thread : threads)
    thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("owners may go away while others run") {
  for (int round = 0; round < 10; round++) {
    auto model = stele::Model::load(folder("digits"), {.profile = "inline"});
    const auto expected = probabilities(model);
    std::atomic<int> wrong = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; i++)
      threads.emplace_back([&wrong, &expected, own = model.share()]() mutable {
        for (int call = 0; call < 5; call++)
          wrong += probabilities(own) == expected ? 0 : 1;
        own.close();
      });
    model.close();
    for (auto &thread : threads)
      thread.join();
    CHECK(wrong == 0);
  }
}

namespace {

/// The bytes of this process that are in memory; none where that is not said.
std::size_t resident() {
  std::ifstream file("/proc/self/statm");
  std::size_t pages = 0;
  file >> pages >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

} // namespace

TEST_CASE("memory stays flat over 10,000 runs") {
  const auto model =
      stele::Model::load(folder("dtypes"), {.profile = "inline"});
  const std::vector<float> values(512, 1.5F);
  const auto run = [&](int calls) {
    for (int call = 0; call < calls; call++) {
      const auto outputs = model.run({{"x", values}}, "fp32");
      REQUIRE(outputs["same"].as<float>().size() == values.size());
    }
  };
  run(2'000);
  const auto before = resident();
  run(10'000);
  // What leaked of each call would come to 20 MB.
  CHECK(resident() < before + (4U << 20U));
}
