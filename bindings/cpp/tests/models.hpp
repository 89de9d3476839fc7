/// The models that tests run, and what an exception said.
#ifndef STELE_TESTS_MODELS_HPP
#define STELE_TESTS_MODELS_HPP

#include <stele.hpp>

#include <functional>
#include <string>
#include <vector>

/// A variable of the environment, which `make test` sets.
std::string variable(const char *name);

/// The folder of a SavedModel of the zoo, such as "digits".
std::string folder(const std::string &model);

/// 64 different pixels of the image that the model digits takes.
std::vector<float> pixels();

/// What the model digits answers to them.
std::vector<float> probabilities(const stele::Model &model);

/// "NOT_FOUND: no such folder": the stele::Error that a call throws; "" if
/// none.
std::string refusal(const std::function<void()> &call);

#endif // STELE_TESTS_MODELS_HPP
